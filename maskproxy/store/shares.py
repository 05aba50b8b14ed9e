"""What nodes tell each other of limits, as plain values: whose counter, and what was had of it. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Key(NamedTuple):
    """Whose counter, of what."""

    person: str
    grant: str
    counted: Literal["requests", "tokens"]


class Taken(NamedTuple):
    """What was had of a counter, and what all nodes together have had of it since."""

    granted: int
    total: int


def take(total: int, wanted: int, limit: int) -> Taken:
    """As much of what is wanted as the limit leaves."""
    granted = max(0, min(wanted, limit - total))
    return Taken(granted, total + granted)
