"""Times as SAML writes them (Core 1.3.3): UTC, with a Z."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)


def seconds(text: str) -> float:
    """Seconds since the epoch. Raises `ValueError`; a time without its zone is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("not a time in UTC")
    whole = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    return whole.timestamp() + float(f"0.{match[2] or 0}")


def written(moment: float) -> str:
    """`moment`, down to the second."""
    # Not fromtimestamp, whose range is the platform's.
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(moment))).strftime("%Y-%m-%dT%H:%M:%SZ")
