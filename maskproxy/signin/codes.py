"""What a client holds while its person signs in, and trades for tokens: device codes (RFC 8628), authorization codes.

A code is traded once. One that comes a second time ends the session that the first gave (RFC 6749, 4.1.2): whoever
sent it again may have stolen it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from maskproxy.errors import MaskproxyError
from maskproxy.signin import kept_login, user_codes
from maskproxy.signin.endings import Endings
from maskproxy.signin.login import Login
from maskproxy.signin.refusals import OAuthRefused, invalid_grant
from maskproxy.signin.sessions import Issued, Sessions, hashed, new_secret
from maskproxy.store import code_rows, session_rows
from maskproxy.store.code_rows import CodeBounds, CodeRow, Polled
from maskproxy.store.sealing import Envelope, derived
from maskproxy.store.session_rows import SessionRow
from maskproxy.store.store import Store

CALL_S = 5.0
DEVICE_S = 600
INTERVAL_S = 5
REDIRECT_S = 60

Kind = Literal["device", "redirect"]

_PURPOSE = b"maskproxy signin 1: codes"
_USER_CODES = b"maskproxy signin 1: user codes"
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class Device(NamedTuple):
    device_code: str
    user_code: str
    expires_s: int
    interval_s: int


class Codes:
    """Codes of all nodes that share a store."""

    def __init__(
        self,
        store: Store,
        masking_key: bytes,
        sessions: Sessions,
        endings: Endings,
        *,
        wall_ns: Callable[[], int],
        bounds: CodeBounds | None = None,
    ) -> None:
        self._store = store
        self._envelope = Envelope(masking_key, _PURPOSE)
        self._user_key = derived(masking_key, _USER_CODES)
        self._sessions = sessions
        self._endings = endings
        self._wall_ns = wall_ns
        self._bounds = bounds or CodeBounds()

    # ---- ask

    async def ask_device(self, surface: str, peer: str) -> Device:
        """Raises TooMany and StoreFailed."""
        code, user_code = new_secret(), user_codes.new()
        row = self._row("device", code, surface, peer, DEVICE_S)
        row = row._replace(user_code=self._hashed_user_code(user_code), interval_us=INTERVAL_S * 1_000_000)
        await self._add(row)
        return Device(code, user_code, DEVICE_S, INTERVAL_S)

    async def approved_redirect(self, login: Login, surface: str, peer: str, challenge: str, redirect_uri: str) -> str:
        """An authorization code for who is signed in, bound to its client. Raises as above, and Denied."""
        code = new_secret()
        row = self._row("redirect", code, surface, peer, REDIRECT_S)
        sealed = self._envelope.seal(row.code, kept_login.written(login))
        await self._add(row._replace(state="approved", bound=f"{challenge} {redirect_uri}", sealed=sealed))
        return code

    def _row(self, kind: Kind, code: str, surface: str, peer: str, life_s: int) -> CodeRow:
        now_us = self._now_us
        return CodeRow(
            code=hashed(code),
            user_code=None,
            kind=kind,
            surface=surface,
            peer=peer,
            bound="",
            state="pending",
            interval_us=0,
            polled_us=0,
            asked_us=now_us,
            expires_us=now_us + life_s * 1_000_000,
        )

    async def _add(self, row: CodeRow) -> None:
        await self._store.call(
            lambda connection: code_rows.add_code(connection, row, self._bounds), timeout_s=CALL_S, reads_first=True
        )

    # ---- decide

    async def waiting(self, user_code: str) -> CodeRow | None:
        """What waits under a code that a person typed."""
        written = user_codes.read(user_code)
        if written is None:
            return None
        name = self._hashed_user_code(written)
        return await self._store.call(
            lambda connection: code_rows.waiting(connection, name, self._now_us), timeout_s=CALL_S
        )

    async def decide(self, code: bytes, login: Login | None) -> bool:
        """Let a device in as `login`, or turn it away; False where it waits no longer. Raises Denied."""
        sealed = None if login is None else self._envelope.seal(code, kept_login.written(login))
        return await self._store.call(
            lambda connection: code_rows.decide(connection, code, sealed, self._now_us), timeout_s=CALL_S
        )

    # ---- trade

    async def trade_device(self, device_code: str) -> Issued:
        """Raises OAuthRefused with what the client is to do, and what beginning a session raises."""
        return await self._trade("device", device_code, lambda _: True)

    async def trade_redirect(self, code: str, verifier: str, redirect_uri: str) -> Issued:
        """The same, for a client that knows what the code is bound to."""
        digest = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        fits = _VERIFIER.fullmatch(verifier) is not None
        bound = f"{challenge} {redirect_uri}".encode("utf-8", "surrogatepass")
        return await self._trade("redirect", code, lambda row: fits and hmac.compare_digest(row.bound.encode(), bound))

    async def _trade(self, kind: Kind, code: str, fits: Callable[[CodeRow], bool]) -> Issued:
        name = hashed(code)

        def work(connection: Connection) -> tuple[Polled, tuple[SessionRow, Issued] | None]:
            polled = code_rows.poll(connection, name, kind, self._now_us)
            row = polled.row
            if row is not None and polled.outcome == "traded":
                session_rows.end(connection, row.session, "code reused", self._now_us)
            if row is None or polled.outcome != "approved":
                return polled, None
            data = self._envelope.open(row.code, row.sealed)
            if data is None or not fits(row):
                # A code that somebody guesses at is worth nothing from then on.
                code_rows.trade(connection, name, "")
                return Polled("unknown", row), None
            begun = self._sessions.begin_in(connection, kept_login.read(data), row.surface)
            code_rows.trade(connection, name, begun[0].id)
            return polled, begun

        polled, begun = await self._store.call(work, timeout_s=CALL_S, reads_first=True)
        if polled.outcome == "traded" and polled.row is not None:
            self._endings.note(polled.row.session)
        if begun is None:
            raise _refusal(polled)
        await self._sessions.tell("signed in", begun[0])
        return begun[1]

    async def prune(self) -> None:
        """Forget what is over. Raises StoreFailed."""
        await self._store.call(
            lambda connection: code_rows.prune(connection, self._now_us, self._bounds), timeout_s=CALL_S
        )

    def _hashed_user_code(self, user_code: str) -> bytes:
        """Keyed: there are few enough of them to try all against a mere hash."""
        return hmac.digest(self._user_key, user_code.encode(), "sha256")

    @property
    def _now_us(self) -> int:
        return self._wall_ns() // 1000


def _refusal(polled: Polled) -> MaskproxyError:
    if polled.outcome == "pending":
        return OAuthRefused("authorization_pending", "Nobody has approved this sign-in in the browser yet.")
    if polled.outcome == "slow":
        return OAuthRefused("slow_down", "Ask less often: wait five seconds more from now on.")
    if polled.outcome == "denied":
        return OAuthRefused(
            "access_denied", "The sign-in was denied in the browser. Start again if that was a mistake."
        )
    if polled.outcome == "expired" and polled.row is not None and polled.row.kind == "device":
        return OAuthRefused("expired_token", "The sign-in took too long. Start again.")
    return invalid_grant("This code cannot be used, or was used before. Sign in again.", detail=polled.outcome)
