"""Who did what about somebody's access, when and why: rows that are told once, by one of the nodes.

Their highest number tells whether anything changed.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from maskproxy.store.schema import access_events

KEEP_US = 180 * 86_400 * 1_000_000


class Event(NamedTuple):
    """`reason` is of whoever made the change; `subject` is the id of a request or a revocation."""

    subject: str
    event: str
    kind: str
    target: str
    grant: str
    person_key: str
    person_name: str
    by: str
    reason: str
    at_us: int
    expires_us: int


_COLUMNS = [access_events.c[name] for name in Event._fields]


def note(connection: Connection, event: Event) -> None:
    connection.execute(insert(access_events).values(**event._asdict(), told=False))


def version(connection: Connection) -> tuple[int, bool]:
    """Give a number that grows with every change, and whether an event waits to be told."""
    latest = connection.execute(select(func.max(access_events.c.number))).scalar() or 0
    waits = connection.execute(select(access_events.c.number).where(access_events.c.told.is_(False)).limit(1))
    return int(latest), waits.one_or_none() is not None


def take(connection: Connection) -> list[Event]:
    """Give the events that nobody has told yet, to be told by the caller: no other node gets them."""
    told = access_events.c.told
    rows = connection.execute(select(*_COLUMNS).where(told.is_(False)).order_by(access_events.c.number))
    events = [Event._make(row) for row in rows]
    connection.execute(update(access_events).where(told.is_(False)).values(told=True))
    return events


def history(connection: Connection) -> dict[str, list[Event]]:
    """Give the events of every subject, in order."""
    found: dict[str, list[Event]] = {}
    for row in connection.execute(select(*_COLUMNS).order_by(access_events.c.number)):
        event = Event._make(row)
        found.setdefault(event.subject, []).append(event)
    return found


def prune(connection: Connection, now_us: int) -> None:
    """Forget what was told long ago. The last one stays: its number is the feed's."""
    latest = select(func.max(access_events.c.number)).scalar_subquery()
    old = access_events.c.at_us <= now_us - KEEP_US
    connection.execute(delete(access_events).where(old, access_events.c.told, access_events.c.number < latest))
