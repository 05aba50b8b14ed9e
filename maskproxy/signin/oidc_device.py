"""Signing in where there is no browser: the device flow at the provider itself (RFC 8628).

Promises: what a person is shown is an address with TLS and a short code, both fit for a terminal; the provider is asked
no more often than it wants, and less often while it is in trouble; all of it ends when the code does, within an hour.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from maskproxy.errors import Unauthenticated, Unavailable
from maskproxy.gateway.fetch import is_safe
from maskproxy.signin.login import Login
from maskproxy.signin.oidc_party import RelyingParty
from maskproxy.signin.oidc_tokens import Refusal, misconfigured

_PLACE = "device authorization endpoint"
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_USER_CODE = re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?")
_DEVICE_CODE = re.compile(r"[!-~]{1,4096}")
_INTERVAL_S = 5.0
"""Where the provider does not say how often it may be asked, and what it is given more when it was too often."""
_LONGEST_INTERVAL_S = 60.0
_LONGEST_LIFE_S = 3600.0


@dataclass(frozen=True)
class DeviceBegun:
    """What to show: the person opens the address on any device and types the code there."""

    verification_uri: str
    user_code: str
    complete_uri: str | None
    """The address with the code in it, for a QR code."""
    expires_at: float
    interval_s: float
    device_code: str = field(repr=False)


class OidcDevice(RelyingParty):
    async def begin(self, now: float) -> DeviceBegun:
        async with self.in_time() as metadata:
            endpoint = metadata.device_authorization_endpoint
            if endpoint is None:
                raise Unavailable("The identity provider lets nobody sign in without a browser. Sign in with one.")
            form = {"scope": " ".join(self.client.scopes)}
            answer = await self.tokens.post(endpoint, metadata, form, place=_PLACE)
        if isinstance(answer, Refusal):
            raise misconfigured(self.name, f"the {_PLACE} refuses")
        try:
            return _begun(answer, now)
        except ValueError as fault:
            raise misconfigured(self.name, str(fault)) from None

    async def finish(
        self,
        begun: DeviceBegun,
        *,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> Login:
        """Wait for the person to decide. Raises `Unauthenticated` when they decline or take too long."""
        interval_s = begun.interval_s
        while clock() < begun.expires_at:
            await pause(interval_s)
            try:
                login = await self._poll(begun, clock())
            except Unavailable as trouble:
                if not trouble.retry:
                    raise
                interval_s = min(2 * interval_s, _LONGEST_INTERVAL_S)
                continue
            if isinstance(login, Login):
                return login
            if login.code == "access_denied":
                raise Unauthenticated("The sign-in was declined at the identity provider. Begin to sign in anew.")
            if login.code == "slow_down":
                interval_s = min(interval_s + _INTERVAL_S, _LONGEST_INTERVAL_S)
            elif login.code != "authorization_pending":
                break
        raise Unauthenticated("The code was not entered in time. Begin to sign in anew.")

    async def _poll(self, begun: DeviceBegun, now: float) -> Login | Refusal:
        form = {"grant_type": _GRANT, "device_code": begun.device_code}
        async with self.in_time() as metadata:
            return await self.redeem(metadata, form, now, nonce=None)


def _begun(answer: Mapping[str, object], now: float) -> DeviceBegun:
    uri, complete = answer.get("verification_uri"), answer.get("verification_uri_complete")
    user_code, device_code = answer.get("user_code"), answer.get("device_code")
    if not isinstance(uri, str) or not is_safe(uri):
        raise ValueError(f"the {_PLACE} gives no safe verification_uri")
    if complete is not None and (not isinstance(complete, str) or not is_safe(complete)):
        raise ValueError(f"the {_PLACE}'s verification_uri_complete is not a safe URL")
    if not isinstance(user_code, str) or not _USER_CODE.fullmatch(user_code):
        raise ValueError(f"the {_PLACE} gives no short user_code")
    if not isinstance(device_code, str) or not _DEVICE_CODE.fullmatch(device_code):
        raise ValueError(f"the {_PLACE} gives no device_code")
    life_s = _seconds(answer.get("expires_in"), "expires_in")
    interval_s = _seconds(answer.get("interval", _INTERVAL_S), "interval")
    return DeviceBegun(
        verification_uri=uri,
        user_code=user_code,
        complete_uri=complete,
        expires_at=now + min(life_s, _LONGEST_LIFE_S),
        interval_s=min(max(interval_s, 1.0), _LONGEST_INTERVAL_S),
        device_code=device_code,
    )


def _seconds(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"the {_PLACE}'s {name} is not a number of seconds")
    return float(value)
