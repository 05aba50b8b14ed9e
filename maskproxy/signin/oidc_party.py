"""The relying party (OpenID Connect Core 1.0): from a grant to a `Login`, whichever way the grant was got.

Promises: nobody is somebody here without an ID token that holds (`oidc_claims`), or, when asked again, a provider that
still takes their refresh token; groups are read anew each time, and are never kept from before. Who is gone is
`Unauthenticated`; a provider that is slow, down or does not make sense is `Unavailable`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

from maskproxy.access.tokens import Person, groups_at, is_text, peek
from maskproxy.errors import Unauthenticated, Unavailable
from maskproxy.gateway.fetch import FetchFailed, fetch, json_object
from maskproxy.gateway.identity.keys import KeyDirectory, KeyTimes, TrustedIssuer
from maskproxy.signin.login import Login
from maskproxy.signin.oidc_claims import check_subject, points_elsewhere, signed_userinfo, verify_id_token
from maskproxy.signin.oidc_client import OidcClient
from maskproxy.signin.oidc_metadata import Metadata, read_metadata
from maskproxy.signin.oidc_rotation import Rotations
from maskproxy.signin.oidc_tokens import Issued, Refusal, TokenEndpoint, misconfigured, unreachable

log = logging.getLogger(__name__)

_LARGEST_USERINFO_BYTES = 256 * 1024


class RelyingParty:
    """What we are at one provider.

    `deadline_s` is for all that a sign-in asks the provider, `times` has one for each exchange. `clock` is monotonic.
    `alarm` tells of a client secret that does not serve.
    """

    def __init__(
        self,
        client: OidcClient,
        *,
        deadline_s: float = 30,
        times: KeyTimes | None = None,
        clock: Callable[[], float] = time.monotonic,
        alarm: Callable[[], None] = lambda: None,
    ) -> None:
        times = times or KeyTimes()
        self.client = client
        self._deadline_s = deadline_s
        self._exchange_s = times.deadline_s
        self._keys = KeyDirectory([TrustedIssuer(client.rules, client.trust)], clock, times)
        self.tokens = TokenEndpoint(client, deadline_s=times.deadline_s, alarm=alarm)
        self._rotations = Rotations()

    async def start(self) -> None:
        """Begin to fetch the provider's metadata and keys, without waiting for them."""
        await self._keys.start()

    async def close(self) -> None:
        await self._keys.close()

    @property
    def name(self) -> str:
        return self.client.name

    @property
    def ready(self) -> bool:
        return self._keys.ready

    def known_secrets(self) -> tuple[bytes, ...]:
        """What must never be seen elsewhere: the client's secret, once it was used."""
        return self.tokens.known_secrets()

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[Metadata]:
        """The provider's metadata, and a bound in time for everything that is done with it."""
        try:
            async with asyncio.timeout(self._deadline_s):
                yield await self._metadata()
        except TimeoutError:
            raise Unavailable("The identity provider is too slow. Try again in a minute.", retry=True) from None

    async def redeem(
        self, metadata: Metadata, form: Mapping[str, str], now: float, *, nonce: str | None
    ) -> Login | Refusal:
        """Give in a grant that a person has just made, and see who they are."""
        issued = await self.tokens.ask(metadata, form)
        if isinstance(issued, Refusal):
            return issued
        if issued.id_token is None:
            raise misconfigured(self.client.name, "the token endpoint gives no ID token")
        proven = await self._proven(issued.id_token, issued.access_token, now, nonce=nonce)
        claims, groups = await self._told(metadata, proven.subject, proven.claims, issued)
        return self._login(proven.subject, claims, groups, proven.signed_in_at, None, issued.refresh_token)

    async def again(self, login: Login, now: float) -> Login:
        """The same person as the provider knows them now. The refresh token in `login` may be spent afterwards."""
        client = self.client
        if (login.provider, login.issuer) != (client.name, client.issuer) or login.refresh_token is None:
            raise Unauthenticated("This sign-in cannot be renewed at the identity provider. Sign in again.")
        async with self.in_time() as metadata:
            issued = await self._refreshed(metadata, login.refresh_token, now)
            known: Mapping[str, object] = {}
            if issued.id_token is not None:
                proven = await self._proven(issued.id_token, issued.access_token, now, nonce=None)
                known = proven.claims
                # A new ID token may come without nonce, but not with one of another sign-in (Core, 12.2).
                nonces = {claims["nonce"] for claims in (known, login.claims) if isinstance(claims.get("nonce"), str)}
                if proven.subject != login.subject or len(nonces) > 1:
                    raise Unauthenticated("The identity provider answers for another person. Sign in again.")
            elif metadata.userinfo_endpoint is None:
                raise Unauthenticated("The identity provider says no more who this person is. Sign in again.")
            claims, groups = await self._told(metadata, login.subject, known, issued)
            return self._login(login.subject, claims, groups, login.signed_in_at, login.ends_at, issued.refresh_token)

    async def _metadata(self) -> Metadata:
        document = await self._keys.discovery_of(self.client.issuer)
        try:
            return read_metadata(document, self.client.issuer)
        except ValueError as fault:
            raise misconfigured(self.client.name, str(fault)) from None

    async def _refreshed(self, metadata: Metadata, token: str, now: float) -> Issued:
        latest = self._rotations.latest(token, now)
        issued = await self.tokens.ask(metadata, {"grant_type": "refresh_token", "refresh_token": latest})
        if isinstance(issued, Refusal):
            raise Unauthenticated("The identity provider does not vouch for this sign-in any more. Sign in again.")
        if issued.refresh_token is None:
            # Not replaced: the one that was used goes on to serve (RFC 6749, 6).
            return Issued(issued.access_token, issued.id_token, latest)
        self._rotations.note(token, issued.refresh_token, now)
        return issued

    async def _proven(self, id_token: str, access_token: str, now: float, *, nonce: str | None) -> Person:
        _, kid = peek(id_token)
        keys = await self._keys.keys_for(self.client.issuer, kid)
        return verify_id_token(id_token, self.client.rules, keys, now, access_token=access_token, nonce=nonce)

    async def _told(
        self, metadata: Metadata, subject: str, claims: Mapping[str, object], issued: Issued
    ) -> tuple[Mapping[str, object], frozenset[str]]:
        """All that the provider says of a person, and their groups: from userinfo what the ID token leaves out."""
        path = self.client.groups_claim
        groups = groups_at(path, claims)
        if groups is not None:
            return claims, groups
        if metadata.userinfo_endpoint is not None:
            more = await self._userinfo(metadata.userinfo_endpoint, issued.access_token)
            check_subject(more, subject)
            claims = {**more, **claims}
            # Read from the answer alone: merged with the ID token's, a nested claim could be hidden.
            groups = groups_at(path, more)
        if groups is None and points_elsewhere(claims, path):
            log.warning("%s puts nobody's groups into tokens when there are many; let it send fewer", self.client.name)
        return claims, groups or frozenset()

    async def _userinfo(self, endpoint: str, access_token: str) -> Mapping[str, object]:
        try:
            fetched = await fetch(
                endpoint,
                trust=self.client.trust,
                deadline_s=self._exchange_s,
                authorization=f"Bearer {access_token}",
                accept="application/json, application/jwt",
                limit_bytes=_LARGEST_USERINFO_BYTES,
            )
            if fetched.media_type != "application/jwt":
                return json_object(fetched.body)
        except FetchFailed as fault:
            if fault.status in {401, 403}:
                raise Unauthenticated("The identity provider says nothing of this person. Sign in again.") from None
            raise unreachable(self.client.name, "userinfo endpoint", fault) from None
        token = fetched.body.decode("ascii", "replace").strip()
        _, kid = peek(token)
        keys = await self._keys.keys_for(self.client.issuer, kid)
        return signed_userinfo(token, self.client.rules, keys)

    def _login(
        self,
        subject: str,
        claims: Mapping[str, object],
        groups: frozenset[str],
        signed_in_at: float,
        ends_at: float | None,
        refresh_token: str | None,
    ) -> Login:
        def text(*names: str) -> str:
            return next((str(claims[name]) for name in names if is_text(claims.get(name))), "")

        return Login(
            provider=self.client.name,
            issuer=self.client.issuer,
            subject=subject,
            name=text("name", "preferred_username", "email") or subject,
            # An address that the provider did not check could be anybody's.
            email="" if claims.get("email_verified") is False else text("email"),
            groups=groups,
            claims=MappingProxyType(dict(claims)),
            signed_in_at=signed_in_at,
            ends_at=ends_at,
            refresh_token=refresh_token,
        )
