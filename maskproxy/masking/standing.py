"""What has begun in a text and may still become a match, for all rules at once: one step a byte, each byte once.

The rules' expressions are a net of positions (Glushkov). A `Standing` is the positions that the last byte may be at;
where the first of them began is told by going back from there through the text. There are far more positions than any
text reaches at once, so sets of them are lists; transitions are computed when they are met and remembered, in bounded
memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from maskproxy.masking.automaton import TEXT_EDGE, Positions, strict_prefixes
from maskproxy.masking.grammar import Node

_MOST_REMEMBERED = 6_000_000
"""Positions in remembered sets, of eight bytes each."""
_NEVER = -1
"""The condition of a `Standing` after which nothing begins."""
_FAR_BYTES = 4096
_NEAR_BYTES = 8
"""What began this near is sought anew with every piece, which costs less than to follow it."""


class Edges(NamedTuple):
    """Where one gets from each position: `ends[heads[p] : heads[p + 1]]`."""

    heads: array[int]
    ends: array[int]


class Net(NamedTuple):
    """Positions, the bytes they take, and which come after which. Words are the strict prefixes of the expressions."""

    takes: tuple[int, ...]
    """Sets of bytes."""
    kinds: array[int]
    """For each position, which of them it takes."""
    goes_on: bytes
    """For each position, whether a word may be longer than up to it."""
    later: Edges
    earlier: Edges
    firsts: tuple[tuple[int, array[int]], ...]
    """Permitted left neighbours, and the positions that a word under that condition begins with."""

    @classmethod
    def of(cls, cores: Iterable[tuple[Node, int, bool]]) -> Net:
        """`cores`: as `beginnings` takes them."""
        positions, goes_on, firsts = strict_prefixes(cores)
        kinds = array("I", bytes(4 * positions.count))
        for kind, where in enumerate(positions.sets.values()):
            for position in _ones(where):
                kinds[position] = kind
        flags = bytearray(positions.count)
        for position in _ones(goes_on):
            flags[position] = 1
        pairs = list(_pairs(positions))
        return cls(
            tuple(positions.sets),
            kinds,
            bytes(flags),
            _edges(positions.count, pairs),
            _edges(positions.count, [(later, earlier) for earlier, later in pairs]),
            tuple((neighbours, array("I", _ones(first))) for neighbours, first in firsts.items()),
        )

    def plain(self) -> tuple[tuple[int, ...], list[bytes], bytes, list[tuple[int, bytes]]]:
        """Give it in values that can be written down."""
        tables = (self.kinds, *self.later, *self.earlier)
        firsts = [(neighbours, first.tobytes()) for neighbours, first in self.firsts]
        return self.takes, [table.tobytes() for table in tables], self.goes_on, firsts

    @classmethod
    def read(cls, plain: tuple[tuple[int, ...], list[bytes], bytes, list[tuple[int, bytes]]]) -> Net:
        """Make it again of what `plain` gave."""
        takes, tables, goes_on, firsts = plain
        kinds, *edges = (array("I", table) for table in tables)
        return cls(
            takes,
            kinds,
            goes_on,
            Edges(*edges[:2]),
            Edges(*edges[2:]),
            tuple((neighbours, array("I", first)) for neighbours, first in firsts),
        )


class Back(dict[int, "Back | None"]):
    """Positions that the next byte to the left may be at."""

    __slots__ = ("accepts", "machine", "positions")

    def __init__(self, machine: Forward, positions: array[int], accepts: int) -> None:
        super().__init__()
        self.machine = machine
        self.positions = positions
        self.accepts = accepts
        """The neighbours to the left with which a word begins here; 0: none."""

    def __missing__(self, byte: int) -> Back | None:
        return self.machine.step_back(self, byte)


class Standing(dict[int, "Standing"]):
    """All that may have begun somewhere in a text and goes on, by its last byte. Missing ones are computed once."""

    __slots__ = ("alive", "backwards", "condition", "machine")

    def __init__(self, machine: Forward, alive: array[int], condition: int) -> None:
        super().__init__()
        self.machine = machine
        self.alive = alive
        """The positions that the last byte is at, in words that are not whole yet; none: nothing goes on."""
        self.condition = condition
        """Which words may begin with the next byte, by its left neighbour; below zero: see `Forward.begin_once`."""
        self.backwards: Back | None = None
        """Where reading backwards from here starts."""

    def __missing__(self, byte: int) -> Standing:
        return self.machine.step(self, byte)


class Forward:
    """Goes through texts. Shared by threads: what two of them compute at once is the same."""

    __slots__ = ("_backs", "_begin_with", "_conditions", "_firsts", "_remembered", "_standings", "_taken", "net")

    def __init__(self, net: Net) -> None:
        self.net = net
        alike: dict[tuple[int, ...], int] = {}
        """Neighbours that no rule tells apart have the same number."""
        self._conditions = [
            alike.setdefault(tuple(neighbours >> before & 1 for neighbours, _ in net.firsts), len(alike))
            for before in range(TEXT_EDGE + 1)
        ]
        self._begin_with: dict[int, int] = {}
        """Position -> the left neighbours with which a word may begin there."""
        for neighbours, first in net.firsts:
            for position in first:
                self._begin_with[position] = self._begin_with.get(position, 0) | neighbours
        self._taken: dict[int, bytes] = {}
        self._firsts: dict[tuple[int, int], tuple[int, ...]] = {}
        self._standings: dict[tuple[bytes, int], Standing] = {}
        self._backs: dict[tuple[bytes, int], Back] = {}
        self._remembered = 0

    @property
    def conditions(self) -> list[int]:
        """For each left neighbour a number, the same where no rule tells them apart."""
        return self._conditions

    def begin(self, before: int) -> Standing:
        """Stand at a place whose left neighbour is `before`."""
        return self._standing(array("I"), self._conditions[before])

    def begin_once(self, before: int) -> Standing:
        """Stand at a place whose left neighbour is `before`, to follow only the words that begin right there."""
        return self._standing(array("I"), -2 - self._conditions[before])

    def step(self, standing: Standing, byte: int) -> Standing:
        """Compute where `byte` leads, and remember it."""
        net, taken, condition = self.net, self._taken_at(byte), standing.condition
        kinds, goes_on, (heads, ends) = net.kinds, net.goes_on, net.later
        begun = () if condition == _NEVER else self._first_at(condition if condition >= 0 else -2 - condition, byte)
        reached = set(begun)
        for position in standing.alive:
            for end in ends[heads[position] : heads[position + 1]]:
                if taken[kinds[end]] and goes_on[end]:
                    reached.add(end)
        then = self._conditions[byte] if condition >= 0 else _NEVER
        following = standing[byte] = self._standing(array("I", sorted(reached)), then)
        return following

    def step_back(self, back: Back, byte: int) -> Back | None:
        """Compute where `byte`, to the left, leads, and remember it."""
        taken, kinds, (heads, ends) = self._taken_at(byte), self.net.kinds, self.net.earlier
        accepts = 0
        reached: set[int] = set()
        here = [position for position in back.positions if taken[kinds[position]]]
        for position in here:
            accepts |= self._begin_with.get(position, 0)
            reached.update(ends[heads[position] : heads[position + 1]])
        following = self._back(array("I", sorted(reached)), accepts) if here else None
        back[byte] = following
        return following

    def starts(self, standing: Standing, text: bytes, before: int) -> list[int]:
        """Give where in `text` words begin that go on at its end, last first.

        `standing` is what the text was read to; `before` is the neighbour to the left of text[0].
        """
        starts: list[int] = []
        if standing.backwards is None:
            standing.backwards = self._back(standing.alive, 0)
        at, state = len(text), standing.backwards
        while at:
            at -= 1
            following = state[text[at]]
            if following is None:
                break
            state = following
            if state.accepts and state.accepts >> (text[at - 1] if at else before) & 1:
                starts.append(at)
        return starts

    def _standing(self, alive: array[int], condition: int) -> Standing:
        key = (alive.tobytes(), condition)
        standing = self._standings.get(key)
        if standing is None:
            self._make_room(len(alive))
            standing = self._standings[key] = Standing(self, alive, condition)
        return standing

    def _back(self, positions: array[int], accepts: int) -> Back:
        key = (positions.tobytes(), accepts)
        back = self._backs.get(key)
        if back is None:
            self._make_room(len(positions))
            back = self._backs[key] = Back(self, positions, accepts)
        return back

    def _make_room(self, size: int) -> None:
        """Forget everything rather than hold too much; whoever stands somewhere goes on from there."""
        self._remembered += size + 1
        if self._remembered > _MOST_REMEMBERED:
            for standing in list(self._standings.values()):
                standing.backwards = None
                standing.clear()
            for back in list(self._backs.values()):
                back.clear()
            self._standings.clear()
            self._backs.clear()
            self._remembered = size + 1

    def _first_at(self, condition: int, byte: int) -> tuple[int, ...]:
        """Give the positions that a word begins at with this byte."""
        firsts = self._firsts.get((condition, byte))
        if firsts is None:
            taken, kinds, goes_on = self._taken_at(byte), self.net.kinds, self.net.goes_on
            before = self._conditions.index(condition)
            firsts = tuple(
                position
                for neighbours, first in self.net.firsts
                if neighbours >> before & 1
                for position in first
                if taken[kinds[position]] and goes_on[position]
            )
            self._firsts[condition, byte] = firsts
        return firsts

    def _taken_at(self, byte: int) -> bytes:
        """For each kind of position, whether it takes this byte."""
        taken = self._taken.get(byte)
        if taken is None:
            taken = self._taken[byte] = bytes(members >> byte & 1 for members in self.net.takes)
        return taken


class Reading:
    """One stream, read once, and what has begun in it.

    Where the first word began that goes on is sought backwards, then followed by itself for as long as it lives: in a
    long token, which every piece makes longer, each byte is gone through a few times and not once a piece.
    """

    __slots__ = ("_first", "_forward", "_longest", "_read", "_standing", "_starts")

    def __init__(self, forward: Forward, longest: int) -> None:
        """`longest`: bytes of the longest word."""
        self._forward = forward
        self._longest = longest
        self._standing = forward.begin(TEXT_EDGE)
        self._read = -1
        """The offset in the stream up to which it was read."""
        self._starts: list[int] = []
        """Where all words that went on began when they were sought last, last first."""
        self._first: Standing | None = None
        """Where the words stand that began at the first of them."""

    def alive(self, text: bytes, base: int, before: int) -> int:
        """Give where the longest end of `text` begins that is the beginning of a word; its end if none is.

        `text` is what the stream holds from the offset `base` on, `before` the neighbour to its left. Of much that is
        new only the end is read: what began further back than the longest word has ended.
        """
        size, standing = len(text), self._standing
        at = self._read - base
        if at < 0 or at > size:
            at, standing, self._starts = 0, self._forward.begin(before), []
        if size - at > _FAR_BYTES:
            at = max(0, size - self._longest - 1)
            standing, self._starts = self._forward.begin(text[at - 1] if at else before), []
        for byte in text[at:] if at else text:
            standing = standing[byte]
        self._standing, self._read = standing, base + size
        if not standing.alive:
            self._starts = []
            return size
        if self._starts:
            alive = self._follow(text, base, before, at)
            if alive < size:
                return alive
        starts = self._forward.starts(standing, text, before)
        if not starts:
            return size
        first = starts[-1]
        if size - first > _NEAR_BYTES:
            self._starts = [base + start for start in starts]
            self._first = None
        return first

    def _follow(self, text: bytes, base: int, before: int, at: int) -> int:
        """Give where the first of the words that went on at `at` began that still does; the text's end if none."""
        starts, first = self._starts, self._first
        while starts:
            start = starts[-1] - base
            if start >= 0:
                if first is None:
                    first, at = self._forward.begin_once(text[start - 1] if start else before), start
                for byte in text[at:]:
                    first = first[byte]
                if first.alive:
                    self._first = first
                    return start
            first = None
            starts.pop()
        return len(text)


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
