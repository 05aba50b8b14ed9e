"""How much a person may have under a grant: the bounds, the windows that they are counted in, and leases. Pure.

A node takes a lease of a counter that all nodes share and spends it by itself: so most requests ask nobody, and what is
spent may pass the limit by what runs at that moment, and by what a crashed node had leased it falls short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Counted = Literal["requests", "tokens"]

MINUTE_S = 60
DAY_S = 86_400
_LENGTHS_S: dict[Counted, int] = {"requests": MINUTE_S, "tokens": DAY_S}
_LEASES: dict[Counted, int] = {"requests": 10, "tokens": 20}
"""Into how many leases a limit is cut."""


@dataclass(frozen=True)
class GrantLimits:
    """Of one person under one grant. None: as much as there is."""

    requests_per_minute: int | None = None
    tokens_per_day: int | None = None
    streams: int = 32
    """Requests that run at a time, on one node."""
    body_bytes: int | None = None


NO_LIMITS = GrantLimits()
"""Of a grant that names none: what runs at a time is limited all the same."""


def window_s(counted: Counted, now: float) -> int:
    """When the window begins that `now` is in: a minute, or a day of UTC."""
    length_s = _LENGTHS_S[counted]
    return int(now // length_s) * length_s


def window_end_s(counted: Counted, begin_s: int) -> int:
    return begin_s + _LENGTHS_S[counted]


def lease(counted: Counted, limit: int) -> int:
    """How much a node takes at a time."""
    return max(1, limit // _LEASES[counted])


def in_words(seconds: float) -> str:
    """How long something takes, as people say it."""
    whole = max(1, int(seconds + 0.999))
    if whole < 2 * MINUTE_S:
        return f"{whole} seconds"
    hours, minutes = divmod(whole // MINUTE_S, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} minutes"
