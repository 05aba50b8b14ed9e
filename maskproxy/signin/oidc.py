"""Signing in with a browser at an OpenID Connect provider: authorization code with PKCE, state and nonce."""

from __future__ import annotations

from collections.abc import Mapping

from maskproxy.errors import Unauthenticated
from maskproxy.signin.login import Login
from maskproxy.signin.oidc_party import RelyingParty
from maskproxy.signin.oidc_redirect import Pending, authorization_url, code_from
from maskproxy.signin.oidc_tokens import Refusal
from maskproxy.signin.provider import Begun


class OidcProvider(RelyingParty):
    """A `Provider`. What `begin` gives to keep serves one `finish`: its caller forgets it, whatever comes of it."""

    async def begin(self, callback_url: str, now: float) -> Begun:
        async with self.in_time() as metadata:
            pending = Pending(self.name, self.client.issuer, callback_url, now)
            return Begun(authorization_url(self.client, metadata, pending), pending.state, pending.to_bytes())

    async def finish(self, kept: bytes, answer: Mapping[str, str], callback_url: str, now: float) -> Login:
        pending = Pending.from_bytes(kept)
        pending.check(self.client, callback_url, now)
        async with self.in_time() as metadata:
            form = {
                "grant_type": "authorization_code",
                "code": code_from(answer, pending, metadata),
                "redirect_uri": callback_url,
                "code_verifier": pending.verifier,
            }
            login = await self.redeem(metadata, form, now, nonce=pending.nonce)
        if isinstance(login, Refusal):
            raise Unauthenticated("The identity provider does not take the sign-in's code any more. Sign in again.")
        return login
