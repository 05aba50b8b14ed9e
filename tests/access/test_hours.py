from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.access.hours import DAYS, is_within, opening, parse_hours

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("hours", "moment", "holds"),
    [
        ("Mon-Fri 08:00-19:00 Europe/Berlin", "2026-11-25T08:00", True),  # a Wednesday
        ("Mon-Fri 08:00-19:00 Europe/Berlin", "2026-11-25T18:59:59", True),
        ("Mon-Fri 08:00-19:00 Europe/Berlin", "2026-11-25T19:00", False),
        ("Mon-Fri 08:00-19:00 Europe/Berlin", "2026-11-28T12:00", False),
        ("Mon,Sat-Sun 08:00-19:00 Europe/Berlin", "2026-11-28T12:00", True),
        ("Fri-Mon 08:00-19:00 Europe/Berlin", "2026-11-29T12:00", True),
        ("Fri-Mon 08:00-19:00 Europe/Berlin", "2026-11-26T12:00", False),
        ("08:00-19:00 Europe/Berlin", "2026-11-29T12:00", True),
        ("08:00-19:00 UTC", "2026-11-25T08:30", False),
        ("Wed 22:00-06:00 Europe/Berlin", "2026-11-26T05:59", True),
        ("Wed 22:00-06:00 Europe/Berlin", "2026-11-25T05:59", False),
        ("Sun 22:00-06:00 Europe/Berlin", "2026-11-30T05:59", True),
        ("Wed 00:00-24:00 Europe/Berlin", "2026-11-25T23:59", True),
        ("Wed 20:00-24:00 Europe/Berlin", "2026-11-26T00:00", False),
        ("08:00-19:00 Europe/Berlin", "2026-07-01T18:30", True),  # summer time: 16:30 UTC
    ],
)
def test_the_wall_clock_counts(hours: str, moment: str, holds: bool) -> None:
    assert parse_hours(hours).holds(at(moment)) is holds


@pytest.mark.parametrize(
    "text",
    [
        *("", "Mon 08:00-19:00", "Mon-Fri 8:00-19:00 UTC", "Mon 08:00-25:00 UTC", "Mon 08:60-09:00 UTC"),
        *("08:00-08:00 UTC", "24:00-08:00 UTC", "Mo 08:00-09:00 UTC", "Mon- 08:00-09:00 UTC", "08:00-09:00 ../x"),
        *("08:00-09:00 Europe", "08:00-09:00 Europe/Nowhere", "Mon 08:00-09:00 UTC ", "mon 08:00-09:00 UTC"),
    ],
)
def test_what_is_no_hours_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_hours(text)


def test_without_hours_it_is_always_so() -> None:
    assert is_within((), 0)


def test_the_next_opening_is_told() -> None:
    week = [parse_hours("Mon-Fri 08:00-19:00 Europe/Berlin"), parse_hours("Sat 10:00-12:00 UTC")]
    assert opening(week, at("2026-11-27T20:00")) == "Sat 2026-11-28 10:00 UTC"
    assert opening(week[:1], at("2026-11-27T20:00")) == "Mon 2026-11-30 08:00 Europe/Berlin"
    assert opening([parse_hours("Fri 09:00-10:00 UTC")], at("2026-11-27T20:00")) == "Fri 2026-12-04 09:00 UTC"


MOMENTS = st.integers(1_700_000_000, 2_000_000_000)
TIMES = st.integers(0, 23 * 60 + 59).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@given(st.sampled_from(DAYS), TIMES, TIMES, MOMENTS)
def test_it_opens_when_it_says_and_not_before(day: str, start: str, end: str, now: int) -> None:
    if start == end:
        return
    hours = parse_hours(f"{day} {start}-{end} UTC")
    begin = hours.begins_after(now)
    assert now < begin.timestamp() <= now + 7 * 86400
    assert hours.holds(begin.timestamp())
    assert not hours.holds(begin.timestamp() - 1)
    assert datetime.fromtimestamp(begin.timestamp(), UTC).strftime("%a") == day
