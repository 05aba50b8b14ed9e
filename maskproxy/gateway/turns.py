"""Turns under a grant's limits: who may begin another exchange now, and what it took.

What runs at a time is counted on this node. Requests and tokens are counted over all nodes, by leases: where the
counters cannot be reached, whoever's lease is spent is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from maskproxy.access.grants import Grant
from maskproxy.access.limits import Counted, in_words, lease, window_end_s, window_s
from maskproxy.errors import OverCap, StoreFailed, TooMany
from maskproxy.store.shares import Key, Taken, take

_MOST_PURSES = 100_000
_SOON_S = 5
"""When to come again where only somebody's own exchanges stand in the way."""
_WARN_AT = 0.9


class Counters(Protocol):
    """What all nodes count together, by window."""

    async def take(self, key: Key, window_s: int, wanted: int, limit: int) -> Taken:
        """Have as much of `wanted` as the limit leaves. Raises StoreFailed."""
        ...

    def add(self, key: Key, window_s: int, count: int) -> None:
        """Count what was had without asking, some time; a negative count gives back."""
        ...

    async def prune(self) -> None:
        """Forget windows that ended long ago. Raises StoreFailed."""
        ...


class MemoryCounters:
    """Where there is no store: this node's own, until it ends."""

    def __init__(self) -> None:
        self._totals: dict[tuple[Key, int], int] = {}

    async def take(self, key: Key, window_s: int, wanted: int, limit: int) -> Taken:
        if len(self._totals) >= _MOST_PURSES:
            self._forget(window_s)
        taken = take(self._totals.get((key, window_s), 0), wanted, limit)
        self._totals[key, window_s] = taken.total
        return taken

    def add(self, key: Key, window_s: int, count: int) -> None:
        self._totals[key, window_s] = self._totals.get((key, window_s), 0) + count

    async def prune(self) -> None:
        """Done whenever there are very many."""

    def _forget(self, now_s: int) -> None:
        ended = [place for place in self._totals if window_end_s(place[0].counted, place[1]) < now_s]
        for place in ended or list(self._totals)[: _MOST_PURSES // 10]:
            del self._totals[place]


@dataclass(slots=True)
class _Purse:
    """What this node may still spend of a counter in one window."""

    begin_s: int
    left: int = 0
    total: int = 0
    """What all nodes together had of it when this one asked last."""
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Standing(NamedTuple):
    """How somebody stands against the day's cap."""

    is_near: bool
    resets_s: int


class Turns:
    """The limits of everybody. Kept while configurations change."""

    def __init__(self, counters: Counters, wall_ns: Callable[[], int]) -> None:
        self._counters = counters
        self._wall_ns = wall_ns
        self._running: dict[tuple[str, str], int] = {}
        self._purses: dict[Key, _Purse] = {}

    async def begin(self, person: str, grant: Grant, *, costs_tokens: bool) -> Turn:
        """Raises TooMany, OverCap, and StoreFailed where nobody can tell."""
        place, limits = (person, grant.name), grant.limits
        running = self._running.get(place, 0)
        if running >= limits.streams:
            raise TooMany(
                f"You have {running} requests running, and your grant {grant.name} allows no more at a time. Wait for "
                "one of them to end, then try again.",
                retry_after_s=_SOON_S,
            )
        self._running[place] = running + 1
        turn = Turn(self, place, None if limits.tokens_per_day is None or not costs_tokens else limits.tokens_per_day)
        try:
            # Tokens first: what is refused for them has not used up a request.
            if turn.cap is not None and (await self._filled(Key(*place, "tokens"), turn.cap)).left < 1:
                raise self._over_cap(grant.name, turn.cap)
            if limits.requests_per_minute is not None:
                purse = await self._filled(Key(*place, "requests"), limits.requests_per_minute)
                if purse.left < 1:
                    raise self._too_many(grant.name, limits.requests_per_minute)
                purse.left -= 1
        except BaseException:
            turn.end()
            raise
        return turn

    async def _filled(self, key: Key, limit: int) -> _Purse:
        """The purse of now, with something in it if the limit leaves anything."""
        purse = self._purse(key)
        if purse.left > 0:
            return purse
        async with purse.asking:
            if purse.left < 1:
                try:
                    taken = await self._counters.take(key, purse.begin_s, lease(key.counted, limit), limit)
                except StoreFailed as error:
                    raise StoreFailed(
                        "Nobody can tell at the moment how much your grant leaves you. Try again soon.",
                        detail=error.detail,
                        retry=True,
                    ) from error
                purse.left += taken.granted
                purse.total = taken.total
        return purse

    def _purse(self, key: Key) -> _Purse:
        begin_s = window_s(key.counted, self._now)
        purse = self._purses.get(key)
        if purse is None or purse.begin_s != begin_s:
            if purse is None and len(self._purses) >= _MOST_PURSES:
                self._forget()
            purse = self._purses[key] = _Purse(begin_s)
        return purse

    def _forget(self) -> None:
        now = self._now
        for key in [key for key, purse in self._purses.items() if purse.begin_s != window_s(key.counted, now)]:
            del self._purses[key]

    def spend(self, place: tuple[str, str], tokens: int) -> None:
        """Count tokens; what the lease does not cover is told to all nodes."""
        key = Key(*place, "tokens")
        purse = self._purse(key)
        beyond = max(0, tokens - purse.left)
        purse.left -= tokens - beyond
        if beyond:
            purse.total += beyond
            self._counters.add(key, purse.begin_s, beyond)

    def standing(self, place: tuple[str, str], cap: int) -> Standing:
        purse = self._purse(Key(*place, "tokens"))
        return Standing(purse.total - purse.left >= cap * _WARN_AT, window_end_s("tokens", purse.begin_s))

    def ended(self, place: tuple[str, str]) -> None:
        left = self._running.pop(place) - 1
        if left:
            self._running[place] = left

    async def prune(self) -> None:
        """Forget what was counted long ago. Raises StoreFailed."""
        await self._counters.prune()

    def give_back(self) -> None:
        """What is leased and not spent, at this node's end."""
        for key, purse in self._purses.items():
            if purse.left > 0 and purse.begin_s == window_s(key.counted, self._now):
                self._counters.add(key, purse.begin_s, -purse.left)
        self._purses.clear()

    def _too_many(self, grant: str, limit: int) -> TooMany:
        wait_s, at = self._reset("requests")
        return TooMany(
            f"Your grant {grant} allows {limit} requests a minute, and you have sent them. It resets in "
            f"{in_words(wait_s)}, at {at:%H:%M:%S} UTC.",
            retry_after_s=wait_s,
        )

    def _over_cap(self, grant: str, cap: int) -> OverCap:
        wait_s, at = self._reset("tokens")
        return OverCap(
            f"Your grant {grant} allows {cap} tokens a day, and they are used up. It resets in {in_words(wait_s)}, at "
            f"{at:%Y-%m-%d %H:%M} UTC.",
            retry_after_s=wait_s,
        )

    def _reset(self, counted: Counted) -> tuple[int, datetime]:
        now = self._now
        end_s = window_end_s(counted, window_s(counted, now))
        return max(1, int(end_s - now + 0.999)), datetime.fromtimestamp(end_s, UTC)

    @property
    def _now(self) -> float:
        return self._wall_ns() / 1e9


class Turn:
    """One exchange's: `with` ends it."""

    __slots__ = ("_place", "_spent", "_turns", "cap")

    def __init__(self, turns: Turns, place: tuple[str, str], cap: int | None) -> None:
        self._turns: Turns | None = turns
        self._place = place
        self._spent = 0
        self.cap = cap
        """Tokens a day, where they are counted."""

    def spent(self, tokens: int) -> None:
        """Note how many tokens the exchange took up to now, in all."""
        if self._turns is not None and tokens > self._spent:
            self._turns.spend(self._place, tokens - self._spent)
            self._spent = tokens

    @property
    def standing(self) -> Standing | None:
        if self._turns is None or self.cap is None:
            return None
        return self._turns.standing(self._place, self.cap)

    def end(self) -> None:
        turns, self._turns = self._turns, None
        if turns is not None:
            turns.ended(self._place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.end()
