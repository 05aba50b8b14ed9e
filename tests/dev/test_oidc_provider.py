from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from yarl import URL

from maskproxy.dev.oidc_grants import challenge_of
from maskproxy.dev.oidc_provider import DEVICE_GRANT, Client, ScriptedProvider, Somebody

CALLBACK = "https://maskproxy.example.com/callback?x=1"
VERIFIER = "v" * 50
GOOD = {
    "response_type": "code",
    "client_id": "public",
    "redirect_uri": CALLBACK,
    "scope": "openid offline_access",
    "state": "s",
    "nonce": "n",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}


class Browser:
    def __init__(self, provider: ScriptedProvider, session: aiohttp.ClientSession) -> None:
        self.provider, self.session = provider, session

    async def authorize(self, **changes: str) -> tuple[int, dict[str, str]]:
        url = URL(f"{self.provider.url}/authorize").with_query(GOOD | changes)
        async with self.session.get(url, allow_redirects=False) as answer:
            return answer.status, dict(URL(answer.headers.get("Location", "")).query)

    async def code(self, **changes: str) -> str:
        return (await self.authorize(**changes))[1]["code"]

    async def token(self, authorization: str = "", **form: str) -> tuple[int, dict[str, Any]]:
        fields = {"Authorization": authorization} if authorization else {}
        async with self.session.post(f"{self.provider.url}/token", data=form, headers=fields) as answer:
            return answer.status, await answer.json()

    async def redeem(self, code: str, **changes: str) -> tuple[int, dict[str, Any]]:
        form = {"client_id": "public", "redirect_uri": CALLBACK, "code_verifier": VERIFIER, "code": code} | changes
        return await self.token(grant_type="authorization_code", **form)

    async def refresh(self, token: str) -> tuple[int, dict[str, Any]]:
        return await self.token(grant_type="refresh_token", client_id="public", refresh_token=token)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    registered = {"public": Client(frozenset({CALLBACK})), "secret": Client(frozenset({CALLBACK}), "word")}
    provider = ScriptedProvider(registered, {"u-1": Somebody("Ada", "ada@example.com", ("g",))})
    await provider.start()
    async with aiohttp.ClientSession() as session:
        yield Browser(provider, session)
    await provider.close()


async def test_a_code_gives_tokens_once_and_then_ends_them(browser: Browser) -> None:
    status, answer = await browser.authorize()
    assert status == 303
    assert answer == {"x": "1", "state": "s", "iss": browser.provider.url, "code": answer["code"]}
    status, tokens = await browser.redeem(answer["code"])
    assert status == 200
    assert set(tokens) == {"access_token", "token_type", "expires_in", "id_token", "refresh_token"}
    assert await browser.redeem(answer["code"]) == (400, {"error": "invalid_grant", "error_description": "no"})
    assert (await browser.refresh(tokens["refresh_token"]))[0] == 400


async def test_a_refresh_token_that_comes_twice_ends_all(browser: Browser) -> None:
    first = (await browser.redeem(await browser.code()))[1]["refresh_token"]
    second = (await browser.refresh(first))[1]["refresh_token"]
    third = (await browser.refresh(second))[1]["refresh_token"]
    assert (await browser.refresh(first))[0] == 400
    assert (await browser.refresh(third))[0] == 400


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": "w" * 50}, {"code_verifier": ""}, {"redirect_uri": "https://evil.example"}],
)
async def test_a_code_needs_all_that_it_was_given_for(browser: Browser, changes: dict[str, str]) -> None:
    status, answer = await browser.redeem(await browser.code(), **changes)
    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "authorization"),
    [
        ({"client_id": "secret"}, ""),
        ({"client_id": "secret", "client_secret": "other"}, ""),
        ({"client_id": "public", "client_secret": "word"}, ""),
        ({"client_id": "nobody"}, ""),
        ({}, "Basic " + base64.b64encode(b"secret:other").decode()),
        ({}, "Bearer word"),
    ],
)
async def test_a_client_must_show_who_it_is(browser: Browser, form: dict[str, str], authorization: str) -> None:
    status, answer = await browser.token(authorization, grant_type="authorization_code", **form)
    assert (status, answer["error"]) == (401, "invalid_client")


async def test_a_code_is_for_its_client(browser: Browser) -> None:
    secret = {"client_id": "secret", "client_secret": "word"}
    assert (await browser.redeem(await browser.code(), **secret))[0] == 400
    assert (await browser.redeem(await browser.code(client_id="secret"), **secret))[0] == 200


@pytest.mark.parametrize(
    "changes",
    [{"response_type": "token"}, {"scope": "profile"}, {"code_challenge_method": "plain"}, {"code_challenge": ""}],
)
async def test_a_bad_request_is_sent_back_as_an_error(browser: Browser, changes: dict[str, str]) -> None:
    assert (await browser.authorize(**changes))[1]["error"] == "invalid_request"


@pytest.mark.parametrize("changes", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example"}])
async def test_nobody_is_sent_to_an_address_that_is_not_registered(browser: Browser, changes: dict[str, str]) -> None:
    assert await browser.authorize(**changes) == (400, {})


async def test_who_is_dismissed_gets_nothing_more(browser: Browser) -> None:
    tokens = (await browser.redeem(await browser.code()))[1]
    browser.provider.dismiss("u-1")
    assert (await browser.refresh(tokens["refresh_token"]))[0] == 400
    fields = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with browser.session.get(f"{browser.provider.url}/userinfo", headers=fields) as answer:
        assert answer.status == 401


async def test_a_device_is_decided_on_elsewhere(browser: Browser) -> None:
    async with browser.session.post(f"{browser.provider.url}/device", data={"client_id": "public"}) as answer:
        given = await answer.json()
    form = {"grant_type": DEVICE_GRANT, "client_id": "public", "device_code": given["device_code"]}
    assert (await browser.token(**form))[1]["error"] == "authorization_pending"
    browser.provider.decide(given["user_code"], "u-1")
    assert (await browser.token(**form))[0] == 200
    assert (await browser.token(**form))[1]["error"] == "invalid_grant"
