"""An OpenID provider for this machine only, whose people sign in by script: without a page, at once.

It is as strict with clients as a real one: PKCE, registered addresses, client authentication, single use of codes,
rotated refresh tokens. Its script says how it answers next, so that it can also be wrong in every way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode

from aiohttp import web

from maskproxy.dev.issuer import Issuer
from maskproxy.dev.oidc_grants import Consent, Grants, Refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True)
class Somebody:
    name: str
    email: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Client:
    redirect_uris: frozenset[str]
    secret: str | None = None
    """None: a public client."""


@dataclass
class Script:
    """How the provider answers next. In what changes other things None leaves a member out."""

    says: dict[str, Any] = field(default_factory=dict)
    """Changes what discovery says."""
    tells_issuer: bool = True
    """With `iss` in the redirect (RFC 9207)."""
    auth_methods: tuple[str, ...] = ("client_secret_basic", "client_secret_post", "none")
    does_pkce: bool = True
    rotates: bool = True
    """A refresh token serves once, and is replaced."""
    refreshes_id_token: bool = True
    groups_in: frozenset[str] = frozenset({"id_token", "userinfo"})
    id_claims: dict[str, Any] = field(default_factory=dict)
    """Changes what ID tokens say."""
    signs: Callable[[dict[str, Any]], str] | None = None
    """Makes tokens out of claims, in place of the issuer's own way."""
    digest: str = "sha256"
    """For at_hash: what the algorithm that ID tokens are signed with uses."""
    userinfo_as_jwt: bool = False
    userinfo_claims: dict[str, Any] = field(default_factory=dict)
    """Changes what userinfo says."""
    instead: dict[str, Handler] = field(default_factory=dict)
    """An answer to give in place of the good one, by path."""


