"""What is asked of the gateway's OAuth endpoints: discovery, device codes, tokens, their refresh and their end.

RFC 8414, 8628, 6749, 7636, 7009. Endpoints are paths of the gateway that was named: one elsewhere is refused, lest a
token go there.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from maskproxy.developer.gateway import Gateway, said
from maskproxy.developer.sign_in import SignIn
from maskproxy.errors import BadRequest, Denied, TooMany, Unauthenticated, Unavailable
from maskproxy.origins import parse_url

CLIENT = "maskproxy-cli"
DISCOVERY = "/.well-known/oauth-authorization-server"
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_LONGEST_TOKEN = 64 * 1024


class Endpoints(NamedTuple):
    """Paths, and no text for what the gateway has not."""

    issuer: str
    token: str
    revocation: str
    authorization: str
    device: str


class Device(NamedTuple):
    device_code: str
    user_code: str
    uri: str
    uri_complete: str
    expires_s: float
    interval_s: float
    notice: str


class Pending(Exception):
    """Nobody has approved yet. `slower`: ask less often from now on."""

    def __init__(self, *, slower: bool) -> None:
        super().__init__()
        self.slower = slower


class Pkce(NamedTuple):
    verifier: str
    challenge: str

    @classmethod
    def new(cls) -> Pkce:
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        return cls(verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


def discover(gateway: Gateway) -> Endpoints:
    """Raises Unavailable where the gateway signs nobody in, or does so at another address."""
    answer = gateway.get(DISCOVERY)
    document = answer.document()
    if answer.status == 421:
        raise Unavailable(said(document))
    if answer.status != 200:
        raise Unavailable("This gateway signs nobody in. Ask its operators for identity.tokens in its configuration.")
    issuer = _text(document, "issuer")
    _path(gateway, issuer)
    return Endpoints(
        issuer,
        _path(gateway, _text(document, "token_endpoint")),
        *(
            _path(gateway, url) if (url := _text(document, name)) else ""
            for name in ("revocation_endpoint", "authorization_endpoint", "device_authorization_endpoint")
        ),
    )


def _path(gateway: Gateway, url: str) -> str:
    parts = urlsplit(url)
    try:
        origin = parse_url(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        raise Unavailable("What answered is no gateway that signs people in. Check its URL.") from None
    if origin != gateway.url:
        raise Unavailable(f"This gateway signs people in at {origin} alone. Name that: --gateway {origin}")
    return parts.path or "/"


def device(gateway: Gateway, endpoints: Endpoints) -> Device:
    """Raises Unavailable, and TooMany."""
    document = gateway.post_form(endpoints.device, {"client_id": CLIENT}).told()
    uri = _text(document, "verification_uri")
    _path(gateway, uri)
    expires_s, interval_s = _number(document, "expires_in"), _number(document, "interval") or 5
    code, user_code = _text(document, "device_code"), _text(document, "user_code")
    complete = _text(document, "verification_uri_complete") or uri
    _path(gateway, complete)
    if not code or not user_code or not expires_s:
        raise Unavailable("The gateway's answer cannot be read. Its version may be another: update maskproxy.")
    return Device(code, user_code, uri, complete, expires_s, interval_s, _text(document, "login_notice")[:500])


def traded_device(gateway: Gateway, endpoints: Endpoints, code: str, now: float) -> SignIn:
    """Raises Pending, Denied, Unauthenticated and Unavailable."""
    return _issued(gateway, endpoints, {"grant_type": _DEVICE_CODE, "device_code": code}, now)


def traded_code(gateway: Gateway, endpoints: Endpoints, code: str, pkce: Pkce, redirect: str, now: float) -> SignIn:
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "code": code,
        "code_verifier": pkce.verifier,
        "redirect_uri": redirect,
    }
    return _issued(gateway, endpoints, form, now)


def refreshed(gateway: Gateway, old: SignIn, now: float) -> SignIn:
    """Raises Unauthenticated where the sign-in is over, Unavailable and TooMany where another try may help."""
    endpoints = Endpoints(old.gateway, old.token_path, old.revocation_path, "", "")
    form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": old.refresh_token}
    return _issued(gateway, endpoints, form, now)


def revoke(gateway: Gateway, one: SignIn) -> None:
    """Raises Unavailable where it is not known to be over."""
    token = one.refresh_token or one.access_token
    answer = gateway.post_form(one.revocation_path, {"token": token, "client_id": CLIENT})
    if answer.status != 200:
        raise Unavailable("The gateway did not take the sign-out.", detail=f"status {answer.status}")


def _issued(gateway: Gateway, endpoints: Endpoints, form: Mapping[str, str], now: float) -> SignIn:
    answer = gateway.post_form(endpoints.token, form)
    document = answer.document()
    if answer.status != 200:
        raise _refused(answer.status, document)
    access, refresh = _text(document, "access_token"), _text(document, "refresh_token")
    life_s = _number(document, "expires_in")
    if not access or not life_s or max(len(access), len(refresh)) > _LONGEST_TOKEN:
        raise Unavailable("The gateway's answer cannot be read. Its version may be another: update maskproxy.")
    return SignIn(str(gateway.url), access, refresh, now, now + life_s, endpoints.token, endpoints.revocation)


def _refused(status: int, document: Mapping[str, object]) -> Exception:
    sentence = said(document)
    match document.get("error"):
        case "authorization_pending":
            return Pending(slower=False)
        case "slow_down":
            return Pending(slower=True)
        case "access_denied":
            return Denied(sentence)
        case "invalid_grant" | "expired_token":
            return Unauthenticated(sentence)
        case "temporarily_unavailable":
            return TooMany(sentence) if status == 429 else Unavailable(sentence)
        case _ if status >= 500:
            return Unavailable(sentence)
        case _:
            return BadRequest(sentence)


def _text(document: Mapping[str, object], name: str) -> str:
    """Printable ASCII, and no text for anything else: it goes into heads and onto terminals."""
    value = document.get(name)
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else ""


def _number(document: Mapping[str, object], name: str) -> float:
    value = document.get(name)
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9
    return float(value) if fits and isinstance(value, int | float) else 0.0
