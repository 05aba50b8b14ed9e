r"""Reads the part of the regex language that can be made safe for a stream; refuses the rest with the reason.

Taken: literals, escapes, classes, groups, alternation, bounded repetition, `(?i)`, one `(?P<secret>...)` at the top
level; at the edges `\b`, `\A`, `\Z` and look-around of one byte; at the end one class without bound, perhaps with an
optional terminator after it. Patterns work on bytes; `\d \w \s \b` mean ASCII; a negated class takes every byte
of a character outside ASCII.
"""

from __future__ import annotations

from typing import NoReturn

from maskproxy.errors import RuleRefused
from maskproxy.masking.grammar import (
    ALL_BYTES,
    ANYTHING,
    AT_EDGE,
    EMPTY,
    Bytes,
    Node,
    Repeat,
    Series,
    choice,
    of,
    series,
    span,
    width,
)

DIGIT = span(0x30, 0x39)
UPPER = span(0x41, 0x5A)
LOWER = span(0x61, 0x7A)
WORD = DIGIT | UPPER | LOWER | of(b"_")
SPACE = of(b" \t\n\r\f\v")
_NAMED = {"d": DIGIT, "w": WORD, "s": SPACE}
_CONTROL = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_QUANTIFIERS = frozenset("?*+{")
REPEAT_LIMIT = 1000
_DEPTH_LIMIT = 40
_PATTERN_LIMIT = 10_000


class Parsed:
    """A pattern read: edges, the part before the secret, the secret, the part after."""

    __slots__ = ("after", "before", "left", "right", "secret")

    def __init__(self, left: int, before: Node, secret: Node, after: Node, right: int) -> None:
        self.left = left
        self.before = before
        self.secret = secret
        self.after = after
        self.right = right


def parse(pattern: str) -> Parsed:
    """Read a rule's pattern. Raises RuleRefused; the caller adds the rule's name."""
    return _Parser(pattern).parse()


def refuse(reason: str) -> NoReturn:
    """Refuse with a reason; the caller adds the rule's name."""
    raise RuleRefused(reason)


