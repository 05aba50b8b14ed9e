"""What was found for people, as rows: read and written within one transaction of the caller's.

A row is a person's and a placeholder's. Bounds hold after every write: of one person, and of all together, what was
seen longest ago goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, cast, delete, func, select

from maskproxy.store.schema import findings
from maskproxy.store.upserts import Excluded, Upsert

_LAST = ("direction", "place", "action", "mode", "session", "exchange", "fingerprint", "lift", "seen_us")
_SLACK = 16


class FindingRow(NamedTuple):
    """`person` is a keyed hash. Place, session and exchange are those of the last time."""

    person: bytes
    placeholder: str
    rule: str
    direction: str
    place: str
    action: str
    mode: str
    session: str
    exchange: str
    fingerprint: bytes
    lift: int
    times: int
    first_us: int
    seen_us: int


class RuleCount(NamedTuple):
    """What is kept of one rule's findings, over all people."""

    rule: str
    action: str
    mode: str
    people: int
    placeholders: int
    times: int


@dataclass(frozen=True, slots=True)
class FindingBounds:
    person_rows: int = 1_000
    rows: int = 100_000
    keep_us: int = 7 * 86_400 * 1_000_000


def _kept(new: Excluded) -> dict[str, object]:
    return {**{name: new[name] for name in _LAST}, "times": findings.c.times + new.times}


_UPSERT = Upsert(findings, _kept)
_COLUMNS = [findings.c[name] for name in FindingRow._fields]


def write(connection: Connection, rows: Sequence[FindingRow], bounds: FindingBounds) -> None:
    """Add rows; of one that is there already the number of times grows and the rest is told anew."""
    if not rows:
        return
    _UPSERT.run(connection, [row._asdict() for row in rows])
    for person in sorted({row.person for row in rows}):
        newest = (
            select(findings.c.placeholder)
            .where(findings.c.person == person)
            .order_by(findings.c.seen_us.desc())
            .limit(bounds.person_rows)
        )
        connection.execute(delete(findings).where(findings.c.person == person, findings.c.placeholder.not_in(newest)))
    _trim(connection, bounds)


def of_person(connection: Connection, person: bytes, now_us: int, bounds: FindingBounds, most: int) -> list[FindingRow]:
    """Give what was found for a person, the latest first."""
    asked = select(*_COLUMNS).where(findings.c.person == person, findings.c.seen_us > now_us - bounds.keep_us)
    rows = connection.execute(asked.order_by(findings.c.seen_us.desc(), findings.c.placeholder).limit(most))
    return [FindingRow._make(row) for row in rows]


def one(
    connection: Connection, person: bytes, placeholder: str, now_us: int, bounds: FindingBounds
) -> FindingRow | None:
    asked = select(*_COLUMNS).where(
        findings.c.person == person,
        findings.c.placeholder == placeholder,
        findings.c.seen_us > now_us - bounds.keep_us,
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else FindingRow._make(row)


def by_rule(connection: Connection, now_us: int, bounds: FindingBounds) -> list[RuleCount]:
    """Count over all people, the most frequent first. Tells of nobody."""
    columns = (findings.c.rule, findings.c.action, findings.c.mode)
    times = func.sum(findings.c.times)
    asked = (
        select(*columns, func.count(findings.c.person.distinct()), func.count(), cast(times, BigInteger))
        .where(findings.c.seen_us > now_us - bounds.keep_us)
        .group_by(*columns)
        .order_by(times.desc(), *columns)
    )
    return [RuleCount._make(row) for row in connection.execute(asked)]


def prune(connection: Connection, now_us: int, bounds: FindingBounds) -> None:
    """Forget what was not seen for long."""
    connection.execute(delete(findings).where(findings.c.seen_us <= now_us - bounds.keep_us))
    _trim(connection, bounds)


def _trim(connection: Connection, bounds: FindingBounds) -> None:
    """Where there is too much in all, make some room beyond what is needed, so that not every write has to."""
    if (connection.execute(select(func.count()).select_from(findings)).scalar() or 0) <= bounds.rows:
        return
    beyond = select(findings.c.seen_us).order_by(findings.c.seen_us.desc()).offset(bounds.rows - bounds.rows // _SLACK)
    newest_to_go = beyond.limit(1).scalar_subquery()
    connection.execute(delete(findings).where(findings.c.seen_us <= newest_to_go))
