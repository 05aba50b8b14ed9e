"""Who was given a grant for a time, and what was revoked: a node's view of the store, for its loop's thread.

What is in force is kept in memory and looked up anew every `POLL_S` seconds, so that a decision counts on every node
within seconds. A node that could not read the store for `STALE_S` seconds knows nothing any more, and says so.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection

from maskproxy.errors import StoreFailed
from maskproxy.store import access_events, access_rows, revocation_rows
from maskproxy.store.access_events import Event
from maskproxy.store.access_rows import Decision, RequestBounds, RequestRow
from maskproxy.store.following import Following
from maskproxy.store.revocation_rows import Kind, Revocation
from maskproxy.store.sightings import Asker
from maskproxy.store.store import Store

T = TypeVar("T")

POLL_S = 1.0
CALL_S = 3.0
STALE_S = 30.0
MOST_LISTED = 1_000


class Approved(NamedTuple):
    request: str
    until_us: int


class Access:
    """`start` and `close` frame its life. Kept while configurations change."""

    def __init__(
        self,
        store: Store,
        *,
        wall_ns: Callable[[], int],
        mono_ns: Callable[[], int],
        audited: Callable[[Event], Awaitable[None]],
        unforeseen: Callable[[Exception], None],
        bounds: RequestBounds | None = None,
    ) -> None:
        """`audited` is told each event once, by one of the nodes; `unforeseen` what is not the store's to tell."""
        self._store = store
        self._wall_ns = wall_ns
        self._mono_ns = mono_ns
        self._audited = audited
        self._unforeseen = unforeseen
        self._bounds = bounds or RequestBounds()
        self._version = -1
        self._read_at_ns: int | None = None
        self._approved: dict[str, dict[str, Approved]] = {}
        self._waiting: dict[str, frozenset[str]] = {}
        self._revoked: dict[tuple[str, str, str], int] = {}
        self._following: Following | None = None
        self.on_look: Callable[[], None] = lambda: None
        """Called after each look at the store, whether it succeeded or not."""

    async def start(self) -> None:
        with contextlib.suppress(StoreFailed):
            await self.refresh()
        self._following = Following(
            self.refresh, every_s=POLL_S, name="access", unforeseen=self._unforeseen, failed=self._looked
        )
        self._following.start()

    async def close(self) -> None:
        if self._following is not None:
            await self._following.close()

    def _looked(self) -> None:
        self.on_look()

    # ---- in an exchange

    @property
    def is_stale(self) -> bool:
        """Tell whether what is known was read too long ago to go by."""
        return self._read_at_ns is None or self._mono_ns() - self._read_at_ns > STALE_S * 1e9

    def approved(self, person: str) -> dict[str, Approved]:
        """The grants that the person has by approval, by name."""
        now_us = self._now_us
        return {name: one for name, one in self._approved.get(person, {}).items() if one.until_us > now_us}

    def waiting(self, person: str) -> frozenset[str]:
        """The grants that the person asked for and that nobody decided on."""
        return self._waiting.get(person, frozenset())

    @property
    def refuses_nobody(self) -> bool:
        """Tell whether nothing is revoked, and that is known."""
        return not self._revoked and not self.is_stale

    def is_revoked(self, kind: Kind, target: str, person: str = "") -> bool:
        until_us = self._revoked.get((kind, target, person)) if self._revoked else None
        return until_us is not None and until_us > self._now_us

    # ---- for people

    def state(self, row: RequestRow) -> str:
        return row.state_at(self._now_us, self._bounds.wait_us)

    async def ask(self, who: Asker, grant: str, for_s: float, reason: str) -> RequestRow:
        """Raises Denied and StoreFailed."""
        row = RequestRow(
            f"g{secrets.token_hex(6)}", who.key, who.name, grant, reason, "pending", int(for_s * 1e6), self._now_us, 0
        )
        return await self._change(lambda connection: access_rows.add(connection, row, self._bounds))

    async def decide(
        self, request: str, decision: Decision, *, by: str, reason: str, may: Callable[[RequestRow], None]
    ) -> RequestRow:
        """Raises NotFound, Denied, what `may` raises, and StoreFailed."""
        now_us, bounds = self._now_us, self._bounds
        return await self._change(
            lambda connection: access_rows.decide(
                connection, request, decision, by=by, reason=reason, now_us=now_us, bounds=bounds, may=may
            )
        )

    async def revoke(self, kind: Kind, target: str, person: str, *, for_s: float, by: str, reason: str) -> Revocation:
        """Raises Denied and StoreFailed."""
        row = revocation(kind, target, person, now_us=self._now_us, for_s=for_s, by=by, reason=reason)
        return await self._change(lambda connection: revocation_rows.add(connection, row))

    async def restore(self, revoked: str, *, by: str, reason: str) -> Revocation:
        """Raises NotFound, Denied and StoreFailed."""
        now_us = self._now_us
        return await self._change(
            lambda connection: revocation_rows.restore(connection, revoked, by=by, reason=reason, now_us=now_us)
        )

    async def listed(self) -> tuple[list[RequestRow], list[Revocation]]:
        """Everybody's, the latest first. Raises StoreFailed."""
        return await self._store.call(
            lambda connection: (access_rows.listed(connection), revocation_rows.listed(connection)), timeout_s=CALL_S
        )

    # ---- in step with the store

    async def refresh(self) -> None:
        """Read what changed, and tell the events that nobody has told. Raises StoreFailed."""
        now_us, seen = self._now_us, self._version

        def read(connection: Connection) -> tuple[int, bool, tuple[list[RequestRow], list[Revocation]] | None]:
            version, waits = access_events.version(connection)
            if version == seen:
                return version, waits, None
            known = access_rows.of_now(connection, now_us, self._bounds), revocation_rows.of_now(connection, now_us)
            return version, waits, known

        begun_ns = self._mono_ns()
        version, waits, known = await self._store.call(read, timeout_s=CALL_S)
        self._read_at_ns = begun_ns
        if known is not None:
            self._take(*known)
            self._version = version
        self.on_look()
        if waits:
            for event in await self._store.call(access_events.take, timeout_s=CALL_S, reads_first=True):
                await self._audited(event)

    async def prune(self) -> None:
        """Forget what is over. Raises StoreFailed."""
        now_us = self._now_us

        def write(connection: Connection) -> None:
            access_rows.prune(connection, now_us, self._bounds)
            revocation_rows.prune(connection, now_us)
            access_events.prune(connection, now_us)

        await self._store.call(write, timeout_s=CALL_S)

    async def _change(self, work: Callable[[Connection], T]) -> T:
        made = await self._store.call(work, timeout_s=CALL_S, reads_first=True)
        with contextlib.suppress(StoreFailed):
            await self.refresh()
        return made

    def _take(self, requests: Sequence[RequestRow], revoked: Sequence[Revocation]) -> None:
        approved: dict[str, dict[str, Approved]] = {}
        waiting: dict[str, set[str]] = {}
        for row in requests:
            if row.state == "active":
                mine = approved.setdefault(row.person_key, {})
                before = mine.get(row.grant)
                if before is None or before.until_us < row.expires_us:
                    mine[row.grant] = Approved(row.id, row.expires_us)
            else:
                waiting.setdefault(row.person_key, set()).add(row.grant)
        self._approved = approved
        self._waiting = {person: frozenset(grants) for person, grants in waiting.items()}
        self._revoked = {}
        for one in revoked:
            place = (one.kind, one.target, one.person_key if one.kind == "grant" else "")
            self._revoked[place] = max(one.expires_us, self._revoked.get(place, 0))

    @property
    def _now_us(self) -> int:
        return self._wall_ns() // 1000


def revocation(kind: Kind, target: str, person: str, *, now_us: int, for_s: float, by: str, reason: str) -> Revocation:
    return Revocation(f"r{secrets.token_hex(6)}", kind, target, person, by, reason, now_us, now_us + int(for_s * 1e6))
