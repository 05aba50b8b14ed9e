"""What has begun in a text and may still become a match, as states that know where each byte leads.

A `Standing` is the positions of a `Net` that the last byte may be at, put together of what stands in the heads of
rules, by where it began, and of what stands in each other part by itself. Each of these knows few states, so that a
standing nobody met before is put together of known ones. What is missing, `Forward` computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from maskproxy.masking.net import HELD, WHOLE

if TYPE_CHECKING:
    from maskproxy.masking.forward import Forward

NEVER = -1
"""The condition under which nothing begins."""

Places = tuple[int, ...]
"""Positions in order."""


class Back(dict[int, "Back | None"]):
    """Held positions that the next byte to the left may be at."""

    __slots__ = ("accepts", "entries", "machine", "positions")

    def __init__(self, machine: Forward, positions: Places, accepts: int, entries: Places) -> None:
        super().__init__()
        self.machine = machine
        self.positions = positions
        self.accepts = accepts
        """The neighbours to the left with which a word begins here; 0: none."""
        self.entries = entries
        """Where the byte to the left may have been, in what stands before a secret that begins here."""

    def __missing__(self, byte: int) -> Back | None:
        return self.machine.step_back(self, byte)


class Part(dict[int, "Part"]):
    """What stands in one part of the net. Told apart by identity, as a key of what it is a part of."""

    __slots__ = ("backwards", "ends", "machine", "number", "positions")
    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__

    def __init__(self, machine: Forward, number: int, positions: Places, *, ends: bool) -> None:
        super().__init__()
        self.machine = machine
        self.number = number
        self.positions = positions
        self.ends = ends
        """A core may end at the last byte."""
        self.backwards = machine.backwards(positions)
        """Where reading backwards from here starts; None: nothing is held."""

    def __missing__(self, byte: int) -> Part:
        return self.machine.step_part(self, byte)


class Stem(dict[int, "Stepped"]):
    """What began at one place and stands in the heads of rules. Told apart by identity, as a key, too."""

    __slots__ = ("age", "backwards", "held", "machine", "positions")
    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__

    def __init__(self, machine: Forward, positions: Places, age: int) -> None:
        super().__init__()
        flags = machine.net.flags
        self.machine = machine
        self.positions = positions
        self.age = age
        """How many bytes ago it began."""
        self.held = age if any(flags[position] & WHOLE for position in positions) else 0
        """How many bytes are held for secrets that began right there; 0: there are none."""
        self.backwards = machine.backwards([position for position in positions if not flags[position] & WHOLE])

    def __missing__(self, byte: int) -> Stepped:
        return self.machine.step_stem(self, byte)


class Stepped(NamedTuple):
    stem: Stem | None
    """None: nothing is left of it in the heads."""
    begun: tuple[Part, ...]
    """What goes from the heads into other parts."""
    ends: bool


class Standing(dict[int, "Standing"]):
    """All that may have begun somewhere in a text and goes on, by its last byte."""

    __slots__ = ("_entered", "_unheld", "backwards", "condition", "ends", "held", "machine", "parts", "stems")

    def __init__(
        self, machine: Forward, condition: int, stems: tuple[Stem, ...], parts: tuple[Part, ...], *, ends: bool
    ) -> None:
        super().__init__()
        self.machine = machine
        self.condition = condition
        """Which words may begin with the next byte, by its left neighbour."""
        self.stems = stems
        """What began first comes first."""
        self.parts = parts
        """In the order of their numbers."""
        self.ends = ends
        """A core may end at the last byte."""
        self.held = next((stem.held for stem in stems if stem.held), 0)
        """How many bytes are held, at least."""
        self.backwards = tuple(one.backwards for one in self._both() if one.backwards is not None)
        """Where reading backwards from here starts, to find whether more are."""
        self._unheld: frozenset[int] | None = None
        self._entered: dict[int, Standing] = {}

    def __missing__(self, byte: int) -> Standing:
        return self.machine.step(self, byte)

    def _both(self) -> tuple[Stem | Part, ...]:
        return (*self.stems, *self.parts)

    @property
    def unheld(self) -> frozenset[int]:
        """The positions that stand before secrets."""
        if self._unheld is None:
            flags = self.machine.net.flags
            self._unheld = frozenset(
                position for one in self._both() for position in one.positions if not flags[position] & HELD
            )
        return self._unheld

    def entered(self, byte: int) -> Standing:
        """Follow only the secrets that begin with `byte`."""
        standing = self._entered.get(byte)
        if standing is None:
            standing = self._entered[byte] = self.machine.enter(self, byte)
        return standing
