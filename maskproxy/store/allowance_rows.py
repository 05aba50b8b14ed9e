"""What people may have as it is, as rows: asked for, decided on, taken back, within one transaction of the caller's.

Every change leaves an event that says who made it, when and why; nodes look at the events' highest number to see that
something changed. An allowance is over by the clock alone: nobody has to write that down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, or_, select, update

from maskproxy.errors import Denied, NotFound
from maskproxy.masking import Lift
from maskproxy.store.schema import allowance_events, allowances

Decision = Literal["approve", "deny", "revoke"]
State = Literal["pending", "active", "denied", "revoked", "expired"]

_STATES: dict[Decision, tuple[frozenset[str], str, str]] = {
    "approve": (frozenset({"pending"}), "active", "approved"),
    "deny": (frozenset({"pending"}), "denied", "denied"),
    "revoke": (frozenset({"pending", "active"}), "revoked", "revoked"),
}
"""From which states a decision leads to which, and the event's name."""


class AllowanceRow(NamedTuple):
    id: str
    person: bytes
    person_key: str
    person_name: str
    placeholder: str
    rule: str
    fingerprint: bytes
    reach: int
    reason: str
    state: str
    for_us: int
    asked_us: int
    expires_us: int

    def state_at(self, now_us: int) -> str:
        return "expired" if self.state == "active" and self.expires_us <= now_us else self.state


class Live(NamedTuple):
    """What is in force now, or was when it was read."""

    person: bytes
    fingerprint: bytes
    reach: Lift
    expires_us: int


class Event(NamedTuple):
    """`reason` is of whoever made the change."""

    allowance: str
    event: str
    by: str
    reason: str
    at_us: int
    person_key: str
    person_name: str
    placeholder: str
    rule: str
    expires_us: int


@dataclass(frozen=True, slots=True)
class AllowanceBounds:
    person_rows: int = 100
    """That wait or are in force, of one person."""
    rows: int = 10_000
    """Of all people, whatever became of them."""
    wait_us: int = 30 * 86_400 * 1_000_000
    """How long one waits for a decision."""
    keep_us: int = 90 * 86_400 * 1_000_000
    """How long it is remembered from when it was asked for, once it is over."""


_COLUMNS = [allowances.c[name] for name in AllowanceRow._fields]


def add(connection: Connection, row: AllowanceRow, bounds: AllowanceBounds) -> AllowanceRow:
    """Add one that waits or is in force; gives the one that waits already for the same text. Raises Denied."""
    now_us = row.asked_us
    is_open = or_(
        and_(allowances.c.state == "pending", allowances.c.asked_us > now_us - bounds.wait_us),
        and_(allowances.c.state == "active", allowances.c.expires_us > now_us),
    )
    mine = allowances.c.person == row.person
    if row.state == "pending":
        same = and_(mine, is_open, allowances.c.state == "pending", allowances.c.fingerprint == row.fingerprint)
        known = connection.execute(select(*_COLUMNS).where(same).limit(1)).one_or_none()
        if known is not None:
            return AllowanceRow._make(known)
    if _count(connection, and_(mine, is_open)) >= bounds.person_rows or _count(connection, is_open) >= bounds.rows:
        raise Denied("Too many allowances are open. Let some end, or ask the gateway's operators to revoke some.")
    connection.execute(insert(allowances).values(**row._asdict()))
    event = "allowed" if row.state == "active" else "asked"
    _note(connection, row.id, event, by=row.person_key, reason=row.reason, at_us=now_us)
    return row


def decide(
    connection: Connection, allowance: str, decision: Decision, *, by: str, reason: str, now_us: int
) -> AllowanceRow:
    """Raises NotFound, and Denied where it is not in a state for this."""
    found = connection.execute(select(*_COLUMNS).where(allowances.c.id == allowance)).one_or_none()
    if found is None:
        raise NotFound("No allowance has this id. `maskproxy allow list` shows those that there are.")
    row = AllowanceRow._make(found)
    fitting, state, event = _STATES[decision]
    if row.state_at(now_us) not in fitting:
        raise Denied(f"This allowance is {row.state_at(now_us)}, so there is nothing to {decision}.")
    row = row._replace(state=state)
    if decision == "approve":
        row = row._replace(reach=int(Lift.APPROVAL), expires_us=now_us + row.for_us)
    elif decision == "revoke":
        row = row._replace(expires_us=min(row.expires_us, now_us))
    values = {"state": row.state, "reach": row.reach, "expires_us": row.expires_us}
    connection.execute(update(allowances).where(allowances.c.id == allowance).values(**values))
    _note(connection, allowance, event, by=by, reason=reason, at_us=now_us)
    return row


