"""The browser's way to the provider and back: authorization code with PKCE (RFC 7636), state and nonce. Pure.

Promises: what comes back counts only for the sign-in that was begun, at the provider and for the address that it was
begun for, and once that provider says `iss` (RFC 9207) only from it. Nothing that came with the redirect is repeated
in an error.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self
from urllib.parse import urlencode

from maskproxy.access import strict_json
from maskproxy.errors import BadRequest, Unauthenticated, Unavailable
from maskproxy.signin.oidc_client import OidcClient
from maskproxy.signin.oidc_metadata import Metadata

PENDING_S = 600.0
"""How long somebody may take at the provider."""

_CODE = re.compile(r"[ -~]{1,4096}")
_BUSY = frozenset({"server_error", "temporarily_unavailable"})
_KEPT = dict.fromkeys(("provider", "issuer", "callback_url", "state", "nonce", "verifier"), str) | {"begun_at": float}
_NEXT = "Go back to where you began, and begin to sign in anew."


@dataclass(frozen=True)
class Pending:
    """A sign-in that was begun. To be kept where nobody reads or changes it, and to be used once."""

    provider: str
    issuer: str
    callback_url: str
    begun_at: float
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self) | {"begun_at": float(self.begun_at)}, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        try:
            members = strict_json.parse(kept)
        except ValueError:
            members = None
        if not isinstance(members, dict) or {n: type(v) for n, v in members.items()} != _KEPT:
            raise BadRequest(f"The sign-in cannot be gone on with. {_NEXT}")
        return cls(**members)

    def check(self, client: OidcClient, callback_url: str, now: float) -> None:
        """Refuse to go on with what was begun elsewhere, for another address or too long ago."""
        if (self.provider, self.issuer, self.callback_url) != (client.name, client.issuer, callback_url):
            raise BadRequest(f"This sign-in was begun with another identity provider. {_NEXT}")
        if not -client.leeway_s <= now - self.begun_at <= PENDING_S:
            raise Unauthenticated(f"The sign-in took longer than ten minutes. {_NEXT}")


def authorization_url(client: OidcClient, metadata: Metadata, pending: Pending) -> str:
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": pending.callback_url,
        "scope": " ".join(client.scopes),
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": pending.challenge,
        "code_challenge_method": "S256",
    }
    if client.prompt is not None:
        query["prompt"] = client.prompt
    endpoint = metadata.authorization_endpoint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def code_from(answer: Mapping[str, str], pending: Pending, metadata: Metadata) -> str:
    """The authorization code that the redirect brought."""
    if not hmac.compare_digest(_bytes(answer.get("state", "")), _bytes(pending.state)):
        raise BadRequest(f"The answer belongs to no sign-in that was begun here. {_NEXT}")
    told = answer.get("iss")
    if told != pending.issuer and (told is not None or metadata.tells_issuer):
        raise Unauthenticated(f"The answer comes from another identity provider than the one that was asked. {_NEXT}")
    if "error" in answer:
        if answer["error"] in _BUSY:
            raise Unavailable("The identity provider cannot sign anybody in right now. Try again.", retry=True)
        if answer["error"] == "access_denied":
            raise Unauthenticated(f"The sign-in was declined at the identity provider. {_NEXT}")
        raise Unauthenticated(
            "The identity provider refused the sign-in. Ask its operators whether this gateway is registered there "
            "with its address and scopes.",
            detail="the redirect carried an error",
        )
    code = answer.get("code", "")
    if not _CODE.fullmatch(code):
        raise BadRequest(f"The answer of the identity provider holds no code. {_NEXT}")
    return code


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