class ScriptedProvider(Issuer):
    """`people` by their subject; `signed_in` is whose browser it is, and None declines."""

    def __init__(self, clients: Mapping[str, Client], people: Mapping[str, Somebody]) -> None:
        super().__init__()
        self.clients = dict(clients)
        self.people = dict(people)
        self.signed_in: str | None = next(iter(people), None)
        self.grants = Grants()
        self.script = Script()
        self.forms: list[dict[str, str]] = []
        """What the token endpoint was asked with."""
        self._access: dict[str, str] = {}
        self.app.middlewares.append(self._scripted)
        self.app.router.add_get("/authorize", self._authorize)
        self.app.router.add_post("/token", self._token)
        self.app.router.add_get("/userinfo", self._userinfo)
        self.app.router.add_post("/device", self._device)

    def metadata(self) -> dict[str, Any]:
        said = super().metadata() | {
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "device_authorization_endpoint": f"{self.url}/device",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": self.script.auth_methods,
            "authorization_response_iss_parameter_supported": self.script.tells_issuer,
        }
        return {name: value for name, value in (said | self.script.says).items() if value is not None}

    def dismiss(self, subject: str) -> None:
        """The person has left the company."""
        del self.people[subject]
        self.grants.revoke(subject)

    def decide(self, user_code: str, subject: str | None) -> None:
        """Somebody allows the device that shows `user_code`, or, for None, denies it."""
        self.grants.decide(user_code, subject, int(time.time()))

    @web.middleware
    async def _scripted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked[request.path] += 1
        return await self.script.instead.get(request.path, handler)(request)

    async def _authorize(self, request: web.Request) -> web.Response:
        query = request.query
        client = self.clients.get(query.get("client_id", ""))
        redirect_uri = query.get("redirect_uri", "")
        if client is None or redirect_uri not in client.redirect_uris:
            return web.Response(status=400, text="This client or its address is not registered here.")
        answer = {"state": query.get("state", ""), **self._decided(query)}
        if self.script.tells_issuer:
            answer["iss"] = self.url
        joined = "&" if "?" in redirect_uri else "?"
        return web.Response(status=303, headers={"Location": f"{redirect_uri}{joined}{urlencode(answer)}"})

    def _decided(self, query: Mapping[str, str]) -> dict[str, str]:
        scopes = frozenset(query.get("scope", "").split())
        asked = (query.get("response_type"), query.get("code_challenge_method"))
        if asked != ("code", "S256") or "openid" not in scopes or not query.get("code_challenge"):
            return {"error": "invalid_request"}
        if self.signed_in is None:
            return {"error": "access_denied"}
        consent = Consent(
            client_id=query["client_id"],
            subject=self.signed_in,
            scopes=scopes,
            auth_time=int(time.time()),
            nonce=query.get("nonce"),
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
        )
        return {"code": self.grants.code(consent)}

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        try:
            return web.json_response(self._granted(form, self._client_of(request, form)))
        except Refused as refused:
            status = 401 if refused.code == "invalid_client" else 400
            return web.json_response({"error": refused.code, "error_description": "no"}, status=status)

    def _client_of(self, request: web.Request, form: Mapping[str, str]) -> str:
        """The client that has shown who it is, in a manner that is offered."""
        authorization = request.headers.get("Authorization", "")
        if authorization.startswith("Basic "):
            pair = base64.b64decode(authorization[6:]).decode().partition(":")
            client_id, secret, method = unquote_plus(pair[0]), unquote_plus(pair[2]), "client_secret_basic"
        elif "client_secret" in form:
            client_id, secret, method = form.get("client_id", ""), form["client_secret"], "client_secret_post"
        else:
            client_id, secret, method = form.get("client_id", ""), "", "none"
        client = self.clients.get(client_id)
        if client is None or method not in self.script.auth_methods or (client.secret is None) != (method == "none"):
            raise Refused("invalid_client")
        if not hmac.compare_digest((client.secret or "").encode(), secret.encode()):
            raise Refused("invalid_client")
        return client_id

    def _granted(self, form: Mapping[str, str], client_id: str) -> dict[str, Any]:
        kind = form.get("grant_type")
        if kind == "authorization_code":
            verifier = form.get("code_verifier", "") if self.script.does_pkce else None
            consent = self.grants.redeem(form.get("code", ""), client_id, form.get("redirect_uri", ""), verifier)
        elif kind == "refresh_token":
            consent = self.grants.refreshed(form.get("refresh_token", ""), client_id, rotate=self.script.rotates)
        elif kind == DEVICE_GRANT:
            consent = self.grants.device_redeemed(form.get("device_code", ""), client_id)
        else:
            raise Refused("unsupported_grant_type")
        if consent.subject not in self.people:
            raise Refused("invalid_grant")
        access_token = secrets.token_urlsafe(24)
        self._access[access_token] = consent.subject
        issued: dict[str, Any] = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300}
        if kind != "refresh_token" or self.script.refreshes_id_token:
            issued["id_token"] = (self.script.signs or self.sign)(self._id_claims(consent, access_token))
        if "offline_access" in consent.scopes and (kind != "refresh_token" or self.script.rotates):
            issued["refresh_token"] = self.grants.refresh_token(consent)
        return issued

    def _id_claims(self, consent: Consent, access_token: str) -> dict[str, Any]:
        now = int(time.time())
        digest = hashlib.new(self.script.digest, access_token.encode()).digest()
        claims = {
            "iss": self.url,
            "aud": consent.client_id,
            "iat": now,
            "exp": now + 300,
            "auth_time": consent.auth_time,
            "nonce": consent.nonce,
            "at_hash": base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode(),
            **self._about(consent.subject, "id_token"),
            **self.script.id_claims,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def _about(self, subject: str, where: str) -> dict[str, Any]:
        person = self.people[subject]
        claims: dict[str, Any] = {"sub": subject, "name": person.name, "email": person.email}
        if where in self.script.groups_in:
            claims["groups"] = list(person.groups)
        return claims

    async def _userinfo(self, request: web.Request) -> web.Response:
        subject = self._access.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if subject is None or subject not in self.people:
            return web.json_response({"error": "invalid_token"}, status=401, headers={"WWW-Authenticate": "Bearer"})
        claims = self._about(subject, "userinfo") | self.script.userinfo_claims
        if self.script.userinfo_as_jwt:
            claims = {"iss": self.url, "aud": next(iter(self.clients)), **claims}
            return web.Response(text=(self.script.signs or self.sign)(claims), content_type="application/jwt")
        return web.json_response(claims)

    async def _device(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            client_id = self._client_of(request, form)
        except Refused as refused:
            return web.json_response({"error": refused.code}, status=401)
        device_code, user_code = self.grants.device(client_id, frozenset(form.get("scope", "").split()))
        return web.json_response(
            {
                "device_code": device_code,
                "user_code": user_code,
                "verification_uri": f"{self.url}/enter",
                "verification_uri_complete": f"{self.url}/enter?code={user_code}",
                "expires_in": 600,
                "interval": 1,
            }
        )
