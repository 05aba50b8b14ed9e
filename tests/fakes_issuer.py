"""An identity provider on loopback that can be made to misbehave: discovery, JWK set and token endpoint."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Self

from aiohttp import web

from tests.fakes_tokens import SigningKey, claims, ec_key, token

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeIssuer:
    """`async with FakeIssuer() as issuer`. Set an attribute, and the next answer is like that."""

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None, slash: bool = False) -> None:
        self._ssl = ssl_context
        self._slash = "/" if slash else ""
        self._runner: web.AppRunner | None = None
        self.port = 0
        self.keys: list[SigningKey] = [ec_key()]
        self.says_issuer: object = None
        self.says_jwks_uri: object = None
        self.instead: dict[str, Answer] = {}
        """An answer to give in place of the good one, by path."""
        self.requests: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.authorizations: list[str | None] = []
        self.grants: list[dict[str, object]] = []
        """What the token endpoint gives, one after the other; the last one again and again."""

    @property
    def url(self) -> str:
        return f"{'https' if self._ssl else 'http'}://localhost:{self.port}{self._slash}"

    def count(self, path: str) -> int:
        return self.requests.count(path)

    def token(self, key: SigningKey | None = None, **changes: object) -> str:
        return token(key or self.keys[0], claims(iss=self.url, **changes))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Also after `stop`, at the same port."""
        server = web.Application(middlewares=[self._notes])
        server.router.add_get("/.well-known/openid-configuration", self._discovery)
        server.router.add_get("/jwks", self._jwks)
        server.router.add_post("/token", self._token)
        self._runner = web.AppRunner(server, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._ssl)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _notes(self, request: web.Request, handler: Answer) -> web.StreamResponse:
        self.requests.append(request.path)
        return await self.instead.get(request.path, handler)(request)

    async def _discovery(self, _: web.Request) -> web.StreamResponse:
        root = self.url.rstrip("/")
        return web.json_response(
            {
                "issuer": self.says_issuer or self.url,
                "jwks_uri": self.says_jwks_uri or f"{root}/jwks",
                "token_endpoint": f"{root}/token",
            }
        )

    async def _jwks(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": [key.jwk() for key in self.keys]})

    async def _token(self, request: web.Request) -> web.StreamResponse:
        self.authorizations.append(request.headers.get("Authorization"))
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        return web.json_response(self.grants.pop(0) if len(self.grants) > 1 else self.grants[0])


def redirect_to(url: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(url)

    return answer


def raw(body: bytes, *, status: int = 200, **fields: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={n.replace("_", "-"): v for n, v in fields.items()})

    return answer


def endless() -> Answer:
    """JSON white space that never ends, with no length said in front."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        # With TLS, writing to a client who is gone neither fails nor waits.
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b" " * 65536)
            await asyncio.sleep(0)
        return response

    return answer


def silent(released: asyncio.Event, then: object = None) -> Answer:
    """No answer until `released`."""

    async def answer(_: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.json_response(then)

    return answer
