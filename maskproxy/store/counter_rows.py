"""What people have had of their limits, as rows by window: within one transaction of the caller's."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from maskproxy.store.schema import counters
from maskproxy.store.shares import Taken, take


def had(connection: Connection, person: bytes, grant: str, counted: str, window_s: int) -> int | None:
    asked = select(counters.c.total).where(*_is(person, grant, counted, window_s)).with_for_update()
    return connection.execute(asked).scalar_one_or_none()


def take_some(
    connection: Connection, person: bytes, grant: str, counted: str, window_s: int, wanted: int, limit: int
) -> Taken:
    """Have as much of `wanted` as the limit leaves. Writes what it has read."""
    before = had(connection, person, grant, counted, window_s)
    taken = take(before or 0, wanted, limit)
    if taken.granted:
        _write(connection, person, grant, counted, window_s, taken.total, is_new=before is None)
    return taken


def add(connection: Connection, person: bytes, grant: str, counted: str, window_s: int, count: int) -> None:
    """Count what was had without asking, or give back. Writes what it has read."""
    before = had(connection, person, grant, counted, window_s)
    total = max(0, (before or 0) + count)
    _write(connection, person, grant, counted, window_s, total, is_new=before is None)


def prune(connection: Connection, before_s: int) -> None:
    """Forget windows that began before."""
    connection.execute(delete(counters).where(counters.c.window_s < before_s))


def _write(
    connection: Connection, person: bytes, grant: str, counted: str, window_s: int, total: int, *, is_new: bool
) -> None:
    if is_new:
        values = {"person": person, "grant": grant, "counted": counted, "window_s": window_s, "total": total}
        connection.execute(insert(counters).values(**values))
    else:
        connection.execute(update(counters).where(*_is(person, grant, counted, window_s)).values(total=total))


def _is(person: bytes, grant: str, counted: str, window_s: int) -> list[ColumnElement[bool]]:
    row = counters.c
    return [row.person == person, row.grant == grant, row.counted == counted, row.window_s == window_s]
