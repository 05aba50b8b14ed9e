"""What is protected, and how much of it one request may hold.

The same string is read once: a conversation carries its history in every request. What was found in a string is kept
by the string's digest; texts are not kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Literal, NamedTuple

from maskproxy.protected.body import Body
from maskproxy.protected.prints import Extent, Prints

_KEPT_STRINGS = 50_000
_MOST_KEPT_PLACES = 2_000_000
_TOLD = 5

_Places = tuple[tuple[int, ...], ...]
"""For each protected tree: where runs were found."""


@dataclass(frozen=True, slots=True)
class Protected:
    """One tree. `lines`: a request that holds so many lines of it, or more, is blocked or told."""

    name: str
    prints: Prints
    lines: int
    action: Literal["block", "alert"]

    @property
    def rule(self) -> str:
        return f"protected-{self.name}"


class Holding(NamedTuple):
    """What a request holds of one tree."""

    protected: Protected
    extents: list[Extent]

    @property
    def lines(self) -> int:
        return sum(extent.last - extent.first + 1 for extent in self.extents)

    @property
    def places(self) -> str:
        """The longest extents, as `src/rates.py 10-42`."""
        longest = sorted(self.extents, key=lambda extent: extent.first - extent.last)[:_TOLD]
        more = ", and more" if len(self.extents) > _TOLD else ""
        return ", ".join(str(extent) for extent in longest) + more


class Protection:
    """All protected trees. Shared by threads."""

    def __init__(self, protected: tuple[Protected, ...]) -> None:
        self.protected = protected
        self._known: OrderedDict[bytes, _Places] = OrderedDict()
        self._kept_places = 0
        self._lock = Lock()

    def __bool__(self) -> bool:
        return bool(self.protected)

    def reading(self, *, is_json: bool) -> Reading:
        """Start reading one request's body."""
        return Reading(self, Body(is_json=is_json))

    def places(self, text: bytes) -> _Places:
        digest = blake2b(text, digest_size=16).digest()
        with self._lock:
            known = self._known.get(digest)
            if known is not None:
                self._known.move_to_end(digest)
                return known
        found = tuple(one.prints.holdings(text) for one in self.protected)
        with self._lock:
            if digest not in self._known:
                self._known[digest] = found
                self._kept_places += _size(found)
            while len(self._known) > _KEPT_STRINGS or self._kept_places > _MOST_KEPT_PLACES:
                self._kept_places -= _size(self._known.popitem(last=False)[1])
        return found


class Reading:
    """One request's body, read in pieces as it arrives."""

    def __init__(self, protection: Protection, body: Body) -> None:
        self._protection = protection
        self._body = body
        self._places: tuple[set[int], ...] = tuple(set() for _ in protection.protected)

    def feed(self, data: bytes) -> None:
        self._read(self._body.feed(data))

    def finish(self) -> None:
        self._read(self._body.finish())

    def _read(self, texts: Iterator[bytes]) -> None:
        for text in texts:
            for held, found in zip(self._places, self._protection.places(text), strict=True):
                held.update(found)

    def over(self) -> list[Holding]:
        """Give the trees of which there are as many lines, so far, as none may have."""
        found = []
        for protected, places in zip(self._protection.protected, self._places, strict=True):
            if places:
                holding = Holding(protected, protected.prints.extents(places))
                if holding.lines >= protected.lines:
                    found.append(holding)
        return found


def _size(places: _Places) -> int:
    return sum(len(found) for found in places)