class _Parser:
    def __init__(self, pattern: str) -> None:
        if len(pattern) > _PATTERN_LIMIT:
            refuse("the pattern is too long")
        self._text = pattern
        self._at = 0
        self._depth = 0
        self._caseless = False
        self._secret: Node | None = None
        self._secret_index = -1

    def parse(self) -> Parsed:
        if self._take("(?i)"):
            self._caseless = True
        left_marks = self._edges("\\A", ("(?<!", "(?<="))
        items = self._series(top=True)
        right_marks = self._edges("\\Z", ("(?!", "(?="))
        if self._at < len(self._text):
            if right_marks:
                refuse("\\b and look-around are taken at the edges of the pattern only")
            refuse(f"{self._text[self._at : self._at + 4]!r} is not understood at character {self._at + 1}")
        before: Node
        after: Node
        if self._secret is None:
            before, secret, after = EMPTY, series(items), EMPTY
        else:
            cut = self._secret_index
            before, secret, after = series(items[:cut]), items[cut], series(items[cut + 1 :])
        whole = series((before, secret, after))
        if width(secret)[0] == 0:
            refuse("the secret may be empty")
        left = _neighbours(left_marks, first_bytes(whole))
        right = _neighbours(right_marks, last_bytes(whole))
        return Parsed(left, before, secret, after, right)

    def _take(self, text: str) -> bool:
        if self._text.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        if self._at >= len(self._text):
            refuse("the pattern ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _edges(self, edge: str, openings: tuple[str, str]) -> list[int | None]:
        marks: list[int | None] = []
        while True:
            if self._take("\\b"):
                marks.append(None)
            elif self._take(edge):
                marks.append(AT_EDGE)
            elif self._take(openings[0]):
                marks.append(ANYTHING & ~self._one_byte())
            elif self._take(openings[1]):
                marks.append(self._one_byte())
            else:
                return marks

    def _one_byte(self) -> int:
        """Read the inside of a look-around: alternatives of one byte each, or the text's edge."""
        members = 0
        while True:
            if self._take("\\Z"):
                members |= AT_EDGE
            else:
                node = self._atom()
                if not isinstance(node, Bytes):
                    refuse("look-around must be of one byte")
                members |= node.members
            if self._take(")"):
                return members
            if not self._take("|"):
                refuse("look-around must be of one byte")

    def _alternatives(self) -> Node:
        self._depth += 1
        if self._depth > _DEPTH_LIMIT:
            refuse("the pattern is nested too deep")
        options = [series(self._series(top=False))]
        while self._take("|"):
            options.append(series(self._series(top=False)))
        self._depth -= 1
        return choice(options)

    def _series(self, *, top: bool) -> list[Node]:
        items: list[Node] = []
        while self._at < len(self._text) and self._peek() not in "|)":
            if top and self._text.startswith(("\\b", "\\Z", "(?!", "(?="), self._at):
                break
            if top and self._take("(?P<secret>"):
                if self._secret is not None:
                    refuse("there is more than one secret group")
                self._secret = self._group()
                self._secret_index = len(items)
                items.append(self._secret)
                continue
            items.append(self._repeated(self._atom()))
        if top and self._peek() == "|":
            refuse("alternation at the top level needs a group around it")
        return items

    def _group(self) -> Node:
        inner = self._alternatives()
        if not self._take(")"):
            refuse("a group is not closed")
        return inner

    def _atom(self) -> Node:
        if self._peek().isalnum():  # as most are
            return self._plain(self._next())
        if self._take("(?i:"):
            outer, self._caseless = self._caseless, True
            inner = self._group()
            self._caseless = outer
            return inner
        if self._take("(?:"):
            return self._group()
        character = self._next()
        if character == "(":
            if self._peek() == "?":
                refuse("only (?:...), (?i:...), one top-level (?P<secret>...) and look-around at the edges are taken")
            return self._group()
        if character == "[":
            return Bytes(self._class())
        if character == ".":
            return Bytes(ALL_BYTES & ~of(b"\n"))
        if character == "\\":
            return self._cased(self._escape(in_class=False))
        if character in "*+?{":
            refuse("a quantifier stands without anything to repeat")
        if character in "^$":
            refuse("anchors have no meaning in a stream")
        return self._plain(character)

    def _plain(self, character: str) -> Node:
        """Give a character that means itself."""
        if ord(character) > 0x7F:
            return Series(tuple(Bytes(1 << byte) for byte in character.encode()))
        return self._cased(1 << ord(character))

    def _cased(self, members: int) -> Bytes:
        if self._caseless:
            members |= (members & UPPER) << 32 | (members & LOWER) >> 32
        return Bytes(members)

    def _escape(self, *, in_class: bool) -> int:
        character = self._next()
        if character.lower() in _NAMED:
            members = _NAMED[character.lower()]
            return members if character in _NAMED else ALL_BYTES & ~members
        if character in _CONTROL:
            return 1 << _CONTROL[character]
        if character == "x":
            digits = self._next() + self._next()
            try:
                return 1 << int(digits, 16)
            except ValueError:
                refuse("\\x needs two hexadecimal digits")
        if character in "bBAZzG" and not in_class:
            refuse("\\b and look-around are taken at the edges of the pattern only")
        if character.isascii() and character.isalnum():
            refuse(f"\\{character} is not supported: back-references and the like cannot be made safe")
        if ord(character) > 0x7F:
            refuse("a character outside ASCII needs no backslash")
        return 1 << ord(character)

    def _class(self) -> int:
        negated = self._take("^")
        members, first = 0, True
        while first or self._peek() != "]":
            first = False
            low = self._class_member()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                high = self._class_member()
                ends = (low.bit_length() - 1, high.bit_length() - 1)
                if low.bit_count() != 1 or high.bit_count() != 1 or ends[0] > ends[1]:
                    refuse("a range in a class is upside down or has no ends")
                low = span(*ends)
            members |= low
        self._at += 1
        members = self._cased(members).members
        return ALL_BYTES & ~members if negated else members

    def _class_member(self) -> int:
        character = self._next()
        if character == "\\":
            return self._escape(in_class=True)
        if ord(character) > 0x7F:
            refuse("a class cannot hold a character outside ASCII")
        return 1 << ord(character)

    def _repeated(self, item: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return item
        if self._peek() in ("?", "+"):
            refuse("lazy and possessive quantifiers lose their meaning in a stream")
        if self._bounds() is not None:
            refuse("a quantifier follows a quantifier")
        least, most = bounds
        if least > REPEAT_LIMIT or (most is not None and (most > REPEAT_LIMIT or most < max(least, 1))):
            refuse(f"a repetition must be between 1 and {REPEAT_LIMIT}")
        return item if bounds == (1, 1) else Repeat(item, least, most)

    def _bounds(self) -> tuple[int, int | None] | None:
        if self._peek() not in _QUANTIFIERS:
            return None
        if self._take("?"):
            return 0, 1
        if self._take("*"):
            return 0, None
        if self._take("+"):
            return 1, None
        self._at += 1
        inside, closed, _ = self._text[self._at :].partition("}")
        low, comma, high = inside.partition(",")
        if not closed or not low.isdecimal() or (high and not high.isdecimal()):
            refuse("a brace that is meant literally needs a backslash")
        self._at += len(inside) + 1
        if not comma:
            return int(low), int(low)
        return int(low), int(high) if high else None


def first_bytes(node: Node) -> int:
    """Give the bytes a word may begin with; of a nullable node, those of its non-empty words."""
    if isinstance(node, Bytes):
        return node.members
    if isinstance(node, Repeat):
        return first_bytes(node.item)
    members = 0
    for child in node.items if isinstance(node, Series) else node.options:
        members |= first_bytes(child)
        if isinstance(node, Series) and width(child)[0] > 0:
            break
    return members


def last_bytes(node: Node) -> int:
    """Give the bytes a word may end with."""
    if isinstance(node, Bytes):
        return node.members
    if isinstance(node, Repeat):
        return last_bytes(node.item)
    members = 0
    for child in reversed(node.items) if isinstance(node, Series) else node.options:
        members |= last_bytes(child)
        if isinstance(node, Series) and width(child)[0] > 0:
            break
    return members


def _neighbours(marks: list[int | None], inside: int) -> int:
    allowed = ANYTHING
    for mark in marks:
        allowed &= _beyond_word(inside) if mark is None else mark
    return allowed


def _beyond_word(inside: int) -> int:
    if inside & ~WORD == 0:
        return ANYTHING & ~WORD
    if inside & WORD == 0:
        return WORD
    refuse("\\b needs a neighbour that is always, or never, a word character")