def live(connection: Connection, now_us: int) -> list[Live]:
    asked = select(allowances.c.person, allowances.c.fingerprint, allowances.c.reach, allowances.c.expires_us)
    rows = connection.execute(asked.where(allowances.c.state == "active", allowances.c.expires_us > now_us))
    return [Live(person, fingerprint, Lift(reach), expires_us) for person, fingerprint, reach, expires_us in rows]


def listed(connection: Connection, person: bytes | None = None) -> list[AllowanceRow]:
    """Give a person's, or everybody's, the latest first."""
    asked = select(*_COLUMNS).order_by(allowances.c.asked_us.desc(), allowances.c.id)
    if person is not None:
        asked = asked.where(allowances.c.person == person)
    return [AllowanceRow._make(row) for row in connection.execute(asked)]


def history(connection: Connection) -> dict[str, list[Event]]:
    """Give the events of every allowance, in order."""
    found: dict[str, list[Event]] = {}
    for row in connection.execute(_events().order_by(allowance_events.c.number)):
        event = Event._make(row)
        found.setdefault(event.allowance, []).append(event)
    return found


def version(connection: Connection) -> tuple[int, bool]:
    """Give a number that grows with every change, and whether an event waits to be told."""
    latest = connection.execute(select(func.max(allowance_events.c.number))).scalar() or 0
    waits = connection.execute(select(allowance_events.c.number).where(allowance_events.c.told.is_(False)).limit(1))
    return int(latest), waits.one_or_none() is not None


def take_events(connection: Connection) -> list[Event]:
    """Give the events that nobody has told yet, to be told by the caller: no other node gets them."""
    rows = connection.execute(_events().where(allowance_events.c.told.is_(False)).order_by(allowance_events.c.number))
    events = [Event._make(row) for row in rows]
    connection.execute(update(allowance_events).where(allowance_events.c.told.is_(False)).values(told=True))
    return events


def prune(connection: Connection, now_us: int, bounds: AllowanceBounds) -> None:
    """Forget what is long over, with its events; beyond the bound in all, what was asked for longest ago."""
    is_over = or_(
        and_(allowances.c.state == "pending", allowances.c.asked_us <= now_us - bounds.wait_us),
        and_(
            allowances.c.state != "pending",
            allowances.c.expires_us <= now_us,
            allowances.c.asked_us <= now_us - bounds.keep_us,
        ),
    )
    connection.execute(delete(allowances).where(is_over))
    newest = select(allowances.c.id).order_by(allowances.c.asked_us.desc()).limit(bounds.rows)
    ended = or_(allowances.c.state.in_(("denied", "revoked")), allowances.c.expires_us <= now_us)
    connection.execute(delete(allowances).where(allowances.c.state != "pending", ended, allowances.c.id.not_in(newest)))


def _events() -> Select[tuple[str, str, str, str, int, str, str, str, str, int]]:
    event, allowance = allowance_events.c, allowances.c
    columns = (event.allowance, event.event, event.by, event.reason, event.at_us)
    told = (allowance.person_key, allowance.person_name, allowance.placeholder, allowance.rule, allowance.expires_us)
    return select(*columns, *told).join(allowances, allowance.id == event.allowance)


def _note(connection: Connection, allowance: str, event: str, *, by: str, reason: str, at_us: int) -> None:
    values = {"allowance": allowance, "event": event, "by": by, "reason": reason, "at_us": at_us, "told": False}
    connection.execute(insert(allowance_events).values(**values))


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(allowances).where(where)).scalar() or 0
