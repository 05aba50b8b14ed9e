"""What people's placeholders stand for, kept sealed for when their conversations no longer say it themselves.

Nobody gets anything out of it but under the scope (a person, or a session) that it was put in under. What was written
lately is not written again, so that a long conversation costs nothing a turn; a use makes it young again now and then.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from maskproxy.masking import Known
from maskproxy.store import vault_rows
from maskproxy.store.sealing import Seals
from maskproxy.store.store import Store
from maskproxy.store.vault_rows import Bounds, Found, Moment, Row

RECALL_S = 5.0
LIMIT_SECRET_BYTES = 64 << 10
"""A longer one is not kept."""

_PRUNE_S = 10.0
_MOST_RECENT = 20_000
_REFRESH_PART = 8
_REFRESH_MOST_S = 6 * 3600.0


class SealedVault:
    """One masking key's view of the store; made anew with each configuration. For the loop's thread."""

    def __init__(
        self,
        store: Store,
        masking_key: bytes,
        *,
        keep_s: float,
        wall_ns: Callable[[], int],
        counted: Callable[[int], None],
        tampered: Callable[[int], None],
        bounds: Bounds | None = None,
    ) -> None:
        """`counted` is told how many secrets are kept in all, `tampered` how many were found that nobody sealed so."""
        self._store = store
        self._seals = Seals(masking_key)
        self._keep_us = int(keep_s * 1e6)
        self._refresh_us = int(min(keep_s / _REFRESH_PART, _REFRESH_MOST_S) * 1e6)
        self._wall_ns = wall_ns
        self._counted = counted
        self._tampered = tampered
        self._bounds = bounds or Bounds()
        self._recent: OrderedDict[tuple[bytes, bytes], tuple[int, int]] = OrderedDict()
        """When what was last written: the time, and a hash of the secret that lives as long as this process."""

    def remember(self, scope: str, secrets: Sequence[Known]) -> None:
        """Keep what is not kept yet, some time soon. A failure is the store's to tell: nobody waits for this."""
        hashed, at = self._seals.scope(scope), self._moment()
        news = [
            known
            for known in secrets
            if len(known.secret) <= LIMIT_SECRET_BYTES and not self._is_recent(hashed, known, at.now_us)
        ]
        if not news:
            return

        def write(connection: Connection) -> int:
            return vault_rows.write(connection, [self._row(hashed, known) for known in news], at, self._bounds)

        def done(rows: int) -> None:
            self._counted(rows)
            for known in news:
                self._note_recent(hashed, known, at.now_us)

        self._store.post(write, done)

    async def recall(self, scope: str, placeholders: Sequence[bytes]) -> list[Known]:
        """Give what is known of these placeholders in this scope. Raises StoreFailed, at a deadline too."""
        hashed, at = self._seals.scope(scope), self._moment()
        names = [placeholder.decode("ascii") for placeholder in placeholders]

        def read(connection: Connection) -> tuple[list[Found], list[Known]]:
            found = vault_rows.read(connection, hashed, names, at)
            return found, [known for row in found if (known := self._opened(hashed, row)) is not None]

        found, opened = await self._store.call(read, timeout_s=RECALL_S)
        if len(opened) < len(found):
            self._tampered(len(found) - len(opened))
        stale = [row.placeholder for row in found if row.seen_us < at.now_us - self._refresh_us]
        if stale:
            self._store.post(lambda connection: vault_rows.touch(connection, hashed, stale, at), lambda _: None)
        return opened

    async def prune(self) -> None:
        """Forget what has expired. Raises StoreFailed."""
        at = self._moment()
        rows = await self._store.call(
            lambda connection: vault_rows.prune(connection, at, self._bounds), timeout_s=_PRUNE_S
        )
        self._counted(rows)

    def _moment(self) -> Moment:
        return Moment(self._wall_ns() // 1000, self._keep_us)

    def _row(self, scope: bytes, known: Known) -> Row:
        name = known.placeholder.decode("ascii")
        sealed = self._seals.seal(scope, name, known.rule, known.secret)
        return Row(scope, name, known.rule, self._seals.digest(scope, name, known.secret), sealed)

    def _opened(self, scope: bytes, row: Found) -> Known | None:
        secret = self._seals.open(scope, row.placeholder, row.rule, row.sealed)
        return None if secret is None else Known(row.placeholder.encode(), row.rule, secret)

    def _is_recent(self, scope: bytes, known: Known, now_us: int) -> bool:
        written_us, secret_hash = self._recent.get((scope, known.placeholder), (0, 0))
        return written_us <= now_us < written_us + self._refresh_us and secret_hash == hash(known.secret)

    def _note_recent(self, scope: bytes, known: Known, now_us: int) -> None:
        self._recent[scope, known.placeholder] = (now_us, hash(known.secret))
        self._recent.move_to_end((scope, known.placeholder))
        if len(self._recent) > _MOST_RECENT:
            self._recent.popitem(last=False)
