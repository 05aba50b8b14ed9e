"""The vault's rows, read and written within one transaction of the caller's. Knows nothing of keys or secrets.

Bounds hold after every write: of one scope, and of all together, what was seen longest ago goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, case, delete, func, or_, select, update

from maskproxy.store.schema import vault
from maskproxy.store.upserts import Excluded, Upsert

_AT_A_TIME = 500
_SLACK = 16


class Row(NamedTuple):
    scope: bytes
    placeholder: str
    rule: str
    digest: bytes
    sealed: bytes


class Found(NamedTuple):
    placeholder: str
    rule: str
    sealed: bytes
    seen_us: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept at most; bytes are those of sealed secrets."""

    scope_rows: int = 2_000
    scope_bytes: int = 8 << 20
    rows: int = 100_000
    bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is, and how long something is kept that is seen now."""

    now_us: int
    keep_us: int


def _kept(new: Excluded) -> dict[str, object]:
    is_same = vault.c.digest == new.digest
    return {
        "sealed": case((is_same, vault.c.sealed), else_=b""),
        "digest": case((is_same, vault.c.digest), else_=b""),
        "size_bytes": case((is_same, vault.c.size_bytes), else_=0),
        "seen_us": new.seen_us,
        "expires_us": new.expires_us,
    }


_UPSERT = Upsert(vault, _kept)


def write(connection: Connection, rows: Sequence[Row], at: Moment, bounds: Bounds) -> int:
    """Add rows, or note that they were seen again; give how many there are in all.

    A row whose digest is another than before stands for neither text from then on.
    """
    made = []
    for number, row in enumerate(rows):
        seen_us = at.now_us + number
        times = {"created_us": seen_us, "seen_us": seen_us, "expires_us": seen_us + at.keep_us}
        made.append({**row._asdict(), "size_bytes": len(row.sealed), **times})
    if made:
        _UPSERT.run(connection, made)
    for scope in {row.scope for row in rows}:
        _trim_scope(connection, scope, bounds)
    return _trim(connection, bounds)


def read(connection: Connection, scope: bytes, placeholders: Sequence[str], at: Moment) -> list[Found]:
    """Give what is known of these placeholders in this scope and has not expired."""
    found: list[Found] = []
    for start in range(0, len(placeholders), _AT_A_TIME):
        asked = select(vault.c.placeholder, vault.c.rule, vault.c.sealed, vault.c.seen_us).where(
            vault.c.scope == scope,
            vault.c.placeholder.in_(placeholders[start : start + _AT_A_TIME]),
            vault.c.expires_us > at.now_us,
            vault.c.seen_us > at.now_us - at.keep_us,
            vault.c.size_bytes > 0,
        )
        found += [Found(*row) for row in connection.execute(asked)]
    return found


def touch(connection: Connection, scope: bytes, placeholders: Sequence[str], at: Moment) -> None:
    """Note that these were seen now."""
    for start in range(0, len(placeholders), _AT_A_TIME):
        seen = vault.c.placeholder.in_(placeholders[start : start + _AT_A_TIME])
        values = {"seen_us": at.now_us, "expires_us": at.now_us + at.keep_us}
        connection.execute(update(vault).where(vault.c.scope == scope, seen).values(values))


def prune(connection: Connection, at: Moment, bounds: Bounds) -> int:
    """Forget what has expired; give how many rows there are then."""
    is_over = or_(vault.c.expires_us <= at.now_us, vault.c.seen_us <= at.now_us - at.keep_us)
    connection.execute(delete(vault).where(is_over))
    return _trim(connection, bounds)


def _trim_scope(connection: Connection, scope: bytes, bounds: Bounds) -> None:
    ranked = (
        select(
            vault.c.placeholder,
            func.row_number().over(order_by=vault.c.seen_us.desc()).label("place"),
            func.sum(vault.c.size_bytes).over(order_by=vault.c.seen_us.desc(), rows=(None, 0)).label("bytes"),
        )
        .where(vault.c.scope == scope)
        .subquery()
    )
    beyond = or_(ranked.c.place > bounds.scope_rows, ranked.c.bytes > bounds.scope_bytes)
    oldest = select(ranked.c.placeholder).where(beyond)
    connection.execute(delete(vault).where(vault.c.scope == scope, vault.c.placeholder.in_(oldest)))


def _trim(connection: Connection, bounds: Bounds) -> int:
    """Where there is too much in all, make some room beyond what is needed, so that not every write has to."""
    rows, size = _extent(connection)
    if rows <= bounds.rows and size <= bounds.bytes:
        return rows
    ranked = select(
        vault.c.seen_us,
        func.row_number().over(order_by=vault.c.seen_us.desc()).label("place"),
        func.sum(vault.c.size_bytes).over(order_by=vault.c.seen_us.desc(), rows=(None, 0)).label("bytes"),
    ).subquery()
    beyond = or_(
        ranked.c.place > bounds.rows - bounds.rows // _SLACK, ranked.c.bytes > bounds.bytes - bounds.bytes // _SLACK
    )
    newest_to_go = select(func.max(ranked.c.seen_us)).where(beyond).scalar_subquery()
    connection.execute(delete(vault).where(vault.c.seen_us <= newest_to_go))
    return _extent(connection)[0]


def _extent(connection: Connection) -> tuple[int, int]:
    rows, size = connection.execute(select(func.count(), func.coalesce(func.sum(vault.c.size_bytes), 0))).one()
    return int(rows), int(size)
