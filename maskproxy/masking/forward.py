"""Goes through texts, for all rules at once: one step a byte, each byte once.

Everything is computed when it is met and remembered, in bounded memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from maskproxy.masking.automaton import TEXT_EDGE
from maskproxy.masking.net import ENDS, GOES_ON, HEAD, HELD, Net
from maskproxy.masking.standing import NEVER, Back, Part, Places, Standing, Stem, Stepped

_MOST_STANDINGS = 65_536
"""Of about 600 bytes each."""
_MOST_REMEMBERED = 3_000_000
"""Positions in what standings are put together of, of eight bytes each."""
_EACH_COSTS = 40
"""What such a thing takes beside its positions, in positions."""


class Forward:
    """Goes through texts. Shared by threads: what two of them compute at once is the same."""

    __slots__ = (
        "_backs",
        "_begin_with",
        "_conditions",
        "_firsts",
        "_firsts_by_kind",
        "_numbers",
        "_opened",
        "_parts",
        "_remembered",
        "_standings",
        "_stems",
        "_taken",
        "net",
    )

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
        self._firsts_by_kind: list[tuple[int, dict[int, list[int]]]] = []
        for neighbours, first in net.firsts:
            by_kind: dict[int, list[int]] = {}
            for position in first:
                self._begin_with[position] = self._begin_with.get(position, 0) | neighbours
                by_kind.setdefault(net.kinds[position], []).append(position)
            self._firsts_by_kind.append((neighbours, by_kind))
        self._numbers = list(range(len(net.kinds)))
        """Each position once, so that a set of them takes the place of references alone."""
        self._taken: dict[int, bytes] = {}
        self._firsts: dict[tuple[int, int], Places] = {}
        self._opened: dict[tuple[int, int], Stepped] = {}
        """By condition and byte: what begins."""
        self._stems: dict[tuple[Places, int], Stem] = {}
        self._parts: dict[tuple[int, Places, bool], Part] = {}
        self._standings: dict[tuple[int, tuple[Stem, ...], tuple[Part, ...], bool], Standing] = {}
        self._backs: dict[tuple[Places, int, Places], Back] = {}
        self._remembered = 0

    @property
    def remembered(self) -> int:
        """How much is remembered, in positions, beside standings."""
        return self._remembered

    def begin(self, before: int) -> Standing:
        """Stand at a place whose left neighbour is `before`."""
        return self._standing(self._conditions[before], (), (), ends=False)

    def step(self, standing: Standing, byte: int) -> Standing:
        """Put together where `byte` leads."""
        condition, ends = standing.condition, False
        stems: list[Stem] = []
        parts: list[Part] = []
        begun: list[Part] = []
        opened = () if condition == NEVER else (self._open(condition, byte),)
        for stepped in (*[stem[byte] for stem in standing.stems], *opened):
            ends = ends or stepped.ends
            if stepped.stem is not None:
                stems.append(stepped.stem)
            begun += stepped.begun
        for part in standing.parts:
            following = part[byte]
            ends = ends or following.ends
            if following.positions:
                parts.append(following)
        if begun:
            by_number = {part.number: part for part in parts}
            for part in begun:
                other = by_number.get(part.number)
                by_number[part.number] = part if other is None else self._united(part, other)
            parts = [by_number[number] for number in sorted(by_number)]
        then = condition if condition == NEVER else self._conditions[byte]
        reached = standing[byte] = self._standing(then, tuple(stems), tuple(parts), ends=ends)
        return reached

    def step_part(self, part: Part, byte: int) -> Part:
        """Compute where `byte` leads in one part."""
        reached, ends = self._later(part.positions, byte)
        following = part[byte] = self._part(part.number, tuple(sorted(reached)), ends=ends)
        return following

    def step_stem(self, stem: Stem, byte: int) -> Stepped:
        """Compute where `byte` leads from the heads of rules, into heads and other parts."""
        reached, ends = self._later(stem.positions, byte)
        stepped = stem[byte] = self._stepped(reached, stem.age + 1, ends=ends)
        return stepped

    def enter(self, standing: Standing, byte: int) -> Standing:
        """Compute what stands at the first byte of a secret, of all that `byte` may be the first of."""
        net, taken, held = self.net, self._taken_at(byte), GOES_ON | HELD
        reached = set(() if standing.condition == NEVER else self._first_at(standing.condition, byte))
        for position in standing.unheld:
            reached.update(end for end in net.later.at(position) if taken[net.kinds[end]])
        reached = {position for position in reached if net.flags[position] & held == held}
        stem, parts, _ = self._stepped(reached, 1, ends=False)
        return self._standing(NEVER, () if stem is None else (stem,), parts, ends=False)

    def step_back(self, back: Back, byte: int) -> Back | None:
        """Compute where `byte`, to the left, leads."""
        net, taken = self.net, self._taken_at(byte)
        accepts = 0
        reached: set[int] = set()
        entries: set[int] = set()
        here = [position for position in back.positions if taken[net.kinds[position]]]
        for position in here:
            accepts |= self._begin_with.get(position, 0)
            for earlier in net.earlier.at(position):
                (reached if net.flags[earlier] & HELD else entries).add(earlier)
        following = self._back(tuple(sorted(reached)), accepts, tuple(entries)) if here else None
        back[byte] = following
        return following

    def backwards(self, positions: Sequence[int]) -> Back | None:
        """Give where reading backwards from these positions starts; None: no byte is held for them."""
        flags = self.net.flags
        held = tuple(position for position in positions if flags[position] & HELD)
        return self._back(held, 0, ()) if held else None

    def starts(self, past: Sequence[Standing], text: bytes, before: int) -> list[int]:
        """Give where in `text` secrets begin that go on at its end, last first.

        `past[-1]` is what the text was read to, `past[-2]` the same without its last byte, and so on: as far back as
        any of them may begin. `before` is the neighbour to the left of text[0].
        """
        size = len(text)
        floor = size - len(past) + 1
        starts = {size - stem.held for stem in past[-1].stems if stem.held}
        for start in past[-1].backwards:
            at, state = size, start
            while at > floor:
                at -= 1
                following = state[text[at]]
                if following is None:
                    break
                state = following
                begins = state.accepts >> (text[at - 1] if at else before) & 1
                if begins or (state.entries and not past[at - size - 1].unheld.isdisjoint(state.entries)):
                    starts.add(at)
        return sorted(starts, reverse=True)

    def _later(self, positions: Places, byte: int) -> tuple[set[int], bool]:
        """Give the positions in words that go on, and whether a core may end."""
        taken = self._taken_at(byte)
        _, kinds, flags, _, (heads, ends_at), *_ = self.net
        reached: set[int] = set()
        ends = False
        numbers = self._numbers
        for position in positions:
            for end in ends_at[heads[position] : heads[position + 1]]:
                if taken[kinds[end]]:
                    flag = flags[end]
                    ends = ends or bool(flag & ENDS)
                    if flag & GOES_ON:
                        reached.add(numbers[end])
        return reached, ends

    def _open(self, condition: int, byte: int) -> Stepped:
        """Give what begins with `byte`."""
        opened = self._opened.get((condition, byte))
        if opened is None:
            flags, first = self.net.flags, self._first_at(condition, byte)
            ends = any(flags[position] & ENDS for position in first)
            going_on = {position for position in first if flags[position] & GOES_ON}
            opened = self._opened[condition, byte] = self._stepped(going_on, 1, ends=ends)
        return opened

    def _stepped(self, reached: set[int], age: int, *, ends: bool) -> Stepped:
        """Part what was reached."""
        number_of = self.net.parts
        by_part: dict[int, list[int]] = {}
        for position in sorted(reached):
            by_part.setdefault(number_of[position], []).append(position)
        heads = tuple(by_part.pop(HEAD, ()))
        stem = self._stem(heads, age) if heads else None
        begun = [self._part(number, tuple(positions), ends=False) for number, positions in sorted(by_part.items())]
        return Stepped(stem, tuple(begun), ends)

    def _united(self, one: Part, other: Part) -> Part:
        return self._part(one.number, tuple(sorted({*one.positions, *other.positions})), ends=one.ends or other.ends)

    def _standing(self, condition: int, stems: tuple[Stem, ...], parts: tuple[Part, ...], *, ends: bool) -> Standing:
        key = (condition, stems, parts, ends)
        standing = self._standings.get(key)
        if standing is None:
            if len(self._standings) >= _MOST_STANDINGS:
                self._forget(self._standings)
            standing = self._standings[key] = Standing(self, condition, stems, parts, ends=ends)
        return standing

    def _stem(self, positions: Places, age: int) -> Stem:
        stem = self._stems.get((positions, age))
        if stem is None:
            self._make_room(len(positions))
            stem = self._stems[positions, age] = Stem(self, positions, age)
        return stem

    def _part(self, number: int, positions: Places, *, ends: bool) -> Part:
        key = (number, positions, ends)
        part = self._parts.get(key)
        if part is None:
            self._make_room(len(positions))
            part = self._parts[key] = Part(self, number, positions, ends=ends)
        return part

    def _back(self, positions: Places, accepts: int, entries: Places) -> Back:
        key = (positions, accepts, entries)
        back = self._backs.get(key)
        if back is None:
            self._make_room(len(positions))
            back = self._backs[key] = Back(self, positions, accepts, entries)
        return back

    def _make_room(self, size: int) -> None:
        """Forget everything rather than hold too much; whoever stands somewhere goes on from there."""
        self._remembered += size + _EACH_COSTS
        if self._remembered > _MOST_REMEMBERED:
            self._forget(self._standings, self._stems, self._parts, self._backs)
            self._opened.clear()
            self._remembered = size + _EACH_COSTS

    def _forget(self, *known: dict[Any, Any]) -> None:
        for some in known:
            for one in list(some.values()):
                one.clear()
            some.clear()

    def _first_at(self, condition: int, byte: int) -> Places:
        """Give the positions that a word begins at with this byte."""
        firsts = self._firsts.get((condition, byte))
        if firsts is None:
            taken = self._taken_at(byte)
            before = self._conditions.index(condition)
            firsts = tuple(
                position
                for neighbours, by_kind in self._firsts_by_kind
                if neighbours >> before & 1
                for kind, first in by_kind.items()
                if taken[kind]
                for position in first
            )
            self._firsts[condition, byte] = firsts
        return firsts

    def _taken_at(self, byte: int) -> bytes:
        """For each kind of position, whether it takes this byte."""
        taken = self._taken.get(byte)
        if taken is None:
            taken = self._taken[byte] = bytes(members >> byte & 1 for members in self.net.takes)
        return taken
