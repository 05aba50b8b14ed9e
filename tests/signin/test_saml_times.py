"""Times as SAML writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.signin import saml_times


@given(st.integers(0, 253_402_300_799))
def test_what_is_written_is_read_back(moment: int) -> None:
    assert saml_times.seconds(saml_times.written(moment)) == moment
    assert saml_times.written(moment) == datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("2027-01-15T08:00:00.123456789Z", 1_800_000_000.123456789),
    ],
)
def test_a_time_may_have_fractions(text: str, moment: float) -> None:
    assert saml_times.seconds(text) == pytest.approx(moment)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Z", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15T08:00:00+00:00", "2027-01-15T08:00:00z"),
        *("2027-01-15 08:00:00Z", "2027-13-15T08:00:00Z", "2027-02-30T08:00:00Z", "2027-01-15T25:00:00Z"),
        *("2027-01-15T08:00:00.Z", "2027-01-15T08:00:00Z\n", "٢٠٢٧-01-15T08:00:00Z", "12027-01-15T08:00:00Z"),
    ],
)
def test_what_is_no_time_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        saml_times.seconds(text)
