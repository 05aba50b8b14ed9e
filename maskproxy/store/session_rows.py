"""Sign-in sessions and their refresh tokens, as rows, within one transaction of the caller's.

A refresh token is used once (RFC 9700, 4.14.2). One that comes back after its successor was used, or later than the
grace for a request that was sent again, ends its session: either of the two who hold it stole it. Only hashes are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, true, update

from maskproxy.errors import TooMany
from maskproxy.store.schema import refresh_tokens, signin_sessions

Why = Literal["signed out", "reused", "gone", "code reused", "revoked"]


class SessionRow(NamedTuple):
    id: str
    person_key: str
    person_name: str
    provider: str
    surface: str
    sealed: bytes
    began_us: int
    refreshed_us: int
    expires_us: int
    ended_us: int = 0
    ended_why: str = ""

    def is_open(self, now_us: int) -> bool:
        return self.ended_us == 0 and now_us < self.expires_us


class Claimed(NamedTuple):
    """What became of a refresh token that was shown."""

    outcome: Literal["first", "again", "reused", "over", "unknown"]
    session: SessionRow | None = None


@dataclass(frozen=True, slots=True)
class SessionBounds:
    person_rows: int = 500
    """Open at a time, of one person."""
    rows: int = 200_000
    """Of all people, whatever became of them."""
    keep_us: int = 86_400 * 1_000_000
    """How long a session is remembered once it is over."""
    keep_used_us: int = 7 * 86_400 * 1_000_000
    """How long a token is known again that was used."""


_COLUMNS = [signin_sessions.c[name] for name in SessionRow._fields]


def begin(connection: Connection, row: SessionRow, token: bytes, bounds: SessionBounds) -> None:
    """Add a session with its first refresh token. Raises TooMany."""
    is_open = and_(signin_sessions.c.ended_us == 0, signin_sessions.c.expires_us > row.began_us)
    mine = and_(signin_sessions.c.person_key == row.person_key, is_open)
    counted = select(func.count()).select_from(signin_sessions)
    for where, most in ((mine, bounds.person_rows), (true(), bounds.rows)):
        if (connection.execute(counted.where(where)).scalar() or 0) >= most:
            raise TooMany("Too many sign-ins are open. Sign out of some, or wait until they end.")
    connection.execute(insert(signin_sessions).values(**row._asdict()))
    connection.execute(insert(refresh_tokens).values(token=token, session=row.id, used_us=0))


def claim(connection: Connection, token: bytes, successor: bytes, now_us: int, grace_us: int) -> Claimed:
    """Use a refresh token up. Of two who come with the same one within the grace, both get the same successor."""
    found = connection.execute(
        select(refresh_tokens.c.session, refresh_tokens.c.used_us).where(refresh_tokens.c.token == token)
    ).one_or_none()
    row = one(connection, found.session) if found is not None else None
    if found is None or row is None:
        return Claimed("unknown")
    if not row.is_open(now_us):
        return Claimed("over", row)
    if found.used_us == 0:
        _use(connection, token, now_us)
        connection.execute(insert(refresh_tokens).values(token=successor, session=row.id, used_us=0))
        return Claimed("first", row)
    fresh = connection.execute(
        select(refresh_tokens.c.token).where(refresh_tokens.c.token == successor, refresh_tokens.c.used_us == 0)
    ).one_or_none()
    if fresh is not None and now_us < found.used_us + grace_us:
        return Claimed("again", row)
    end(connection, row.id, "reused", now_us)
    return Claimed("reused", row)


def unclaim(connection: Connection, token: bytes, successor: bytes) -> None:
    """Make a token good again that was used in vain; not where its successor is already in use."""
    unused = and_(refresh_tokens.c.token == successor, refresh_tokens.c.used_us == 0)
    if connection.execute(delete(refresh_tokens).where(unused)).rowcount:
        _use(connection, token, 0)


def renew(connection: Connection, row: SessionRow) -> bool:
    """Keep what was learnt of the person; False where the session was ended meanwhile."""
    mine = and_(signin_sessions.c.id == row.id, signin_sessions.c.ended_us == 0)
    values = {name: getattr(row, name) for name in ("person_name", "sealed", "refreshed_us", "expires_us")}
    return bool(connection.execute(update(signin_sessions).where(mine).values(**values)).rowcount)


def one(connection: Connection, session: str) -> SessionRow | None:
    row = connection.execute(select(*_COLUMNS).where(signin_sessions.c.id == session)).one_or_none()
    return None if row is None else SessionRow._make(row)


def of_token(connection: Connection, token: bytes) -> SessionRow | None:
    """Give the session that a refresh token belongs to, used or not."""
    session = select(refresh_tokens.c.session).where(refresh_tokens.c.token == token)
    row = connection.execute(select(*_COLUMNS).where(signin_sessions.c.id.in_(session))).one_or_none()
    return None if row is None else SessionRow._make(row)


def end(connection: Connection, session: str, why: Why, now_us: int) -> bool:
    """End it before its time; False where it was over or is not known."""
    mine = and_(signin_sessions.c.id == session, signin_sessions.c.ended_us == 0, signin_sessions.c.expires_us > now_us)
    values = {"ended_us": now_us, "ended_why": why}
    return bool(connection.execute(update(signin_sessions).where(mine).values(**values)).rowcount)


def ended_since(connection: Connection, since_us: int) -> dict[str, int]:
    """Give the sessions that were ended at that time or later, and when."""
    asked = select(signin_sessions.c.id, signin_sessions.c.ended_us).where(signin_sessions.c.ended_us >= since_us)
    return {session: int(ended_us) for session, ended_us in connection.execute(asked)}


def prune(connection: Connection, now_us: int, bounds: SessionBounds) -> None:
    """Forget what is long over."""
    limit_us = now_us - bounds.keep_us
    ended = and_(signin_sessions.c.ended_us > 0, signin_sessions.c.ended_us <= limit_us)
    connection.execute(delete(signin_sessions).where(or_(ended, signin_sessions.c.expires_us <= limit_us)))
    used = and_(refresh_tokens.c.used_us > 0, refresh_tokens.c.used_us <= now_us - bounds.keep_used_us)
    connection.execute(delete(refresh_tokens).where(used))


def _use(connection: Connection, token: bytes, used_us: int) -> None:
    connection.execute(update(refresh_tokens).where(refresh_tokens.c.token == token).values(used_us=used_us))
