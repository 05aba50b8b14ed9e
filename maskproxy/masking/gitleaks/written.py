r"""Grammar nodes written as a pattern that people can read and `masking.syntax` reads back to the same."""

from __future__ import annotations

from dataclasses import dataclass

from maskproxy.masking.grammar import (
    ALL_BYTES,
    ANYTHING,
    AT_EDGE,
    EMPTY,
    Bytes,
    Choice,
    Node,
    Repeat,
    Series,
    listed,
    of,
    span,
)
from maskproxy.masking.syntax import DIGIT, LOWER, REPEAT_LIMIT, SPACE, UPPER, WORD

_LETTERS = UPPER | LOWER
_NAMED = ((WORD, "\\w"), (SPACE, "\\s"), (DIGIT, "\\d"))
_CONTROL = {9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
_HIGH = span(0x80, 0xFF)


@dataclass(frozen=True, slots=True)
class Part:
    """A pattern in its parts; `left` and `right` are the permitted neighbours."""

    left: int
    before: Node
    secret: Node
    after: Node
    right: int

    def pattern(self) -> str:
        """Write it out."""
        edges = _neighbour(self.left, "(?<!", "(?<=", "\\A"), _neighbour(self.right, "(?!", "(?=", "\\Z")
        if self.before == self.after == EMPTY:
            return f"{edges[0]}{item(self.secret)}{edges[1]}"
        return f"{edges[0]}{item(self.before)}(?P<secret>{node(self.secret)}){item(self.after)}{edges[1]}"


def node(part: Node) -> str:
    """Write a node."""
    if isinstance(part, Bytes):
        return _class(part.members)
    if isinstance(part, Series):
        return _series(part)
    if isinstance(part, Choice):
        return "|".join(node(option) for option in part.options)
    inner = node(part.item)
    if not isinstance(part.item, Bytes):
        inner = f"(?:{inner})"
    bounds = (part.least, part.most)
    if part.most is not None and part.most > REPEAT_LIMIT:
        rest = Repeat(part.item, max(0, part.least - REPEAT_LIMIT), part.most - REPEAT_LIMIT)
        return node(Repeat(part.item, min(part.least, REPEAT_LIMIT), REPEAT_LIMIT)) + node(rest)
    if bounds == (1, 1):
        return inner
    for sign, meant in (("?", (0, 1)), ("*", (0, None)), ("+", (1, None))):
        if bounds == meant:
            return inner + sign
    if part.least == part.most:
        return f"{inner}{{{part.least}}}"
    return f"{inner}{{{part.least},{'' if part.most is None else part.most}}}"


def item(part: Node) -> str:
    """Write a node as part of a series."""
    return f"(?:{node(part)})" if isinstance(part, Choice) else node(part)


def _series(part: Series) -> str:
    """Write words in either case as `(?i:word)`."""
    text, word = "", ""
    plain = True
    for one in (*part.items, None):
        letter = _either_case(one) if isinstance(one, Bytes) else None
        if letter is not None:
            word, plain = word + letter, False
            continue
        if isinstance(one, Bytes) and one.members.bit_count() == 1 and word and not one.members & _LETTERS:
            word += _class(one.members)
            continue
        text += word if plain else f"(?i:{word})" if word else ""
        word, plain = "", True
        text += "" if one is None else item(one)
    return text


def _either_case(letter: Bytes) -> str | None:
    found = listed(letter.members)
    if len(found) == 2 and found[1] - found[0] == 32 and 1 << found[0] & UPPER:
        return chr(found[1])
    return None


def _neighbour(permitted: int, unlike: str, like: str, edge: str) -> str:
    if permitted == ANYTHING:
        return ""
    if permitted == AT_EDGE:
        return edge
    bytes_ = permitted & ALL_BYTES
    if not permitted & AT_EDGE:
        return f"{like}{_class(bytes_)})"
    if edge == "\\Z" and bytes_.bit_count() < 100:
        return f"{like}{_class(bytes_)}|\\Z)"
    return f"{unlike}{_class(ALL_BYTES & ~bytes_)})"


def _class(members: int) -> str:
    if members == ALL_BYTES & ~of(b"\n"):
        return "."
    if members == ALL_BYTES:
        return "[\\x00-\\xff]"
    for known, name in _NAMED:
        if members == known:
            return name
        if members == ALL_BYTES & ~known:
            return name.upper()
    found = listed(members)
    if len(found) == 1:
        return _byte(found[0], in_class=False)
    if members & _HIGH == _HIGH and members.bit_count() > 160:
        return f"[^{_members(ALL_BYTES & ~members)}]"
    return f"[{_members(members)}]"


def _members(members: int) -> str:
    text = ""
    for known, name in _NAMED:
        if members & known == known:
            text, members = text + name, members & ~known
    runs: list[list[int]] = []
    for byte in listed(members):
        if runs and runs[-1][1] == byte - 1:
            runs[-1][1] = byte
        else:
            runs.append([byte, byte])
    for first, last in runs:
        if last - first > 1:
            text += f"{_byte(first, in_class=True)}-{_byte(last, in_class=True)}"
        else:
            text += "".join(_byte(byte, in_class=True) for byte in range(first, last + 1))
    return text


def _byte(byte: int, *, in_class: bool) -> str:
    character = chr(byte)
    if byte in _CONTROL:
        return _CONTROL[byte]
    if byte < 0x20 or byte > 0x7E:
        return f"\\x{byte:02x}"
    if character in ("\\]^-[" if in_class else "\\.[](){}*+?|^$"):
        return f"\\{character}"
    return character
