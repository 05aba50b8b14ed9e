"""A store with a clock that a test moves, another way to its tables, and all that it keeps."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, text

from maskproxy.masking import Known, PlaceholderKey
from maskproxy.store.database import open_existing
from maskproxy.store.postgres_url import StorePlace
from maskproxy.store.schema import metadata
from maskproxy.store.sealed_vault import SealedVault
from maskproxy.store.store import Store
from maskproxy.store.vault_rows import Bounds

KEY = b"\x01" * 32
DAY_S = 86400.0


class Shelf:
    """`await open()`, then `store` and `vault()`."""

    def __init__(self, where: StorePlace) -> None:
        self.where = where
        self.now_s = 1_800_000_000.0
        self.told: list[tuple[bool, str]] = []
        self.counted: list[int] = []
        self.tampered: list[int] = []
        self.store: Store

    async def open(self) -> Store:
        def alarm(*, failed: bool, sentence: str) -> None:
            self.told.append((failed, sentence))

        self.store = Store(self.where, alarm=alarm)
        await self.store.start()
        return self.store

    def vault(self, key: bytes = KEY, *, keep_s: float = 7 * DAY_S, bounds: Bounds | None = None) -> SealedVault:
        return SealedVault(
            self.store,
            key,
            keep_s=keep_s,
            wall_ns=lambda: int(self.now_s * 1e9),
            counted=self.counted.append,
            tampered=self.tampered.append,
            bounds=bounds,
        )

    def change(self, statement: str) -> None:
        """As somebody else, beside the store."""
        engine = open_existing(self.where)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def kept(self) -> bytes:
        """Every byte in SQLite's files, or of PostgreSQL's rows."""
        if isinstance(self.where, Path):
            return b"".join(path.read_bytes() for path in sorted(self.where.parent.glob(self.where.name + "*")))
        engine = open_existing(self.where)
        with engine.connect() as connection:
            values = [
                value for table in metadata.sorted_tables for row in connection.execute(select(table)) for value in row
            ]
        engine.dispose()
        return b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def known(secret: bytes, scope: str = "ada", rule: str = "some-rule") -> Known:
    return Known(PlaceholderKey(KEY).scoped(scope).make(rule, secret), rule, secret)
