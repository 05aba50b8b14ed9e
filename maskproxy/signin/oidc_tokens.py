"""The provider's token endpoint (RFC 6749): what is given in, and what comes out or why nothing does.

Promises: the client's secret goes to that endpoint alone, in the one manner that the provider takes; of what a provider
says in refusal only a registered error code is used. A `Refusal` concerns the person; whatever the provider or our own
registration there is to blame for is `Unavailable`, and told to operators.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from maskproxy.errors import CredentialFailed, Unavailable
from maskproxy.gateway.credentials.client_credentials import basic
from maskproxy.gateway.credentials.credential import Credential
from maskproxy.gateway.fetch import FetchFailed, fetch, json_object
from maskproxy.signin.oidc_client import OidcClient
from maskproxy.signin.oidc_metadata import Metadata

log = logging.getLogger(__name__)

_LARGEST_ANSWER_BYTES = 128 * 1024
_ANSWERED = frozenset({200, 400, 401})
_TOKEN = re.compile(r"[!-~]{1,65536}")
_OF_THE_PERSON = frozenset(
    {
        "invalid_grant",
        "access_denied",
        "expired_token",
        "authorization_pending",
        "slow_down",
        "login_required",
        "consent_required",
        "interaction_required",
        "account_selection_required",
    }
)
_OF_OURS = frozenset(
    {"invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
)


@dataclass(frozen=True)
class Issued:
    """The tokens of one answer."""

    access_token: str = field(repr=False)
    id_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)


class Refusal(NamedTuple):
    code: str
    """Registered for OAuth 2.0 or OpenID Connect."""


class TokenEndpoint:
    """`alarm` is called when the client's secret cannot be had or is not taken."""

    def __init__(self, client: OidcClient, *, deadline_s: float, alarm: Callable[[], None]) -> None:
        self._client = client
        self._deadline_s = deadline_s
        self._secret = (
            None if client.secret is None else Credential(f"client of {client.name}", client.secret, alarm=alarm)
        )

    def known_secrets(self) -> tuple[bytes, ...]:
        return () if self._secret is None else self._secret.known_secrets()

    async def ask(self, metadata: Metadata, form: Mapping[str, str]) -> Issued | Refusal:
        document = await self.post(metadata.token_endpoint, metadata, form, place="token endpoint")
        return document if isinstance(document, Refusal) else self._issued(document)

    async def post(
        self, endpoint: str, metadata: Metadata, form: Mapping[str, str], *, place: str
    ) -> Mapping[str, object] | Refusal:
        """What an endpoint answers that wants to know the client, as the token endpoint does. The log names `place`."""
        added, authorization = await self._authentication(metadata)
        try:
            fetched = await fetch(
                endpoint,
                trust=self._client.trust,
                deadline_s=self._deadline_s,
                form={**form, **added},
                authorization=authorization,
                limit_bytes=_LARGEST_ANSWER_BYTES,
                statuses=_ANSWERED,
            )
            document = json_object(fetched.body)
        except FetchFailed as fault:
            raise unreachable(self._client.name, place, fault) from None
        if fetched.status != 200:
            return await self._refused(document, place)
        return document

    async def _authentication(self, metadata: Metadata) -> tuple[Mapping[str, str], str | None]:
        """What goes into the form and into the Authorization field, to say who we are."""
        client_id = self._client.client_id
        if self._secret is None:
            # Providers that take public clients often do not list `none`.
            return {"client_id": client_id}, None
        try:
            secret = await self._secret.value()
        except CredentialFailed as fault:
            raise self._faulty("the client's secret cannot be had") from fault
        if "client_secret_basic" in metadata.auth_methods:
            return {}, f"Basic {basic(client_id, secret)}"
        if "client_secret_post" in metadata.auth_methods:
            return {"client_id": client_id, "client_secret": secret}, None
        raise self._faulty("the provider takes neither client_secret_basic nor client_secret_post")

    async def _refused(self, document: Mapping[str, object], place: str) -> Refusal:
        code = document.get("error")
        if isinstance(code, str) and code in _OF_THE_PERSON:
            return Refusal(code)
        if code == "invalid_client" and self._secret is not None:
            await self._secret.rejected()
        known = code if isinstance(code, str) and code in _OF_OURS else "an unknown error"
        raise self._faulty(f"the {place} answers {known}")

    def _issued(self, document: Mapping[str, object]) -> Issued:
        kind = document.get("token_type", "Bearer")
        tokens = [document.get(name) for name in ("access_token", "id_token", "refresh_token")]
        if not isinstance(kind, str) or kind.lower() != "bearer" or tokens[0] is None:
            raise self._faulty("the token endpoint gives no bearer token")
        if not all(token is None or (isinstance(token, str) and _TOKEN.fullmatch(token)) for token in tokens):
            raise self._faulty("the token endpoint gives something else for a token")
        access, identity, refresh = (None if token is None else str(token) for token in tokens)
        return Issued(str(access), identity, refresh)

    def _faulty(self, reason: str) -> Unavailable:
        return misconfigured(self._client.name, reason)


def misconfigured(provider: str, reason: str) -> Unavailable:
    """For what no other try can help with: operators read `reason`, which holds nothing of what a provider said."""
    log.error("sign-in with %s does not work: %s", provider, reason)
    return Unavailable(
        "This gateway and the identity provider do not get along. Ask the gateway's operators: its log says why.",
        detail=reason,
    )


def unreachable(provider: str, place: str, fault: FetchFailed) -> Unavailable:
    """For trouble on the way to the provider, or within it."""
    log.warning("the %s of %s failed: %s", place, provider, fault)
    return Unavailable(
        "The identity provider cannot be asked right now. Try again in a minute.", detail=str(fault), retry=True
    )
