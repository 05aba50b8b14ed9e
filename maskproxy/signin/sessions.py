"""Who is signed in: sessions, their tokens, and their end, as a node sees them.

A session begins with a login and ends at the latest when the provider said, and much sooner where the provider cannot
be asked again whether the person is still there. Each refresh asks it again; a person who is gone has no session.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from maskproxy.errors import Unauthenticated, Unavailable
from maskproxy.signin import kept_login
from maskproxy.signin.endings import Endings
from maskproxy.signin.login import Login
from maskproxy.signin.provider import Provider
from maskproxy.signin.refusals import OAuthRefused, invalid_grant
from maskproxy.signin.signing_keys import KeyRing
from maskproxy.signin.tokens import TokenRules, claims_of, signed
from maskproxy.store import session_rows
from maskproxy.store.sealing import Envelope, derived
from maskproxy.store.session_rows import Claimed, SessionBounds, SessionRow, Why
from maskproxy.store.store import Store

CALL_S = 5.0
AGAIN_S = 45.0
"""Longer than a provider takes by its own deadlines."""
GRACE_S = 60.0
"""How long a client whose answer was lost may send the same refresh token again: longer than an answer takes."""
UNASKED_S = 12 * 3600.0
"""How long a session lasts whose provider cannot be asked again."""

PREFIX = "mpr_"

_PURPOSE = b"maskproxy signin 1: logins"
_SUCCESSOR = b"maskproxy signin 1: refresh tokens"
_AGAIN = "This sign-in is over. Sign in again."

Told = Callable[[str, Mapping[str, object]], Awaitable[None]]
"""Takes an event and what belongs to it; never a token."""


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """Seconds: how long a session lasts that can be refreshed, and one that began with another's token."""

    refresh_s: float = 30 * 86400
    exchanged_s: float = 6 * 3600


class Issued(NamedTuple):
    access_token: str
    expires_s: int
    refresh_token: str
    email: str


