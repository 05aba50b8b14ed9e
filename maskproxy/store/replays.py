"""What may be used once, such as a SAML assertion: remembered over restarts, and by all nodes that share a store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sqlalchemy import Connection, delete, insert, select

from maskproxy.store.schema import replays
from maskproxy.store.store import Store

CALL_S = 5.0


class StoredReplays:
    """`wall_ns` tells the time. Nothing is kept but hashes, until what they stand for is over."""

    def __init__(self, store: Store, *, wall_ns: Callable[[], int]) -> None:
        self._store = store
        self._wall_ns = wall_ns

    async def first(self, id: str, until: float) -> bool:  # noqa: A002 - what callers know it by
        """True the first time that `id` is seen; it is remembered until `until`. Raises StoreFailed."""
        name = hashlib.sha256(id.encode("utf-8", "surrogatepass")).digest()
        now_us, until_us = self._wall_ns() // 1000, int(until * 1e6)

        def write(connection: Connection) -> bool:
            connection.execute(delete(replays).where(replays.c.until_us <= now_us))
            if connection.execute(select(replays.c.id).where(replays.c.id == name)).one_or_none() is not None:
                return False
            connection.execute(insert(replays).values(id=name, until_us=until_us))
            return True

        return await self._store.call(write, timeout_s=CALL_S, reads_first=True)
