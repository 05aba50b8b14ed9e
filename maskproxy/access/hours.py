"""Hours of the week during which a grant is open, by the wall clock of a time zone. Pure: the time is handed in.

    Mon-Fri 08:00-19:00 Europe/Berlin      Sat,Sun 10:00-14:00 UTC      22:00-06:00 America/New_York

Days are those on which the hours begin; without them it is every day. Hours that end before they begin end on the next
day, and `24:00` is a day's end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SENTENCE = "Write hours as days, times and a time zone, such as Mon-Fri 08:00-19:00 Europe/Berlin."

_DAY = "|".join(DAYS)
_FORM = re.compile(
    rf"(?:(?P<days>(?:{_DAY})(?:-(?:{_DAY}))?(?:,(?:{_DAY})(?:-(?:{_DAY}))?)*) )?"
    r"(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d) (?P<zone>[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*)"
)
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Hours:
    """`start` and `end` are minutes from midnight; the end is not part of them."""

    days: frozenset[int]
    start: int
    end: int
    zone: tzinfo
    zone_name: str

    def holds(self, now: float) -> bool:
        local = datetime.fromtimestamp(now, self.zone)
        day, minute = local.weekday(), local.hour * 60 + local.minute
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        return (day in self.days and minute >= self.start) or ((day - 1) % 7 in self.days and minute < self.end)

    def begins_after(self, now: float) -> datetime:
        """When they begin next, in their own time zone."""
        today = datetime.fromtimestamp(now, self.zone).date()
        for ahead in range(9):
            day = today + timedelta(days=ahead)
            if day.weekday() in self.days:
                begin = datetime(day.year, day.month, day.day, self.start // 60, self.start % 60, tzinfo=self.zone)
                if begin.timestamp() > now:
                    return begin
        raise AssertionError("hours have at least one day of the week")


def is_within(hours: Sequence[Hours], now: float) -> bool:
    """Tell whether one of them holds; where there are none, it is always so."""
    return not hours or any(one.holds(now) for one in hours)


def opening(hours: Sequence[Hours], now: float) -> str:
    """When the first of them begins next, as people read it."""
    begin, zone = min(((one.begins_after(now), one.zone_name) for one in hours), key=lambda found: found[0].timestamp())
    return f"{DAYS[begin.weekday()]} {begin:%Y-%m-%d %H:%M} {zone}"


def parse_hours(value: object) -> Hours:
    """Raises ValueError with a sentence."""
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(SENTENCE)
    start, end = _minutes(match["start"]), _minutes(match["end"])
    if start in {_DAY_MINUTES, end}:
        raise ValueError("These hours have no length. " + SENTENCE)
    return Hours(_days(match["days"]), start, end, _zone(match["zone"]), match["zone"])


def _days(text: str | None) -> frozenset[int]:
    if text is None:
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin = DAYS.index(first)
        length = (DAYS.index(last or first) - begin) % 7
        found.update((begin + ahead) % 7 for ahead in range(length + 1))
    return frozenset(found)


def _minutes(text: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    if minute > 59 or hour * 60 + minute > _DAY_MINUTES:
        raise ValueError("Write a time of day from 00:00 to 24:00.")
    return hour * 60 + minute


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("This time zone cannot be read on this machine.") from None
    except KeyError:
        raise ValueError("This machine knows no such time zone. Write one such as Europe/Berlin, or UTC.") from None
