"""Whose files and batches are, in the store: all people share one credential upstream, and so one namespace.

A person stands in it by a keyed hash. A batch is forgotten when the API has long forgotten it, a file once it is
deleted.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence

from maskproxy.store import owner_rows
from maskproxy.store.owner_rows import Kind
from maskproxy.store.sealing import derived
from maskproxy.store.store import Store

CALL_S = 5.0
_BATCHES_US = 90 * 86_400 * 1_000_000


class Owners:
    """For the loop's thread. What is waited for raises StoreFailed."""

    def __init__(self, store: Store, masking_key: bytes, wall_ns: Callable[[], int]) -> None:
        self._store = store
        self._person_key = derived(masking_key, b"maskproxy owners 1: person")
        self._wall_ns = wall_ns

    async def claim(self, person: str, kind: Kind, ids: Sequence[str]) -> None:
        """Write down that the person made these, unless somebody else did."""
        hashed, now_us = self._hashed(person), self._wall_ns() // 1000
        await self._store.call(
            lambda connection: owner_rows.claim(connection, hashed, kind, ids, now_us),
            timeout_s=CALL_S,
            reads_first=True,
        )

    async def owned(self, person: str, kind: Kind, ids: Sequence[str]) -> frozenset[str]:
        """Give those of these that are the person's."""
        hashed = self._hashed(person)
        return await self._store.call(
            lambda connection: owner_rows.owned(connection, hashed, kind, ids), timeout_s=CALL_S
        )

    def count(self, kind: Kind, name: str, tokens: int, new: Callable[[int], None]) -> None:
        """Note some time how many tokens something took in all; `new` gets how many of them were not known."""
        self._store.post(lambda connection: owner_rows.count(connection, kind, name, tokens), new, reads_first=True)

    async def forget(self, kind: Kind, name: str) -> None:
        await self._store.call(lambda connection: owner_rows.forget(connection, kind, name), timeout_s=CALL_S)

    async def prune(self) -> None:
        before_us = self._wall_ns() // 1000 - _BATCHES_US
        await self._store.call(lambda connection: owner_rows.prune(connection, "batch", before_us), timeout_s=CALL_S)

    def _hashed(self, person: str) -> bytes:
        return hmac.digest(self._person_key, person.encode(), "sha256")
