"""A rule's regex as a tree over bytes, and what can be read off the tree: widths, the form Hyperscan takes.

The tree has four kinds of node. A set of bytes is an integer with bit `b` set for byte `b`, which makes union,
intersection and complement one operation each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

ALL_BYTES = (1 << 256) - 1
AT_EDGE = 1 << 256
"""In an `Edge`: the neighbour may also be the beginning or the end of the text."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """One byte out of a set."""

    members: int


@dataclass(frozen=True, slots=True)
class Series:
    """One after the other; empty: the empty word."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Between `least` and `most` times; `most` None: without bound."""

    item: Node
    least: int
    most: int | None


Node = Bytes | Series | Choice | Repeat
EMPTY = Series(())


@dataclass(frozen=True, slots=True)
class Tail:
    """What may follow the core of a match: more bytes of one class, then perhaps a terminator.

    A match then reaches as far as the class does, or `most` bytes, whichever is less. `end` is the armour's last line.
    """

    members: int
    most: int | None
    end: Node | None


@dataclass(frozen=True, slots=True)
class Shape:
    """A rule's pattern, taken apart.

    A match is left-neighbour, `before`, `secret`, `after`, `tail`, right-neighbour; what is masked is `secret` with
    the tail (a rule with a tail has no `after`). `left` and `right` are the sets of permitted neighbours.
    """

    left: int
    before: Node
    secret: Node
    after: Node
    tail: Tail | None
    right: int

    @property
    def core(self) -> Node:
        """The bounded part, which an end is looked for."""
        return series((self.before, self.secret, self.after))


ANYTHING = ALL_BYTES | AT_EDGE


def of(data: Iterable[int]) -> int:
    """Give the set of these bytes."""
    members = 0
    for byte in data:
        members |= 1 << byte
    return members


def span(first: int, last: int) -> int:
    """Give the set of the bytes from first to last."""
    return (1 << (last + 1)) - (1 << first)


@lru_cache(maxsize=4096)
def listed(members: int) -> tuple[int, ...]:
    """Give a set's bytes in order."""
    return tuple(byte for byte in range(256) if members >> byte & 1)


def series(items: Iterable[Node]) -> Node:
    """Join nodes, flat and without empty ones."""
    flat: list[Node] = []
    for item in items:
        flat.extend(item.items if isinstance(item, Series) else (item,))
    return flat[0] if len(flat) == 1 else Series(tuple(flat))


def choice(options: Iterable[Node]) -> Node:
    """Choose between nodes, flat; single bytes become one set."""
    members = 0
    others: list[Node] = []
    flat = (one for option in options for one in (option.options if isinstance(option, Choice) else (option,)))
    for option in flat:
        if isinstance(option, Bytes):
            members |= option.members
        elif option not in others:
            others.append(option)
    if members:
        others.insert(0, Bytes(members))
    return others[0] if len(others) == 1 else Choice(tuple(others))


def width(node: Node) -> tuple[int, int | None]:
    """Give the shortest and the longest word; None: there is no longest."""
    if isinstance(node, Bytes):
        return 1, 1
    if isinstance(node, Repeat):
        least, most = width(node.item)
        return least * node.least, None if most is None or node.most is None else most * node.most
    if isinstance(node, Series):
        return _joint_width(node.items)
    widths = [width(option) for option in node.options]
    mosts = [most for _, most in widths if most is not None]
    return min(least for least, _ in widths), None if len(mosts) < len(widths) else max(mosts)


def _joint_width(items: tuple[Node, ...]) -> tuple[int, int | None]:
    """Give the width of one after the other, most of which are single bytes."""
    least = most = 0
    bounded = True
    for item in items:
        if isinstance(item, Bytes):
            least += 1
            most += 1
            continue
        low, high = width(item)
        least += low
        if high is None:
            bounded = False
        else:
            most += high
    return least, most if bounded else None


def expression(node: Node) -> str:
    r"""Write a node as an expression that means the same to PCRE, Hyperscan and Python, whatever the flags.

    Everything but letters and digits is written as `\xHH`: a NUL in a pattern would cut it silently.
    """
    if isinstance(node, Bytes):
        return _class(node.members)
    if isinstance(node, Series):
        return "".join(f"(?:{expression(i)})" if isinstance(i, Choice) else expression(i) for i in node.items)
    if isinstance(node, Choice):
        return "|".join(expression(option) for option in node.options)
    inner = expression(node.item)
    if not isinstance(node.item, Bytes):
        inner = f"(?:{inner})"
    if (node.least, node.most) == (0, 1):
        return f"{inner}?"
    if node.least == node.most:
        return f"{inner}{{{node.least}}}"
    return f"{inner}{{{node.least},{'' if node.most is None else node.most}}}"


@lru_cache(maxsize=4096)
def _class(members: int) -> str:
    bytes_ = listed(members)
    if len(bytes_) == 1:
        return _byte(bytes_[0])
    runs: list[list[int]] = []
    for byte in bytes_:
        if runs and runs[-1][1] == byte - 1:
            runs[-1][1] = byte
        else:
            runs.append([byte, byte])
    text = "".join(_byte(a) if a == b else f"{_byte(a)}-{_byte(b)}" for a, b in runs)
    return f"[{text}]"


def _byte(byte: int) -> str:
    return chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\x{byte:02x}"
