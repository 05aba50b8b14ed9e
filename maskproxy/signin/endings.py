"""Which sessions were ended before their time, on whatever node: known here a second later.

A node that could not read them for half a minute does not know whether a token of ours still counts, and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from maskproxy.errors import StoreFailed, Unavailable
from maskproxy.store import session_rows
from maskproxy.store.following import Following
from maskproxy.store.store import Store

CALL_S = 5.0
POLL_S = 1.0
STALE_S = 30.0

_SKEW_S = 600.0


class Endings:
    """`start` and `close` frame its life."""

    def __init__(
        self, store: Store, life_s: float, *, wall_ns: Callable[[], int], unforeseen: Callable[[Exception], None]
    ) -> None:
        """`life_s` is how long a token is valid: so long an end is remembered."""
        self._store = store
        self._keep_us = int((life_s + _SKEW_S) * 1e6)
        self._wall_ns = wall_ns
        self._unforeseen = unforeseen
        self._ended: dict[str, int] = {}
        self._read_s: float | None = None
        self._following: Following | None = None

    async def start(self) -> None:
        with contextlib.suppress(StoreFailed):
            await self.look()
        self._following = Following(self.look, every_s=POLL_S, name="ended sessions", unforeseen=self._unforeseen)
        self._following.start()

    async def close(self) -> None:
        if self._following is not None:
            await self._following.close()

    @property
    def none_ended(self) -> bool:
        """It is known that none was."""
        return not self._ended and not self._is_stale()

    def _is_stale(self) -> bool:
        return self._read_s is None or asyncio.get_running_loop().time() > self._read_s + STALE_S

    def is_over(self, session: str) -> bool:
        """Tell whether a session was ended before its time. Raises Unavailable when that cannot be known."""
        if self._is_stale():
            raise Unavailable("Whether this sign-in still counts cannot be looked up right now. Try again.", retry=True)
        return session in self._ended

    def note(self, session: str) -> None:
        """It was ended here, just now."""
        self._ended[session] = self._wall_ns() // 1000

    async def look(self) -> None:
        """Read what was ended, as long as a token of it may be valid. Raises StoreFailed."""
        begun_s = asyncio.get_running_loop().time()
        since_us = self._wall_ns() // 1000 - self._keep_us
        found = await self._store.call(
            lambda connection: session_rows.ended_since(connection, since_us), timeout_s=CALL_S
        )
        # What was ended here while the store was read stays ended.
        recent = {session: ended_us for session, ended_us in self._ended.items() if ended_us >= since_us}
        self._ended = recent | found
        self._read_s = begun_s
