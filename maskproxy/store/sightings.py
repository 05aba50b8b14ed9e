"""What the gateway tells the store of people: plain values, so that nobody needs a database to say them."""

from __future__ import annotations

from typing import NamedTuple


class Sighting(NamedTuple):
    """A finding of one exchange, as it is told to its person."""

    rule: str
    placeholder: str
    direction: str
    place: str
    action: str
    mode: str
    session: str
    exchange: str


class Asker(NamedTuple):
    """Who asks for an allowance."""

    key: str
    name: str