class Sessions:
    """`close` it behind it. Made anew with each configuration."""

    def __init__(
        self,
        store: Store,
        masking_key: bytes,
        keys: KeyRing,
        rules: TokenRules,
        *,
        providers: Mapping[str, Provider],
        wall_ns: Callable[[], int],
        told: Told,
        endings: Endings,
        times: SessionTimes | None = None,
        bounds: SessionBounds | None = None,
    ) -> None:
        self._store = store
        self._envelope = Envelope(masking_key, _PURPOSE)
        self._successor_key = derived(masking_key, _SUCCESSOR)
        self._keys = keys
        self._rules = rules
        self._providers = providers
        self._wall_ns = wall_ns
        self._told = told
        self._endings = endings
        self.times = times or SessionTimes()
        self._bounds = bounds or SessionBounds()
        self._refreshing: dict[bytes, asyncio.Task[Issued]] = {}
        self.is_revoked: Callable[[str, str], bool] = lambda _key, _subject: False
        """Tells whether a person's access was revoked, by their key or their subject at the provider."""

    async def close(self) -> None:
        """Refreshes that run are finished first: a provider may have used up the token that it was asked with."""
        if self._refreshing:
            await asyncio.wait(self._refreshing.values(), timeout=AGAIN_S)
        for task in list(self._refreshing.values()):
            task.cancel()

    # ---- begin

    def begin_in(self, connection: Connection, login: Login, surface: str) -> tuple[SessionRow, Issued]:
        """Begin a session within a transaction, in the store's thread. Raises Denied, TooMany and Unavailable."""
        now_us = self._now_us
        session, token = secrets.token_hex(16), new_secret(PREFIX)
        data = kept_login.written(login)
        login = kept_login.read(data)
        row = SessionRow(
            id=session,
            person_key=f"{login.issuer}#{login.subject}",
            person_name=login.name,
            provider=login.provider,
            surface=surface,
            sealed=self._envelope.seal(session.encode(), data),
            began_us=now_us,
            refreshed_us=now_us,
            expires_us=self._expires_us(login, now_us),
        )
        if row.expires_us <= now_us:
            raise Unauthenticated(_AGAIN, detail="the login is over before it begins")
        issued = self._issued(login, row, token)
        session_rows.begin(connection, row, hashed(token), self._bounds)
        return row, issued

    async def begin(self, login: Login, surface: str) -> Issued:
        """Raises Denied, TooMany, Unauthenticated, Unavailable and StoreFailed."""
        row, issued = await self._store.call(
            lambda connection: self.begin_in(connection, login, surface), timeout_s=CALL_S, reads_first=True
        )
        await self.tell("signed in", row)
        return issued

    # ---- refresh

    async def refresh(self, token: str) -> Issued:
        """Give a new pair for a refresh token. Raises OAuthRefused, Unavailable and StoreFailed."""
        name = hashed(token)
        task = self._refreshing.get(name)
        if task is None:
            # A task of its own: a client that goes away must not lose what the provider gives out only once.
            task = asyncio.create_task(self._refreshed(token, name), name="refresh")
            self._refreshing[name] = task
            task.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(task)

    def _forget(self, name: bytes, done: asyncio.Task[Issued]) -> None:
        del self._refreshing[name]
        if not done.cancelled():
            done.exception()

    async def _refreshed(self, token: str, name: bytes) -> Issued:
        successor = self._successor(token)
        claimed: Claimed = await self._store.call(
            lambda connection: session_rows.claim(
                connection, name, hashed(successor), self._now_us, int(GRACE_S * 1e6)
            ),
            timeout_s=CALL_S,
            reads_first=True,
        )
        row = claimed.session
        if claimed.outcome == "reused" and row is not None:
            self._endings.note(row.id)
            await self.tell("refresh token reused", row)
        if claimed.outcome not in {"first", "again"} or row is None:
            raise invalid_grant(_AGAIN, answers=401, detail=claimed.outcome)
        data = self._envelope.open(row.id.encode(), row.sealed)
        if data is None:
            raise invalid_grant(_AGAIN, answers=401, detail="what is kept of the login is not what was sealed")
        login = kept_login.read(data)
        if self.is_revoked(row.person_key, login.subject):
            sentence = "Your access was revoked. Ask your security team if you think that this is wrong."
            raise invalid_grant(sentence, answers=401, detail="revoked")
        if claimed.outcome == "first":
            try:
                login, row = await self._asked_again(login, row)
            except OAuthRefused:
                raise
            except BaseException:
                await self._store.call(
                    lambda connection: session_rows.unclaim(connection, name, hashed(successor)),
                    timeout_s=CALL_S,
                    reads_first=True,
                )
                raise
        return self._issued(login, row, successor)

    async def _asked_again(self, login: Login, row: SessionRow) -> tuple[Login, SessionRow]:
        """What the provider says of the person now; the session's end where it says that there is no such person."""
        now_us = self._now_us
        if login.refresh_token is not None or row.provider:
            provider = self._providers.get(row.provider)
            if provider is None:
                raise await self._gone(row, "the provider is no longer configured")
            if login.refresh_token is not None:
                login = kept_login.renewed(login, await self._said_again(provider, login, row))
        if not kept_login.same_person(row, login):
            raise await self._gone(row, "the provider names another person")
        data = kept_login.written(login)
        expires_us = min(self._expires_us(login, row.began_us), row.began_us + int(self.times.refresh_s * 1e6))
        row = row._replace(
            person_name=kept_login.read(data).name,
            sealed=self._envelope.seal(row.id.encode(), data),
            refreshed_us=now_us,
            expires_us=expires_us,
        )
        is_open = await self._store.call(lambda connection: session_rows.renew(connection, row), timeout_s=CALL_S)
        if not is_open or not row.is_open(self._now_us):
            raise invalid_grant(_AGAIN, answers=401, detail="ended meanwhile")
        return kept_login.read(data), row

    async def _said_again(self, provider: Provider, login: Login, row: SessionRow) -> Login:
        try:
            async with asyncio.timeout(AGAIN_S):
                return await provider.again(login, self._now_us / 1e6)
        except Unauthenticated as error:
            raise await self._gone(row, error.detail or "the provider refuses") from error
        except TimeoutError:
            raise Unavailable("The identity provider does not answer. Try again.", retry=True) from None

    async def _gone(self, row: SessionRow, why: str) -> OAuthRefused:
        await self.end(row.id, "gone")
        return invalid_grant("The identity provider no longer vouches for you. Sign in again.", answers=401, detail=why)

    # ---- end

    async def revoke(self, token: str, session: str | None = None) -> None:
        """End the session of a refresh token, or one that is named. What is not known is over already."""
        if session is None:
            found = await self._store.call(
                lambda connection: session_rows.of_token(connection, hashed(token)), timeout_s=CALL_S
            )
            if found is None:
                return
            session = found.id
        await self.end(session, "signed out")

    async def end(self, session: str, why: Why) -> None:
        """End a session here at once, and on every node soon. Raises StoreFailed."""

        def write(connection: Connection) -> SessionRow | None:
            ended = session_rows.end(connection, session, why, self._now_us)
            return session_rows.one(connection, session) if ended else None

        row = await self._store.call(write, timeout_s=CALL_S, reads_first=True)
        if row is not None:
            self._endings.note(session)
            await self.tell(why, row)

    async def prune(self) -> None:
        """Forget what is long over. Raises StoreFailed."""
        await self._store.call(
            lambda connection: session_rows.prune(connection, self._now_us, self._bounds), timeout_s=CALL_S
        )

    async def tell(self, event: str, row: SessionRow) -> None:
        told = {"person": row.person_key, "person_name": row.person_name, "provider": row.provider}
        await self._told(event, {**told, "surface": row.surface, "sign_in": row.id})

    # ---- parts

    def _issued(self, login: Login, row: SessionRow, refresh_token: str) -> Issued:
        now = self._now_us / 1e6
        claims = claims_of(login, row.id, self._rules, now, row.expires_us / 1e6)
        key = self._keys.signing()
        expires_s = max(int(str(claims["exp"])) - int(now), 1)
        return Issued(signed(claims, key.row.kid, key.private), expires_s, refresh_token, login.email)

    def _expires_us(self, login: Login, began_us: int) -> int:
        most_s = self.times.refresh_s if login.refresh_token is not None else min(UNASKED_S, self.times.refresh_s)
        ends_us = began_us + int(most_s * 1e6)
        return ends_us if login.ends_at is None else min(ends_us, int(login.ends_at * 1e6))

    def _successor(self, token: str) -> str:
        """The next refresh token. It follows from this one by a key, so that who sends this again gets the same."""
        return PREFIX + _text(hmac.digest(self._successor_key, token.encode(), "sha256"))

    @property
    def _now_us(self) -> int:
        return self._wall_ns() // 1000


def new_secret(prefix: str = "") -> str:
    """256 random bits, as text."""
    return prefix + _text(secrets.token_bytes(32))


def hashed(secret: str) -> bytes:
    """What the store knows a secret of 256 random bits by."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
