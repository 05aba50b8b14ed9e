"""Grants that people asked for, as rows: asked, decided on, taken back, within one transaction of the caller's.

An approval is over by the clock alone. One that is taken back leaves a revocation too, so that what runs under it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from maskproxy.errors import Denied, NotFound
from maskproxy.store import access_events, revocation_rows
from maskproxy.store.access_events import Event
from maskproxy.store.revocation_rows import Revocation
from maskproxy.store.schema import access_requests

Decision = Literal["approve", "deny", "revoke"]

_STATES: dict[Decision, tuple[frozenset[str], str, str]] = {
    "approve": (frozenset({"pending"}), "active", "approved"),
    "deny": (frozenset({"pending"}), "denied", "denied"),
    "revoke": (frozenset({"pending", "active"}), "revoked", "revoked"),
}
"""From which states a decision leads to which, and the event's name."""


class RequestRow(NamedTuple):
    id: str
    person_key: str
    person_name: str
    grant: str
    reason: str
    state: str
    for_us: int
    asked_us: int
    expires_us: int

    def state_at(self, now_us: int, wait_us: int) -> str:
        waits = self.state == "pending" and self.asked_us + wait_us <= now_us
        return "expired" if waits or (self.state == "active" and self.expires_us <= now_us) else self.state


@dataclass(frozen=True, slots=True)
class RequestBounds:
    person_rows: int = 20
    """That wait or are in force, of one person."""
    rows: int = 10_000
    wait_us: int = 86_400 * 1_000_000
    """How long one waits for a decision."""
    keep_us: int = 90 * 86_400 * 1_000_000
    """How long it is remembered from when it was asked for, once it is over."""


_COLUMNS = [access_requests.c[name] for name in RequestRow._fields]
_ROW = access_requests.c


def add(connection: Connection, row: RequestRow, bounds: RequestBounds) -> RequestRow:
    """Add one that waits; gives the one that waits already for the same grant. Raises Denied."""
    now_us = row.asked_us
    waits = and_(_ROW.state == "pending", _ROW.asked_us > now_us - bounds.wait_us)
    is_open = or_(waits, and_(_ROW.state == "active", _ROW.expires_us > now_us))
    mine = _ROW.person_key == row.person_key
    known = connection.execute(select(*_COLUMNS).where(mine, waits, _ROW.grant == row.grant).limit(1)).one_or_none()
    if known is not None:
        return RequestRow._make(known)
    for where, most in ((and_(mine, is_open), bounds.person_rows), (is_open, bounds.rows)):
        if (connection.execute(select(func.count()).select_from(access_requests).where(where)).scalar() or 0) >= most:
            raise Denied("Too many requests are open. Let some end, or ask who approves them to revoke some.")
    connection.execute(insert(access_requests).values(**row._asdict()))
    access_events.note(connection, _event(row, "asked", by=row.person_key, reason=row.reason, at_us=now_us))
    return row


def decide(
    connection: Connection,
    request: str,
    decision: Decision,
    *,
    by: str,
    reason: str,
    now_us: int,
    bounds: RequestBounds,
    may: Callable[[RequestRow], None],
) -> RequestRow:
    """`may` raises what keeps the one who decides from it. Raises NotFound, and Denied in another state."""
    found = connection.execute(select(*_COLUMNS).where(_ROW.id == request).with_for_update()).one_or_none()
    if found is None:
        raise NotFound("No request has this id. `maskproxy access list` shows those that there are.")
    row = RequestRow._make(found)
    may(row)
    fitting, state, event = _STATES[decision]
    before = row.state_at(now_us, bounds.wait_us)
    if before not in fitting:
        raise Denied(f"This request is {before}, so there is nothing to {decision}.")
    if decision == "revoke" and before == "active":
        ended = Revocation(f"r{request}", "request", request, row.person_key, by, reason, now_us, row.expires_us)
        revocation_rows.put(connection, ended)
    until_us = now_us + row.for_us if decision == "approve" else min(row.expires_us, now_us)
    row = row._replace(state=state, expires_us=until_us)
    connection.execute(
        update(access_requests).where(_ROW.id == request).values(state=row.state, expires_us=row.expires_us)
    )
    access_events.note(connection, _event(row, event, by=by, reason=reason, at_us=now_us))
    return row


def of_now(connection: Connection, now_us: int, bounds: RequestBounds) -> list[RequestRow]:
    """What waits or is in force."""
    waits = and_(_ROW.state == "pending", _ROW.asked_us > now_us - bounds.wait_us)
    rows = connection.execute(
        select(*_COLUMNS).where(or_(waits, and_(_ROW.state == "active", _ROW.expires_us > now_us)))
    )
    return [RequestRow._make(row) for row in rows]


def listed(connection: Connection) -> list[RequestRow]:
    """Everybody's, the latest first."""
    rows = connection.execute(select(*_COLUMNS).order_by(_ROW.asked_us.desc(), _ROW.id))
    return [RequestRow._make(row) for row in rows]


def prune(connection: Connection, now_us: int, bounds: RequestBounds) -> None:
    """Forget what was asked for long ago and is over."""
    is_over = or_(_ROW.state != "active", _ROW.expires_us <= now_us)
    connection.execute(delete(access_requests).where(is_over, _ROW.asked_us <= now_us - bounds.keep_us))


def _event(row: RequestRow, event: str, *, by: str, reason: str, at_us: int) -> Event:
    return Event(
        row.id, event, "request", row.id, row.grant, row.person_key, row.person_name, by, reason, at_us, row.expires_us
    )
