"""What was revoked, as rows: a person, a token, a session, a grant (of everybody, or of one person) or a request."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from maskproxy.errors import Denied, NotFound
from maskproxy.store import access_events
from maskproxy.store.access_events import Event
from maskproxy.store.schema import revocations

Kind = Literal["person", "token", "session", "grant", "request"]
MOST = 10_000
KEEP_US = 90 * 86_400 * 1_000_000
"""How long one is remembered once it is over."""


class Revocation(NamedTuple):
    """`person_key` is whose grant it is, or empty for everybody's."""

    id: str
    kind: str
    target: str
    person_key: str
    by: str
    reason: str
    at_us: int
    expires_us: int


_COLUMNS = [revocations.c[name] for name in Revocation._fields]
_ROW = revocations.c


def add(connection: Connection, row: Revocation) -> Revocation:
    """Add one, and tell of it. Raises Denied where there are too many."""
    if (connection.execute(select(func.count()).select_from(revocations)).scalar() or 0) >= MOST:
        raise Denied("Too many revocations are kept. Revoke a grant or a person instead, or restore some.")
    put(connection, row)
    access_events.note(connection, _event(row, "revoked", row.by, row.reason, row.at_us))
    return row


def put(connection: Connection, row: Revocation) -> None:
    """Add one of which something else tells."""
    connection.execute(insert(revocations).values(**row._asdict()))


def restore(connection: Connection, revocation: str, *, by: str, reason: str, now_us: int) -> Revocation:
    """Take one back. Raises NotFound, and Denied where it is over."""
    found = connection.execute(select(*_COLUMNS).where(_ROW.id == revocation).with_for_update()).one_or_none()
    if found is None:
        raise NotFound("No revocation has this id. `maskproxy access list` shows those that there are.")
    row = Revocation._make(found)
    if row.kind == "request" or row.expires_us <= now_us:
        raise Denied("This revocation is over, or of a request: ask anew, so that it can be approved again.")
    row = row._replace(expires_us=now_us)
    connection.execute(update(revocations).where(_ROW.id == revocation).values(expires_us=now_us))
    access_events.note(connection, _event(row, "restored", by, reason, now_us))
    return row


def of_now(connection: Connection, now_us: int) -> list[Revocation]:
    """What is in force."""
    rows = connection.execute(select(*_COLUMNS).where(_ROW.expires_us > now_us))
    return [Revocation._make(row) for row in rows]


def listed(connection: Connection) -> list[Revocation]:
    """All but those of requests, which stand at the requests; the latest first."""
    rows = connection.execute(select(*_COLUMNS).where(_ROW.kind != "request").order_by(_ROW.at_us.desc(), _ROW.id))
    return [Revocation._make(row) for row in rows]


def prune(connection: Connection, now_us: int) -> None:
    connection.execute(delete(revocations).where(_ROW.expires_us <= now_us - KEEP_US))


def _event(row: Revocation, event: str, by: str, reason: str, at_us: int) -> Event:
    grant = row.target if row.kind == "grant" else ""
    person = row.target if row.kind == "person" else row.person_key
    return Event(row.id, event, row.kind, row.target, grant, person, "", by, reason, at_us, row.expires_us)
