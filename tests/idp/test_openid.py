"""People sign in at a certified OpenID Connect provider, on its own pages, through a whole gateway."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import jwt
import pytest
from yarl import URL

from maskproxy.gateway.credentials.secret_sources import EnvironmentSource
from maskproxy.signin.oidc_client import OidcClient
from maskproxy.signin.oidc_device import OidcDevice
from tests.gateway.test_exchange import messages
from tests.idp.browser import Browser
from tests.idp.openid import ADA, EVE, SCOPES, OpenId
from tests.signin.surfing import Front, error_of

PUBLIC = {"token_endpoint_auth_method": "none"}


@pytest.fixture
async def provider(front: Front, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[OpenId]:
    """The provider, and the gateway that knows it, both running. A parameter changes how we are registered there."""
    directory = tmp_path / "provider"
    directory.mkdir()
    client = dict(getattr(request, "param", {}))
    async with AsyncExitStack() as stack:
        provider = OpenId(directory, front.other, f"{front.url}/oauth/callback/company", client)
        await stack.enter_async_context(provider)
        secret = tmp_path / "client.secret"
        secret.write_text(provider.secret)
        secret.chmod(0o600)
        oidc = {
            "issuer": provider.issuer,
            "client_id": provider.client_id,
            **({} if client == PUBLIC else {"client_secret": {"file": "client.secret"}}),
            "scopes": SCOPES,
            "prompt": "consent",
            "trust": "other.pem",
        }
        front.changes["identity"] = {"providers": [{"name": "company", "oidc": oidc}], "tokens": {}}
        await front.start()
        stack.push_async_callback(front.close)
        yield provider
        assert provider.secret not in front.log.getvalue()


async def at_the_provider(front: Front, browser: Browser, device: dict[str, Any]) -> None:
    await browser.open(device["verification_uri_complete"])
    await browser.send()
    assert browser.host == "127.0.0.1", browser.words


async def sign_in(front: Front, browser: Browser, who: str = "ada") -> dict[str, Any]:
    """The device flow of the gateway, with everything a person does in between; gives what the program gets."""
    device = await front.program().device()
    await at_the_provider(front, browser, device)
    await browser.send(login=who, password="any")
    await browser.send()
    assert browser.url.startswith(f"{front.url}/oauth/confirm"), browser.words
    assert device["user_code"] in browser.words
    await browser.send({"decision": "approve"})
    assert (browser.status, "You are signed in" in browser.words) == (200, True), browser.words
    answer = await front.program().poll(device)
    assert answer.status == 200, answer.body
    issued: dict[str, Any] = json.loads(answer.body)
    return issued


async def refreshed(front: Front, issued: dict[str, Any]) -> dict[str, Any]:
    answer = await front.program().refresh(issued["refresh_token"])
    assert answer.status == 200, answer.body
    again: dict[str, Any] = json.loads(answer.body)
    return again


def claims_of(issued: dict[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(issued["access_token"], options={"verify_signature": False})
    return claims


async def speaks(front: Front, issued: dict[str, Any]) -> int:
    return (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status


async def test_code_with_pkce_from_terminal_to_claude(front: Front, browser: Browser, provider: OpenId) -> None:
    issued = await sign_in(front, browser)
    claims = claims_of(issued)
    assert claims["sub"] == f"{provider.issuer}#ada"
    assert (claims["name"], claims["email"]) == ("Ada Lovelace", "ada@example.com")
    assert claims["groups"] == ["admins", "engineering"]
    assert await speaks(front, issued) == 200


@pytest.mark.parametrize(
    "provider",
    [PUBLIC, {"userinfo_signed_response_alg": "RS256"}, {"id_token_signed_response_alg": "ES256"}],
    ids=["public", "signed userinfo", "ES256"],
    indirect=True,
)
async def test_however_we_are_registered(front: Front, browser: Browser, provider: OpenId) -> None:
    again = await refreshed(front, await sign_in(front, browser))
    assert claims_of(again)["groups"] == ["admins", "engineering"]
    assert await speaks(front, again) == 200


async def test_groups_decide_and_an_unchecked_address_is_left_out(
    front: Front, browser: Browser, provider: OpenId
) -> None:
    issued = await sign_in(front, browser, "eve")
    assert (claims_of(issued)["groups"], claims_of(issued)["email"]) == (["visitors"], "")
    assert await speaks(front, issued) == 403


async def test_the_provider_takes_no_request_without_pkce(front: Front, browser: Browser, provider: OpenId) -> None:
    """Were PKCE not asked for there, the other tests would show nothing of ours."""
    await at_the_provider(front, browser, await front.program().device())
    asked = URL(next(url for url in browser.went if url.startswith(f"{provider.issuer}/auth?")))
    bare = {name: value for name, value in asked.query.items() if not name.startswith("code_challenge")}
    await browser.open(str(asked.with_query(bare)))
    assert "declined" not in browser.words
    assert "PKCE" in URL(browser.url).query["error_description"]


async def test_who_cancels_at_the_provider_gets_no_login(front: Front, browser: Browser, provider: OpenId) -> None:
    device = await front.program().device()
    await at_the_provider(front, browser, device)
    await browser.click("Cancel")
    assert browser.url.startswith(f"{front.url}/oauth/callback/company")
    assert (browser.status, "declined" in browser.words) == (401, True)
    assert error_of(await front.program().poll(device)) == (400, "authorization_pending")


async def test_an_answer_counts_once(front: Front, browser: Browser, provider: OpenId) -> None:
    await sign_in(front, browser)
    back = next(url for url in browser.went if url.startswith(f"{front.url}/oauth/callback/company?"))
    assert URL(back).query["iss"] == provider.issuer
    await browser.open(back)
    assert browser.status in {400, 401}, browser.words


async def test_refresh_tokens_rotate_here_and_at_the_provider(front: Front, browser: Browser, provider: OpenId) -> None:
    first = await sign_in(front, browser)
    await provider.keep_only({"ada": {**ADA, "groups": ["engineering"], "name": "Ada King"}})
    second = await refreshed(front, first)
    # What a gateway remembers of tokens that were replaced would hide that the new one was not kept.
    await front.restart()
    third = await refreshed(front, second)
    assert await provider.refresh_tokens_consumed() == 2
    assert len({one["refresh_token"] for one in (first, second, third)}) == 3
    assert (claims_of(third)["name"], claims_of(third)["groups"]) == ("Ada King", ["engineering"])
    assert await speaks(front, third) == 200


async def test_the_provider_takes_new_keys_in_the_middle(front: Front, browser: Browser, provider: OpenId) -> None:
    first = await sign_in(front, browser)
    await provider.rotate_keys()
    second = await refreshed(front, first)
    assert await speaks(front, second) == 200
    device = await front.program().device()
    await at_the_provider(front, browser, device)
    await provider.rotate_keys()
    # The provider still knows the browser, and asks for consent alone.
    await browser.send()
    await browser.send({"decision": "approve"})
    issued = json.loads((await front.program().poll(device)).body)
    assert await speaks(front, issued) == 200


async def test_a_removed_person_is_refused_at_the_next_refresh(
    front: Front, browser: Browser, provider: OpenId
) -> None:
    issued = await sign_in(front, browser)
    assert await speaks(front, issued) == 200
    await provider.keep_only({"eve": EVE})
    assert error_of(await front.program().refresh(issued["refresh_token"])) == (401, "invalid_grant")
    assert await speaks(front, issued) == 401, "what runs on the sign-in ends with it"


async def test_the_device_flow_of_the_provider_itself(front: Front, browser: Browser, provider: OpenId) -> None:
    trust = ssl.create_default_context(cafile=str(front.directory / "other.pem"))
    secret = EnvironmentSource("S", {"S": provider.secret})
    client = OidcClient("company", provider.issuer, provider.client_id, secret, tuple(SCOPES), trust=trust)
    party = OidcDevice(client)
    await party.start()
    try:
        begun = await party.begin(time.time())
        assert begun.complete_uri is not None
        turns = 0

        async def decide(_: float) -> None:
            nonlocal turns
            turns += 1
            if turns == 2:
                await browser.open(str(begun.complete_uri))
                await browser.send()
                assert begun.user_code in browser.words, "the provider asks whether it is theirs"
                await browser.send()
                await browser.send(login="ada", password="any")
                await browser.send()
                assert browser.status == 200, browser.words

        login = await party.finish(begun, pause=decide)
        assert (turns, login.subject, login.groups) == (2, "ada", frozenset({"admins", "engineering"}))
    finally:
        await party.close()
