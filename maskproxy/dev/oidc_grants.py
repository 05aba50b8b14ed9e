"""What the stand-in for a provider has promised to whom: codes, refresh tokens and device codes. Single use, for real.

A code or a refresh token that comes a second time ends everything that was ever given for it (RFC 9700, 4.14).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Consent:
    """What somebody allowed a client."""

    client_id: str
    subject: str
    scopes: frozenset[str]
    auth_time: int
    nonce: str | None = None
    redirect_uri: str | None = None
    challenge: str | None = None
    family: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class Device:
    client_id: str
    user_code: str
    scopes: frozenset[str]
    answer: Consent | str = "authorization_pending"
    """Once it is decided: what was allowed, or an error code."""


class Refused(Exception):
    """`code` is the error as the token endpoint says it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Grants:
    def __init__(self) -> None:
        self._codes: dict[str, Consent] = {}
        self._refresh: dict[str, Consent] = {}
        self._devices: dict[str, Device] = {}
        self._spent: dict[str, str] = {}

    def code(self, consent: Consent) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = consent
        return code

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier: str | None) -> Consent:
        """`verifier` None: PKCE is left out."""
        consent = self._take(self._codes, code, client_id)
        if consent.redirect_uri != redirect_uri:
            raise Refused("invalid_grant")
        if verifier is not None and not hmac.compare_digest(consent.challenge or "", challenge_of(verifier)):
            raise Refused("invalid_grant")
        return consent

    def refresh_token(self, consent: Consent) -> str:
        token = secrets.token_urlsafe(24)
        self._refresh[token] = consent
        return token

    def refreshed(self, token: str, client_id: str, *, rotate: bool) -> Consent:
        if rotate:
            return self._take(self._refresh, token, client_id)
        consent = self._refresh.get(token)
        if consent is None or consent.client_id != client_id:
            raise Refused("invalid_grant")
        return consent

    def device(self, client_id: str, scopes: frozenset[str]) -> tuple[str, str]:
        """The device code and the code for the person."""
        device_code, user_code = secrets.token_urlsafe(32), secrets.token_hex(4).upper()
        self._devices[device_code] = Device(client_id, user_code, scopes)
        return device_code, user_code

    def decide(self, user_code: str, subject: str | None, now: int) -> None:
        """Allow a device for `subject`, or, for None, deny it."""
        (device,) = (one for one in self._devices.values() if one.user_code == user_code)
        if subject is None:
            device.answer = "access_denied"
        else:
            device.answer = Consent(device.client_id, subject, device.scopes, now)

    def device_redeemed(self, device_code: str, client_id: str) -> Consent:
        device = self._devices.get(device_code)
        if device is None or device.client_id != client_id:
            raise Refused("invalid_grant")
        if isinstance(device.answer, str):
            raise Refused(device.answer)
        del self._devices[device_code]
        return device.answer

    def revoke(self, subject: str) -> None:
        """End all that was given for a person."""
        for held in (self._codes, self._refresh):
            for name in [name for name, consent in held.items() if consent.subject == subject]:
                del held[name]

    def _take(self, held: dict[str, Consent], name: str, client_id: str) -> Consent:
        if name in self._spent:
            family = self._spent[name]
            self._refresh = {token: one for token, one in self._refresh.items() if one.family != family}
            raise Refused("invalid_grant")
        consent = held.get(name)
        if consent is None or consent.client_id != client_id:
            raise Refused("invalid_grant")
        del held[name]
        self._spent[name] = consent.family
        return consent


def challenge_of(verifier: str) -> str:
    """By S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
