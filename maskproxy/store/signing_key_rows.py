"""The rows of signing keys, in a transaction of the caller's. What a row says counts only where its seal holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from maskproxy.store.schema import signing_keys


class KeyRow(NamedTuple):
    kid: str
    sealed: bytes
    signs_from_us: int
    signs_until_us: int
    ends_us: int
    """Until when tokens that it signed may be shown."""


_COLUMNS = [signing_keys.c[name] for name in KeyRow._fields]


def listed(connection: Connection) -> list[KeyRow]:
    """Give all, the oldest first."""
    return [KeyRow._make(row) for row in connection.execute(select(*_COLUMNS).order_by(signing_keys.c.signs_from_us))]


def kept_up(connection: Connection, now_us: int, missing: Callable[[list[KeyRow]], KeyRow | None]) -> list[KeyRow]:
    """Forget keys that are over, add the one that `missing` finds lacking, and give all."""
    connection.execute(delete(signing_keys).where(signing_keys.c.ends_us <= now_us))
    row = missing(listed(connection))
    if row is not None:
        connection.execute(insert(signing_keys).values(**row._asdict()))
    return listed(connection)
