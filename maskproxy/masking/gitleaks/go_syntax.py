r"""Reads Go's regex syntax (RE2) into a tree. What it means in a stream is for others to decide.

A tree is made of the grammar's byte sets and of what the grammar lacks: captures, assertions, lazy loops. Look-around
and back-references are not part of that syntax, and are refused as Go refuses them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn

from maskproxy.errors import RuleRefused
from maskproxy.masking.gitleaks import go_classes as classes
from maskproxy.masking.grammar import ALL_BYTES, Bytes, of, span

_DEPTH_LIMIT = 60
_REPEAT_LIMIT = 1000
PATTERN_LIMIT = 20_000
_CONTROL = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_ASSERTIONS: dict[str, Kind] = {"A": "begin", "z": "end", "b": "word", "B": "inside"}
Kind = Literal["begin", "end", "line-begin", "line-end", "word", "inside"]


@dataclass(frozen=True, slots=True)
class Cat:
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Alt:
    options: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    item: Tree
    least: int
    most: int | None
    lazy: bool


@dataclass(frozen=True, slots=True)
class Capture:
    number: int
    item: Tree


@dataclass(frozen=True, slots=True)
class Assertion:
    """What takes no character."""

    kind: Kind


Tree = Bytes | Cat | Alt | Loop | Capture | Assertion
NOTHING = Cat(())


def read(pattern: str) -> tuple[Tree, int]:
    """Read a regex; give its tree and how many captures it has. Raises RuleRefused without the rule's name."""
    return _Reader(pattern).read()


def refuse(reason: str) -> NoReturn:
    raise RuleRefused(reason)


