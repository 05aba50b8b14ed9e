"""Lazily built automata over bytes, in plain Python: for the short texts where a call into C would cost more.

`Positions` numbers the byte sets of an expression (Glushkov): a word is a path over positions. The same positions read
backwards answer both questions that a stream asks: where does a match that ends here begin, and how much of the tail
is still the beginning of some match.

A state is a dict from byte to next state that fills itself; a walk is one subscript per byte. States are capped: at
the cap the automaton starts over, which costs time and never an answer.
"""

from __future__ import annotations

from collections.abc import Iterable

from maskproxy.masking.grammar import ANYTHING, AT_EDGE, Bytes, Choice, Node, Repeat, Series

_STATES_LIMIT = 20_000
_STATES_BYTES = 4 << 20
"""What the sets of positions in one automaton's states may take: with more rules, each is larger."""
_FEW = 24
_FEW_STATES = 256
TEXT_EDGE = 256
"""Stands for the neighbour at a text's beginning or end, where a byte would otherwise be."""


class Positions:
    """The positions of one or several expressions, as sets packed into integers."""

    def __init__(self) -> None:
        self.count = 0
        self.sets: dict[int, int] = {}
        """Byte set -> positions that take it."""
        self.after: dict[int, int] = {}
        """Distance -> positions that may come after the one so far before them in number.

        A repetition is many copies of the same, so that there are few distances, and a step is a few shifts.
        """
        self.following = 0
        """Positions after which a word can go on."""

    def add(self, node: Node) -> tuple[bool, int, int]:
        """Add an expression; give whether it is nullable, its first positions and its last ones."""
        if isinstance(node, Bytes):
            return False, *self._add_run(node.members, 1)
        if isinstance(node, Series):
            return self._add_series(node)
        if isinstance(node, Choice):
            nullable, first, last = False, 0, 0
            for option in node.options:
                part = self.add(option)
                nullable, first, last = nullable or part[0], first | part[1], last | part[2]
            return nullable, first, last
        return self._add_repeat(node)

    def link(self, earlier: int, later: int) -> None:
        """Let each of `later` come after each of `earlier`."""
        if not earlier or not later:
            return
        self.following |= earlier
        ends = list(bits(earlier))
        for position in bits(later):
            for end in ends:
                self.after[position - end] = self.after.get(position - end, 0) | 1 << position

    def _add_run(self, members: int, length: int) -> tuple[int, int]:
        start, self.count = self.count, self.count + length
        run = (1 << self.count) - (1 << start)
        self.sets[members] = self.sets.get(members, 0) | run
        first, last = 1 << start, 1 << (self.count - 1)
        if length > 1:
            self.after[1] = self.after.get(1, 0) | run & ~first
        self.following |= run & ~last
        return first, last

    def _add_series(self, node: Series) -> tuple[bool, int, int]:
        nullable, first, last = True, 0, 0
        for item in node.items:
            part = self.add(item)
            self.link(last, part[1])
            first |= part[1] if nullable else 0
            last = part[2] | (last if part[0] else 0)
            nullable = nullable and part[0]
        return nullable, first, last

    def _add_repeat(self, node: Repeat) -> tuple[bool, int, int]:
        assert node.most is not None
        if isinstance(node.item, Bytes):
            first, last = self._add_run(node.item.members, node.most)
            ends = (last << 1) - (1 << (last.bit_length() - 1 - (node.most - max(node.least, 1))))
            return node.least == 0, first, ends
        nullable, first, last, before = node.least == 0, 0, 0, 0
        for index in range(node.most):
            part = self.add(node.item)
            self.link(before, part[1])
            nullable = nullable or part[0]
            first = first or part[1]
            last = last | part[2] if part[0] or index >= node.least else part[2]
            before = part[2]
        return nullable, first, last


class State(dict[int, "State | None"]):
    """A set of positions that the next byte, going backwards, may be at. Missing transitions are computed once."""

    __slots__ = ("accepts", "machine", "positions")

    def __init__(self, machine: Backward, positions: int, accepts: int) -> None:
        super().__init__()
        self.machine = machine
        self.positions = positions
        self.accepts = accepts
        """The neighbours to the left with which the text read so far is a whole word; 0: none."""

    def __missing__(self, byte: int) -> State | None:
        return self.machine.step(self, byte)


