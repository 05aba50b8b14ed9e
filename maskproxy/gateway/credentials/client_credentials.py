"""The gateway's own identity in an identity provider: OAuth 2.0 client credentials (RFC 6749, 4.4).

Promises: the client's secret goes to the configured token endpoint alone, over TLS or to loopback, and is read anew for
each request; the endpoint's answer is bounded, and only a bearer token in it is taken.
"""

from __future__ import annotations

import base64
import math
import ssl
from urllib.parse import quote_plus

from maskproxy.gateway.credentials.command import SourceFailed
from maskproxy.gateway.credentials.secret_sources import Reading, SecretSource, one_line
from maskproxy.gateway.fetch import FetchFailed, fetch_json

_LARGEST_ANSWER_BYTES = 64 * 1024
_FRESH_SHARE = 0.8
_LIFE_WHEN_UNSAID_S = 300.0
_LONGEST_LIFE_S = 24 * 3600.0


class ClientCredentials:
    """A source whose secret is an access token, read again at 80 % of its life."""

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: SecretSource,
        *,
        scope: str | None = None,
        audience: str | None = None,
        trust: ssl.SSLContext | None = None,
        deadline_s: float = 10,
    ) -> None:
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._form = {"grant_type": "client_credentials"}
        self._form |= {name: value for name, value in (("scope", scope), ("audience", audience)) if value is not None}
        self._trust = trust
        self._deadline_s = deadline_s
        self._known: tuple[bytes, ...] = ()

    async def read(self) -> Reading:
        secret = (await self._client_secret.read()).secret
        proof = basic(self._client_id, secret)
        self._known = (secret.encode(), proof.encode())
        try:
            answer = await fetch_json(
                self._token_url,
                trust=self._trust,
                deadline_s=self._deadline_s,
                form=self._form,
                authorization=f"Basic {proof}",
                limit_bytes=_LARGEST_ANSWER_BYTES,
            )
        except FetchFailed as fault:
            hint = "; check the client's id and secret" if fault.status in (400, 401, 403) else ""
            raise SourceFailed(f"the token endpoint gave no token: {fault}{hint}") from None
        return _reading(answer)

    def known_secrets(self) -> tuple[bytes, ...]:
        return self._known


def basic(client_id: str, secret: str) -> str:
    """What follows `Basic` where a client shows who it is.

    Each part is form-encoded before they are joined (RFC 6749, 2.3.1), so that a colon in one is no end of it.
    """
    return base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()


def _reading(answer: dict[str, object]) -> Reading:
    token, kind = answer.get("access_token"), answer.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise SourceFailed("the token endpoint gave a token that is not a bearer token")
    if not isinstance(token, str):
        raise SourceFailed("the token endpoint's answer holds no access_token")
    life_s = _life_s(answer.get("expires_in"))
    return Reading(one_line(token.encode("utf-8")), fresh_s=life_s * _FRESH_SHARE, valid_s=life_s)


def _life_s(said: object) -> float:
    """How long a token serves. Some providers write the number as a string; some leave it out."""
    if said is None:
        return _LIFE_WHEN_UNSAID_S
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 12:
        said = int(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said) or said <= 0:
        raise SourceFailed("the token endpoint's expires_in is not a number of seconds")
    return min(float(said), _LONGEST_LIFE_S)