class _Reader:
    def __init__(self, pattern: str) -> None:
        if len(pattern) > PATTERN_LIMIT:
            refuse(f"the regex is longer than {PATTERN_LIMIT} characters; make several rules of it")
        self._text = pattern
        self._at = 0
        self._depth = 0
        self._captures = 0
        self._flags: frozenset[str] = frozenset()

    def read(self) -> tuple[Tree, int]:
        tree = self._alternatives()
        if self._at < len(self._text):
            refuse("a parenthesis is closed that was not opened")
        return tree, self._captures

    def _take(self, text: str) -> bool:
        if self._text.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        if self._at >= len(self._text):
            refuse("the regex ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _until(self, end: str) -> str:
        inside, found, _ = self._text[self._at :].partition(end)
        if not found:
            refuse(f"{end} is missing")
        self._at += len(inside) + len(end)
        return inside

    def _alternatives(self) -> Tree:
        self._depth += 1
        if self._depth > _DEPTH_LIMIT:
            refuse("the regex is nested too deep")
        flags = self._flags
        options = [self._cat()]
        while self._take("|"):
            options.append(self._cat())
        self._flags = flags
        self._depth -= 1
        return options[0] if len(options) == 1 else Alt(tuple(options))

    def _cat(self) -> Tree:
        items: list[Tree] = []
        while self._at < len(self._text) and self._peek() not in "|)":
            if self._take("\\Q"):
                items += [self._literal(c) for c in self._until_quote_ends()]
                continue
            atom = self._atom()
            if atom is not None:
                items.append(self._repeated(atom))
        return items[0] if len(items) == 1 else Cat(tuple(items))

    def _until_quote_ends(self) -> str:
        inside, _, _ = self._text[self._at :].partition("\\E")
        self._at = min(len(self._text), self._at + len(inside) + 2)
        return inside

    def _atom(self) -> Tree | None:
        """Give the next atom; None for flags, which stand for nothing."""
        character = self._next()
        if character == "(":
            return self._group()
        if character == "[":
            return Bytes(self._class())
        if character == ".":
            return Bytes(ALL_BYTES if "s" in self._flags else ALL_BYTES & ~of(b"\n"))
        if character == "^":
            return Assertion("line-begin" if "m" in self._flags else "begin")
        if character == "$":
            return Assertion("line-end" if "m" in self._flags else "end")
        if character in "*+?":
            refuse("a quantifier stands without anything to repeat")
        if character == "\\":
            if self._peek() in _ASSERTIONS:
                return Assertion(_ASSERTIONS[self._next()])
            value = self._escape()
            return self._literal(value) if isinstance(value, str) else Bytes(value)
        return self._literal(character)

    def _literal(self, character: str) -> Tree:
        if ord(character) > 0x7F:
            return Cat(tuple(Bytes(1 << byte) for byte in character.encode("utf-8", "replace")))
        members = 1 << ord(character)
        return Bytes(classes.folded(members) if "i" in self._flags else members)

    def _group(self) -> Tree | None:
        if not self._take("?"):
            return self._captured()
        if self._take("P<") or (self._peek() == "<" and self._text[self._at + 1 : self._at + 2] not in ("=", "!")):
            self._take("<")
            self._until(">")
            return self._captured()
        outer = self._flags
        if self._set_flags() == ")":
            return None
        inner = self._alternatives()
        self._flags = outer
        return self._closed(inner)

    def _captured(self) -> Tree:
        self._captures += 1
        number = self._captures
        return Capture(number, self._closed(self._alternatives()))

    def _closed(self, inner: Tree) -> Tree:
        if not self._take(")"):
            refuse("a group is not closed")
        return inner

    def _set_flags(self) -> str:
        """Read `i-s:` or `i)`; give what ended it."""
        on = True
        while True:
            flag = self._next()
            if flag in ":)":
                return flag
            if flag == "-" and on:
                on = False
            elif flag in "imsU":
                self._flags = self._flags | {flag} if on else self._flags - {flag}
            else:
                refuse("look-around and other groups of that kind are not part of Go's regex syntax")

    def _escape(self) -> int | str:
        """Read what follows a backslash: a set, or one character."""
        character = self._next()
        if character.lower() in classes.PERL:
            members = classes.PERL[character.lower()]
            return members if character.islower() else classes.negated(members)
        if character in "pP":
            name = self._until("}") if self._take("{") else self._next()
            taken = classes.unicode_class(name.removeprefix("^"))
            if taken is None:
                refuse(f"\\{character} names no class of characters")
            return taken if (character == "p") != name.startswith("^") else classes.negated(taken)
        if character in _CONTROL:
            return chr(_CONTROL[character])
        if character == "x":
            return self._code(self._until("}") if self._take("{") else self._next() + self._next(), 16)
        if character in "01234567":
            if character != "0" and not (self._peek() and self._peek() in "01234567"):
                refuse("back-references are not part of Go's regex syntax")
            digits = character
            while len(digits) < 3 and self._peek() and self._peek() in "01234567":
                digits += self._next()
            return self._code(digits, 8)
        if character.isascii() and character.isalnum():
            refuse(f"\\{character} is not part of Go's regex syntax")
        return character

    def _code(self, digits: str, base: int) -> str:
        try:
            return chr(int(digits, base))
        except (ValueError, OverflowError):
            refuse("a character's number cannot be read")

    def _class(self) -> int:
        inverse = self._take("^")
        members, first = 0, True
        while first or self._peek() != "]":
            first = False
            members |= self._class_item()
        self._at += 1
        if "i" in self._flags:
            members = classes.folded(members)
        if inverse:
            members = classes.negated(members)
        if not members:
            refuse("a class takes no character at all")
        return members

    def _class_item(self) -> int:
        if self._text.startswith("[:", self._at) and ":]" in self._text[self._at : self._at + 14]:
            self._at += 2
            name = self._until(":]")
            taken = classes.POSIX.get(name.removeprefix("^"))
            if taken is None:
                refuse("a class in [: :] has a name that is not known")
            return classes.negated(taken) if name.startswith("^") else taken
        low = self._class_member()
        if isinstance(low, int):
            return low
        high: int | str = low
        if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
            self._at += 1
            high = self._class_member()
        if isinstance(high, int) or ord(high) < ord(low):
            refuse("a range in a class is upside down or has no ends")
        ascii_part = span(ord(low), min(ord(high), 0x7F)) if ord(low) <= 0x7F else 0
        return ascii_part | (classes.BEYOND if ord(high) > 0x7F else 0)

    def _class_member(self) -> int | str:
        character = self._next()
        return self._escape() if character == "\\" else character

    def _repeated(self, item: Tree) -> Tree:
        bounds = self._bounds()
        if bounds is None:
            return item
        least, most = bounds
        if least > _REPEAT_LIMIT or (most is not None and (most > _REPEAT_LIMIT or most < least)):
            refuse(f"a repetition is over {_REPEAT_LIMIT}, or upside down")
        lazy = self._take("?") != ("U" in self._flags)
        if self._bounds() is not None:
            refuse("a quantifier follows a quantifier")
        return item if bounds == (1, 1) else Loop(item, least, most, lazy)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        if self._peek() != "{":
            return None
        inside, closed, _ = self._text[self._at + 1 : self._at + 14].partition("}")
        low, comma, high = inside.partition(",")
        if not closed or not (low.isascii() and low.isdigit()) or (high and not (high.isascii() and high.isdigit())):
            return None  # a brace that is meant literally
        self._at += len(inside) + 2
        if not comma:
            return int(low), int(low)
        return int(low), int(high) if high else None
