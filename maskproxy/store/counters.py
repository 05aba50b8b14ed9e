"""The counters that nodes share, in the store. A person stands in it by a keyed hash."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from sqlalchemy import Connection

from maskproxy.store import counter_rows
from maskproxy.store.sealing import derived
from maskproxy.store.shares import Key, Taken
from maskproxy.store.store import Store

CALL_S = 3.0
_KEEP_S = 2 * 86_400


class StoredCounters:
    """The gateway's `Counters`. For the loop's thread."""

    def __init__(self, store: Store, masking_key: bytes, wall_ns: Callable[[], int]) -> None:
        self._store = store
        self._person_key = derived(masking_key, b"maskproxy counters 1: person")
        self._wall_ns = wall_ns

    async def take(self, key: Key, window_s: int, wanted: int, limit: int) -> Taken:
        """Raises StoreFailed."""
        person = self._hashed(key.person)

        def work(connection: Connection) -> Taken:
            return counter_rows.take_some(connection, person, key.grant, key.counted, window_s, wanted, limit)

        return await self._store.call(work, timeout_s=CALL_S, reads_first=True)

    def add(self, key: Key, window_s: int, count: int) -> None:
        person = self._hashed(key.person)

        def work(connection: Connection) -> None:
            counter_rows.add(connection, person, key.grant, key.counted, window_s, count)

        self._store.post(work, lambda _: None, reads_first=True)

    async def prune(self) -> None:
        """Forget windows that ended long ago. Raises StoreFailed."""
        before_s = int(self._wall_ns() / 1e9) - _KEEP_S
        await self._store.call(lambda connection: counter_rows.prune(connection, before_s), timeout_s=CALL_S)

    def _hashed(self, person: str) -> bytes:
        return hmac.digest(self._person_key, person.encode(), "sha256")
