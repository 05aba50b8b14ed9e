"""The OAuth endpoints that programs use: discovery, device codes, tokens, their exchange, and their end.

RFC 8414, 8628, 6749, 7009, 7636, 8693. Unknown parameters are ignored. Clients are public ones: what a code or a token
is worth lies in itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping

from maskproxy.access.tokens import Person
from maskproxy.errors import Unauthenticated
from maskproxy.signin import site
from maskproxy.signin.asked import Asked, Parameters
from maskproxy.signin.codes import Codes
from maskproxy.signin.login import Login
from maskproxy.signin.rates import Rate, network_of
from maskproxy.signin.refusals import OAuthRefused, invalid_grant
from maskproxy.signin.sessions import PREFIX, Issued, Sessions
from maskproxy.signin.site import Site

CLI_CLIENT = "maskproxy-cli"
UNKNOWN_SURFACE = "unknown"

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPES = "urn:ietf:params:oauth:token-type:"
_SUBJECTS = frozenset(_TYPES + name for name in ("jwt", "access_token", "id_token"))
_WANTED = frozenset({"", _TYPES + "access_token", _TYPES + "jwt"})
_SURFACE = re.compile(r"[a-z0-9_-]{1,32}")

Document = Mapping[str, object]


class OAuth:
    """Answers are JSON documents; a refusal is raised."""

    def __init__(
        self,
        place: Site,
        codes: Codes,
        sessions: Sessions,
        *,
        jwks: Callable[[], Document],
        interactive: bool,
        login_notice: str | None,
        wall_ns: Callable[[], int],
    ) -> None:
        """`interactive` where there is a provider that people can be sent to."""
        self._site = place
        self._codes = codes
        self._sessions = sessions
        self._jwks = jwks
        self._interactive = interactive
        self._login_notice = login_notice
        self._wall_ns = wall_ns
        self._device_rate = Rate(30, 0.5, "Too many sign-ins begin at your address. Wait a minute, then try again.")
        self._token_rate = Rate(300, 20, "Too many requests come from your address. Wait some seconds.")

    async def discovery(self, _: Asked) -> Document:
        """RFC 8414."""
        at, grants, device = self._site.at, ["refresh_token", EXCHANGE], {}
        if self._interactive:
            grants = [DEVICE_CODE, "authorization_code", *grants]
            device = {
                "device_authorization_endpoint": at(site.DEVICE_AUTHORIZATION),
                "authorization_endpoint": at(site.AUTHORIZE),
            }
        return {
            "issuer": self._site.url,
            **device,
            "token_endpoint": at(site.TOKEN),
            "revocation_endpoint": at(site.REVOKE),
            "jwks_uri": at(site.JWKS),
            "grant_types_supported": grants,
            "response_types_supported": ["code"] if self._interactive else [],
            "response_modes_supported": ["query"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    async def jwks(self, _: Asked) -> Document:
        return self._jwks()

    async def device_authorization(self, asked: Asked) -> Document:
        """RFC 8628, 3.1 and 3.2."""
        self._device_rate.take(network_of(asked.peer), _now_s())
        form = await asked.form()
        if not self._interactive:
            raise OAuthRefused("invalid_request", "Nobody can sign in here by a browser. Exchange a token instead.")
        surface = form.get("surface") or form.get("client_id")
        device = await self._codes.ask_device(
            surface if _SURFACE.fullmatch(surface) else UNKNOWN_SURFACE, network_of(asked.peer)
        )
        uri = self._site.at(site.DEVICE)
        notice = {} if self._login_notice is None else {"login_notice": self._login_notice}
        return {
            "device_code": device.device_code,
            "user_code": device.user_code,
            "verification_uri": uri,
            "verification_uri_complete": f"{uri}?user_code={device.user_code}",
            "expires_in": device.expires_s,
            "interval": device.interval_s,
            **notice,
        }

    async def token(self, asked: Asked) -> Document:
        """RFC 6749, 3.2."""
        self._token_rate.take(network_of(asked.peer), _now_s())
        form = await asked.form()
        match form.need("grant_type"):
            case "urn:ietf:params:oauth:grant-type:device_code":
                return _told(await self._codes.trade_device(form.need("device_code")))
            case "refresh_token":
                return _told(await self._sessions.refresh(form.need("refresh_token")))
            case "authorization_code":
                return _told(await self._redirected(form))
            case "urn:ietf:params:oauth:grant-type:token-exchange":
                issued = await self._exchanged(asked, form)
                return {**_told(issued), "issued_token_type": _TYPES + "access_token"}
            case _:
                raise OAuthRefused("unsupported_grant_type", "This grant type is not known here.")

    async def revoke(self, asked: Asked) -> Document:
        """RFC 7009: either token of a sign-in ends all of it; what is no token of ours is over already."""
        self._token_rate.take(network_of(asked.peer), _now_s())
        token = (await asked.form()).need("token")
        if token.startswith(PREFIX):
            await self._sessions.revoke(token)
            return {}
        try:
            person = await asked.gateway.authenticator.authenticate(token)
        except Unauthenticated:
            return {}
        if person.session:
            await self._sessions.revoke("", person.session)
        return {}

    async def _redirected(self, form: Parameters) -> Issued:
        if form.need("client_id") != CLI_CLIENT:
            raise OAuthRefused("invalid_client", "This client is not known here.", answers=401)
        return await self._codes.trade_redirect(
            form.need("code"), form.need("code_verifier"), form.need("redirect_uri")
        )

    async def _exchanged(self, asked: Asked, form: Parameters) -> Issued:
        """RFC 8693: a session of ours for whom another issuer's token proves. It cannot be made longer by itself."""
        if form.need("subject_token_type") not in _SUBJECTS:
            raise OAuthRefused("invalid_request", "Only a JWT can be exchanged: subject_token_type jwt.")
        if form.get("requested_token_type") not in _WANTED:
            raise OAuthRefused("invalid_request", "Only an access token can be had here.")
        if form.get("actor_token"):
            raise OAuthRefused("invalid_request", "Nobody can act for another here: send no actor_token.")
        try:
            person = await asked.gateway.authenticator.authenticate(form.need("subject_token"))
        except Unauthenticated as error:
            raise invalid_grant(str(error), detail=error.detail) from error
        if person.session:
            raise invalid_grant("This is a token of the gateway's own. Refresh it instead of exchanging it.")
        return await self._sessions.begin(self._exchanged_login(person), "exchange")

    def _exchanged_login(self, person: Person) -> Login:
        email = person.claims.get("email")
        return Login(
            provider="",
            issuer=person.issuer,
            subject=person.subject,
            name=person.name,
            email=email if isinstance(email, str) else "",
            groups=person.groups,
            claims=person.claims,
            signed_in_at=person.signed_in_at,
            ends_at=self._wall_ns() / 1e9 + self._sessions.times.exchanged_s,
        )


def _told(issued: Issued) -> Document:
    """RFC 6749, 5.1."""
    told: dict[str, object] = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_s,
        "refresh_token": issued.refresh_token,
    }
    return {**told, "email": issued.email} if issued.email else told


def _now_s() -> float:
    return asyncio.get_running_loop().time()
