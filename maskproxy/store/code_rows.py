"""Codes that clients trade for tokens, and people's attempts to approve them, as rows in a transaction of the caller's.

Codes, states and browsers are known by their hashes alone, and what they stand for is sealed. A code is traded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from maskproxy.errors import TooMany
from maskproxy.store.schema import code_grants, signin_attempts

_SLOWER_US = 5_000_000
"""RFC 8628, 3.5: who polls too fast waits five seconds more from then on."""


class CodeRow(NamedTuple):
    """`bound` is what an authorization code must be traded with; `user_code` is a device code's alone."""

    code: bytes
    user_code: bytes | None
    kind: str
    surface: str
    peer: str
    bound: str
    state: str
    interval_us: int
    polled_us: int
    asked_us: int
    expires_us: int
    sealed: bytes = b""
    session: str = ""


class AttemptRow(NamedTuple):
    state: bytes
    browser: bytes
    stage: str
    sealed: bytes
    expires_us: int


class Polled(NamedTuple):
    outcome: Literal["approved", "pending", "slow", "denied", "expired", "traded", "unknown"]
    row: CodeRow | None = None


@dataclass(frozen=True, slots=True)
class CodeBounds:
    rows: int = 10_000
    """Of codes, and of attempts."""
    peer_rows: int = 200
    """Codes that one address has asked for and that are not over."""
    keep_us: int = 3600 * 1_000_000
    """How long a code that is over is still known as such."""


_CODE = [code_grants.c[name] for name in CodeRow._fields]
_ATTEMPT = [signin_attempts.c[name] for name in AttemptRow._fields]
_FULL = "Too many people sign in at this moment. Wait some minutes, then try again."


def add_code(connection: Connection, row: CodeRow, bounds: CodeBounds) -> None:
    """Raises TooMany."""
    c = code_grants.c
    prune(connection, row.asked_us, bounds)
    counted = select(func.count()).select_from(code_grants)
    alive = c.expires_us > row.asked_us
    mine = (connection.execute(counted.where(alive, c.peer == row.peer)).scalar() or 0) >= bounds.peer_rows
    if mine or (connection.execute(counted).scalar() or 0) >= bounds.rows:
        raise TooMany(_FULL, retry=True)
    connection.execute(insert(code_grants).values(**row._asdict()))


def waiting(connection: Connection, user_code: bytes, now_us: int) -> CodeRow | None:
    """Give what waits for approval under this user code."""
    c = code_grants.c
    asked = select(*_CODE).where(c.user_code == user_code, c.state == "pending", c.expires_us > now_us)
    row = connection.execute(asked).one_or_none()
    return None if row is None else CodeRow._make(row)


def decide(connection: Connection, code: bytes, sealed: bytes | None, now_us: int) -> bool:
    """Approve with what was sealed, or deny without; False where it no longer waits."""
    c = code_grants.c
    values: dict[str, object] = {"state": "denied"} if sealed is None else {"state": "approved", "sealed": sealed}
    done = update(code_grants).where(c.code == code, c.state == "pending", c.expires_us > now_us).values(**values)
    return bool(connection.execute(done).rowcount)


def poll(connection: Connection, code: bytes, kind: str, now_us: int) -> Polled:
    """Look whether a code can be traded. Whoever asks too often has to wait longer."""
    c = code_grants.c
    found = connection.execute(select(*_CODE).where(c.code == code, c.kind == kind)).one_or_none()
    if found is None:
        return Polled("unknown")
    row = CodeRow._make(found)
    if row.state == "traded":
        return Polled("traded", row)
    if now_us >= row.expires_us:
        return Polled("expired", row)
    if row.state != "pending":
        return Polled("denied" if row.state == "denied" else "approved", row)
    is_slow = now_us < row.polled_us + row.interval_us
    interval_us = row.interval_us + (_SLOWER_US if is_slow else 0)
    connection.execute(update(code_grants).where(c.code == code).values(polled_us=now_us, interval_us=interval_us))
    return Polled("slow" if is_slow else "pending", row)


def trade(connection: Connection, code: bytes, session: str) -> None:
    """Note what session a code was traded for. What it stood for is forgotten."""
    values = {"state": "traded", "session": session, "sealed": b""}
    connection.execute(update(code_grants).where(code_grants.c.code == code).values(**values))


def add_attempt(connection: Connection, row: AttemptRow, now_us: int, bounds: CodeBounds) -> None:
    """Raises TooMany."""
    prune(connection, now_us, bounds)
    if (connection.execute(select(func.count()).select_from(signin_attempts)).scalar() or 0) >= bounds.rows:
        raise TooMany(_FULL, retry=True)
    connection.execute(insert(signin_attempts).values(**row._asdict()))


def attempt(connection: Connection, state: bytes, stage: str, now_us: int, *, take: bool) -> AttemptRow | None:
    """Give an attempt in this stage; with `take`, nobody else ever gets it again."""
    c = signin_attempts.c
    asked = select(*_ATTEMPT).where(c.state == state, c.stage == stage, c.expires_us > now_us)
    row = connection.execute(asked).one_or_none()
    if row is not None and take:
        connection.execute(delete(signin_attempts).where(c.state == state))
    return None if row is None else AttemptRow._make(row)


def prune(connection: Connection, now_us: int, bounds: CodeBounds) -> None:
    connection.execute(delete(code_grants).where(code_grants.c.expires_us <= now_us - bounds.keep_us))
    connection.execute(delete(signin_attempts).where(signin_attempts.c.expires_us <= now_us))