class Backward:
    """Reads a text from its end to its beginning."""

    __slots__ = (
        "_by_byte",
        "_near",
        "_positions",
        "_rare",
        "_rarely",
        "_states",
        "firsts",
        "most_states",
        "start",
    )

    def __init__(self, positions: Positions, start: int, firsts: dict[int, int], *, nullable_with: int = 0) -> None:
        """`firsts`: permitted left neighbours -> the positions that a word under that condition begins with."""
        self._positions = positions
        self.firsts = firsts
        self._near: list[tuple[int, int]] = []
        """Distances shared by many positions, with these."""
        self._rare: dict[int, int] = {}
        """Position -> the positions before it at other distances."""
        for distance, later in positions.after.items():
            if later.bit_count() > _FEW:
                self._near.append((distance, later))
                continue
            for position in bits(later):
                earlier = position - distance
                self._rare[position] = self._rare.get(position, 0) | 1 << earlier
        self._near.sort()
        self._rarely = sum(1 << position for position in self._rare)
        self._by_byte: dict[int, int] = {}
        self._states: dict[tuple[int, int], State] = {}
        self.most_states = min(_STATES_LIMIT, max(_FEW_STATES, _STATES_BYTES * 8 // max(positions.count, 1)))
        self.start = State(self, start, nullable_with)

    def step(self, state: State, byte: int) -> State | None:
        """Compute where `byte` leads from `state`, and remember it."""
        here = state.positions & self.at(byte)
        following = None
        if here:
            accepts = 0
            for neighbours, first in self.firsts.items():
                if here & first:
                    accepts |= neighbours
            before = 0
            for distance, later in self._near:
                some = here & later
                if some:
                    before |= some >> distance
            for position in bits(here & self._rarely):
                before |= self._rare[position]
            following = self._state(before, accepts)
        state[byte] = following
        return following

    def at(self, byte: int) -> int:
        """Give the positions that take this byte."""
        positions = self._by_byte.get(byte)
        if positions is None:
            positions = 0
            for members, where in self._positions.sets.items():
                if members >> byte & 1:
                    positions |= where
            self._by_byte[byte] = positions
        return positions

    def _state(self, positions: int, accepts: int) -> State:
        key = (positions, accepts)
        state = self._states.get(key)
        if state is None:
            if len(self._states) >= self.most_states:
                self._states.clear()
                self.start.clear()
            state = self._states[key] = State(self, positions, accepts)
        return state

    def longest(self, text: bytes, end: int, floor: int, before: int, start: State | None = None) -> int:
        """Give the lowest start of a word in text[floor:end] that ends at `end`; `end` + 1 if there is none.

        `before` is the neighbour to the left of text[0].
        """
        state: State | None = self.start if start is None else start
        best = end + 1
        at = end
        if state is not None and state.accepts and state.accepts >> (text[at - 1] if at else before) & 1:
            best = at
        while at > floor:
            at -= 1
            state = state[text[at]]  # type: ignore[index] # None ends the walk below
            if state is None:
                break
            if state.accepts and state.accepts >> (text[at - 1] if at else before) & 1:
                best = at
        return best

    def starts(self, text: bytes, end: int, before: int) -> list[int]:
        """Give every start of a word that ends at `end`, lowest first."""
        state: State | None = self.start
        found = []
        at = end
        while state is not None:
            if state.accepts and state.accepts >> (text[at - 1] if at else before) & 1:
                found.append(at)
            if not at:
                break
            at -= 1
            state = state[text[at]]
        found.reverse()
        return found


def ending(node: Node, neighbours: int = ANYTHING) -> Backward:
    """Make the automaton that finds where the words of `node` that end at a place begin."""
    positions = Positions()
    nullable, first, last = positions.add(node)
    return Backward(positions, last, {neighbours: first}, nullable_with=neighbours if nullable else 0)


def beginnings(cores: Iterable[tuple[Node, int, bool]]) -> Backward:
    """Make the automaton that finds how much of a text's end may still become a match: for few cores.

    For each core: the expression, the permitted left neighbours, and whether a whole match must wait for the byte
    after it. `standing` has another for all rules together.
    """
    return Backward(*strict_prefixes(cores))


def strict_prefixes(cores: Iterable[tuple[Node, int, bool]]) -> tuple[Positions, int, dict[int, int]]:
    """Give the cores' positions, those after which a word goes on, and by left neighbours those it begins with.

    Words are the strict prefixes of the cores: paths that end at a position after which a word goes on.
    """
    positions = Positions()
    firsts: dict[int, int] = {}
    waiting = 0
    for node, neighbours, waits in cores:
        _, first, last = positions.add(node)
        firsts[neighbours] = firsts.get(neighbours, 0) | first
        waiting |= last if waits else 0
    return positions, positions.following | waiting, firsts


def bits(number: int) -> Iterable[int]:
    """Give the numbers of the bits that are set."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


assert AT_EDGE == 1 << TEXT_EDGE
