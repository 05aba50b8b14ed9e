"""All rules' expressions as one net of positions (Glushkov): which bytes each takes, and what may come after it.

Words are the strict prefixes of the expressions: what may still become a match.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from maskproxy.masking.automaton import Positions
from maskproxy.masking.grammar import ANYTHING, Bytes, Choice, Node, Repeat, Series, Shape

GOES_ON = 1
"""A word may be longer than up to this position."""
ENDS = 2
"""A core may end here."""
HELD = 4
"""It belongs to the secret, or to what must follow it: what was read from the secret's beginning on waits."""

WHOLE = 8
"""All of its rule's match is the secret."""

HEAD = 0
"""The part of all positions that stand before anything wide, in whichever rule."""
_WIDE_BYTES = 12
_WIDE_TIMES = 3

_Plain = tuple[tuple[int, ...], list[bytes], bytes, list[tuple[int, bytes]]]


class Edges(NamedTuple):
    """Where one gets from each position: `ends[heads[p] : heads[p + 1]]`."""

    heads: array[int]
    ends: array[int]

    def at(self, position: int) -> array[int]:
        return self.ends[self.heads[position] : self.heads[position + 1]]


class Net(NamedTuple):
    """The positions of some rules.

    A rule's positions behind its first repetition of a wide class are a part of their own: which of a keyword's
    letters were read depends on the last bytes alone, but how far each of several gaps has come depends on more than
    can be remembered for all of them together.
    """

    takes: tuple[int, ...]
    """Sets of bytes."""
    kinds: array[int]
    """For each position, which of them it takes."""
    flags: bytes
    """For each position, `GOES_ON`, `ENDS`, `HELD` and `WHOLE`."""
    parts: array[int]
    """For each position, the part that it belongs to: `HEAD`, or a number from 1 on."""
    later: Edges
    earlier: Edges
    firsts: tuple[tuple[int, array[int]], ...]
    """Permitted left neighbours, and the positions that a word under that condition begins with."""

    @classmethod
    def of(cls, shapes: Iterable[Shape]) -> Net:
        positions = Positions()
        flags, parts = bytearray(), array("I")
        firsts: dict[int, int] = {}
        for number, shape in enumerate(shapes, HEAD + 1):
            _, first, last = positions.add(shape.core)
            firsts[shape.left] = firsts.get(shape.left, 0) | first
            wide, led = _wide(shape.core), _count(shape.before)
            parts.extend(number if deep else HEAD for deep in wide)
            flags += bytes(led) + bytes([HELD if led else HELD | WHOLE]) * (len(wide) - led)
            for position in _ones(last):
                flags[position] |= ENDS if shape.right == ANYTHING else ENDS | GOES_ON
        for position in _ones(positions.following):
            flags[position] |= GOES_ON
        kinds = array("I", bytes(4 * positions.count))
        for kind, where in enumerate(positions.sets.values()):
            for position in _ones(where):
                kinds[position] = kind
        pairs = list(_pairs(positions))
        return cls(
            tuple(positions.sets),
            kinds,
            bytes(flags),
            parts,
            _edges(positions.count, pairs),
            _edges(positions.count, [(later, earlier) for earlier, later in pairs]),
            tuple((neighbours, array("I", _ones(first))) for neighbours, first in firsts.items()),
        )

    def plain(self) -> _Plain:
        """Give it in values that can be written down."""
        tables = (self.kinds, self.parts, *self.later, *self.earlier)
        firsts = [(neighbours, first.tobytes()) for neighbours, first in self.firsts]
        return self.takes, [table.tobytes() for table in tables], self.flags, firsts

    @classmethod
    def read(cls, plain: _Plain) -> Net:
        """Make it again of what `plain` gave."""
        takes, tables, flags, firsts = plain
        kinds, parts, *edges = (array("I", table) for table in tables)
        return cls(
            takes,
            kinds,
            flags,
            parts,
            Edges(*edges[:2]),
            Edges(*edges[2:]),
            tuple((neighbours, array("I", first)) for neighbours, first in firsts),
        )


def _wide(node: Node) -> list[bool]:
    """Tell of each position, in the order that `Positions.add` numbers them, whether it is wide or behind such."""
    if isinstance(node, Bytes):
        return [False]
    if isinstance(node, Choice):
        return [deep for option in node.options for deep in _wide(option)]
    if isinstance(node, Series):
        made: list[bool] = []
        for item in node.items:
            made += [True] * _count(item) if True in made else _wide(item)
        return made
    assert node.most is not None
    if isinstance(node.item, Bytes):
        wide = node.most > _WIDE_TIMES and node.item.members.bit_count() > _WIDE_BYTES
        return [wide] * node.most
    return _wide(node.item) if node.most == 1 else [True] * _count(node)


def _count(node: Node) -> int:
    """Give how many positions there are."""
    if isinstance(node, Bytes):
        return 1
    if isinstance(node, Repeat):
        assert node.most is not None
        return _count(node.item) * node.most
    return sum(map(_count, node.items if isinstance(node, Series) else node.options))


def _ones(number: int) -> Iterator[int]:
    """Give the numbers of the bits that are set, of a number with very many bits."""
    digits = f"{number:b}"
    last = len(digits) - 1
    at = digits.find("1")
    while at >= 0:
        yield last - at
        at = digits.find("1", at + 1)


def _pairs(positions: Positions) -> Iterator[tuple[int, int]]:
    for distance, ends in positions.after.items():
        for end in _ones(ends):
            yield end - distance, end


def _edges(count: int, pairs: list[tuple[int, int]]) -> Edges:
    heads = array("I", bytes(4 * (count + 1)))
    for start, _ in pairs:
        heads[start + 1] += 1
    for position in range(count):
        heads[position + 1] += heads[position]
    ends = array("I", bytes(4 * len(pairs)))
    free = heads[:]
    for start, end in pairs:
        ends[free[start]] = end
        free[start] += 1
    return Edges(heads, ends)
