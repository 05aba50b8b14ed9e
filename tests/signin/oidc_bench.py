"""A relying party and a scripted provider with TLS between them, and a browser that goes from one to the other."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import aiohttp
from yarl import URL

from maskproxy.dev.oidc_provider import Client, Script, ScriptedProvider, Somebody
from maskproxy.dev.throwaway import ServerIdentity, server_identity
from maskproxy.gateway.credentials.secret_sources import EnvironmentSource
from maskproxy.gateway.identity.keys import KeyTimes
from maskproxy.signin.login import Login
from maskproxy.signin.oidc import OidcProvider
from maskproxy.signin.oidc_client import OidcClient
from maskproxy.signin.provider import Begun

CALLBACK = "https://maskproxy.example.com:8443/signin/company/callback"
ID = "maskproxy"
SECRET = "client" + ":secret+" + "of%ours"
TIMES = KeyTimes(deadline_s=5, first_retry_s=600, last_retry_s=600)
ADA = Somebody("Ada Lovelace", "ada@example.com", ("engineering", "admins"))
PEOPLE = {"u-1": ADA, "u-2": Somebody("Eve", "eve@example.com", ("visitors",))}


@cache
def identity() -> ServerIdentity:
    return server_identity()


@cache
def trust() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=identity().ca_pem.decode())


class Bench:
    """`provider` is theirs, `party` ours."""

    def __init__(self, provider: ScriptedProvider, party: OidcProvider, callback: str, alarms: list[str]) -> None:
        self.provider, self.party, self.callback, self.alarms = provider, party, callback, alarms

    async def begin(self) -> Begun:
        return await self.party.begin(self.callback, time.time())

    async def finish(self, begun: Begun, answer: Mapping[str, str]) -> Login:
        return await self.party.finish(begun.kept, answer, self.callback, time.time())

    async def sign_in(self) -> Login:
        begun = await self.begin()
        return await self.finish(begun, await visit(begun.url))

    async def again(self, login: Login) -> Login:
        return await self.party.again(login, time.time())

    def reset(self) -> None:
        """As it was in the beginning, but for what was fetched and asked meanwhile."""
        self.provider.script = Script()
        self.provider.people = dict(PEOPLE)
        self.provider.signed_in = "u-1"
        self.provider.forms.clear()


async def visit(url: str) -> dict[str, str]:
    """Go to the provider as a browser does, and bring what the redirect back carries."""
    async with aiohttp.ClientSession() as session, session.get(url, ssl=trust(), allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return dict(URL(answer.headers["Location"]).query)


@asynccontextmanager
async def bench(
    *, name: str = "company", secret: str | None = SECRET, times: KeyTimes = TIMES, **client: Any
) -> AsyncIterator[Bench]:
    """`client` changes what we are at the provider."""
    callback = f"https://maskproxy.example.com:8443/signin/{name}/callback"
    provider = ScriptedProvider({ID: Client(frozenset({callback}), secret)}, PEOPLE)
    async with AsyncExitStack() as stack:
        await provider.start(tls=identity().context)
        stack.push_async_callback(provider.close)
        ours = OidcClient(
            name=name,
            issuer=provider.url,
            client_id=ID,
            secret=None if secret is None else EnvironmentSource("S", {"S": secret}),
            scopes=("openid", "profile", "email", "offline_access"),
            trust=trust(),
        )
        alarms: list[str] = []
        party = OidcProvider(replace(ours, **client), times=times, alarm=lambda: alarms.append("credential"))
        await party.start()
        stack.push_async_callback(party.close)
        yield Bench(provider, party, callback, alarms)


@asynccontextmanager
async def second(of: Bench, **client: Any) -> AsyncIterator[Bench]:
    """Another relying party at the same provider, which knows only what the provider says from now on."""
    alarms: list[str] = []
    party = OidcProvider(replace(of.party.client, **client), times=TIMES, alarm=lambda: alarms.append("credential"))
    await party.start()
    try:
        yield Bench(of.provider, party, of.callback, alarms)
    finally:
        await party.close()
