"""A provider whose endpoints misbehave, or are not its own."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from maskproxy.errors import MaskproxyError, Unauthenticated, Unavailable
from maskproxy.gateway.identity.keys import KeyTimes
from maskproxy.signin.oidc import OidcProvider
from tests.fakes_issuer import Answer, endless, raw, redirect_to, silent
from tests.fakes_tokens import SigningKey, compact, ec_key
from tests.signin.oidc_bench import SECRET, TIMES, Bench, bench, visit

pytestmark = pytest.mark.asyncio(loop_scope="module")

HASTY = KeyTimes(deadline_s=0.8, first_retry_s=600, last_retry_s=600)
BAD_ANSWERS: dict[str, Answer] = {
    "too much": endless(),
    "a page": raw(b"<html>", Content_Type="text/html"),
    "no object": raw(b"[]"),
    "a name twice": raw(b'{"sub":"u-1","sub":"u-2","access_token":"a"}'),
    "too deep": raw(b'{"a":' * 20 + b"1" + b"}" * 20),
    "packed": raw(b"{}", Content_Encoding="gzip"),
    "trouble": raw(b"", status=502),
    "nothing": raw(b"", status=204),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def long_bench() -> AsyncIterator[Bench]:
    async with bench() as b:
        yield b
        assert (await b.sign_in()).subject == "u-1", "all that was wrong was in the answers"


@pytest_asyncio.fixture(loop_scope="module")
async def b(long_bench: Bench) -> AsyncIterator[Bench]:
    """One provider for all that begins well; each test leaves it as good as it was."""
    yield long_bench
    long_bench.reset()


@pytest.mark.parametrize("case", BAD_ANSWERS)
@pytest.mark.parametrize("path", ["/token", "/userinfo"])
async def test_an_answer_that_cannot_be_read_is_the_providers_fault(b: Bench, path: str, case: str) -> None:
    b.provider.script.groups_in = frozenset({"userinfo"})
    b.provider.script.instead[path] = BAD_ANSWERS[case]
    with pytest.raises(Unavailable) as caught:
        await b.sign_in()
    assert caught.value.retry


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
@pytest.mark.parametrize("status", [302, 307])
async def test_no_redirect_is_followed_with_a_secret_or_token(b: Bench, path: str, status: int) -> None:
    async with bench(name="evil") as evil:
        b.provider.script.groups_in = frozenset({"userinfo"})
        b.provider.script.instead[path] = raw(b"", status=status, Location=f"{evil.provider.url}{path}")
        with pytest.raises(Unavailable):
            await b.sign_in()
        assert evil.provider.asked[path] == 0


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
async def test_a_silent_endpoint_is_given_up(path: str) -> None:
    released = asyncio.Event()
    async with bench(times=HASTY) as b:
        b.provider.script.groups_in = frozenset({"userinfo"})
        begun = await b.begin()
        answer = await visit(begun.url)
        b.provider.script.instead[path] = silent(released)
        began = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            await b.finish(begun, answer)
        assert time.monotonic() - began < 3
        assert caught.value.retry
        released.set()


async def test_a_whole_sign_in_has_a_deadline_too() -> None:
    released = asyncio.Event()
    async with bench() as b:
        login = await b.sign_in()
        b.provider.script.instead["/token"] = silent(released)
        party = OidcProvider(b.party.client, deadline_s=0.05, times=TIMES)
        await party.start()
        with pytest.raises(Unavailable, match="too slow"):
            await party.again(login, time.time())
        await party.close()
        released.set()


async def test_who_goes_away_takes_the_exchange_along(b: Bench) -> None:
    released = asyncio.Event()
    b.provider.script.instead["/token"] = silent(released)
    begun = await b.begin()
    answer = await visit(begun.url)
    asked = b.provider.asked["/token"]
    finishing = asyncio.create_task(b.finish(begun, answer))
    async with asyncio.timeout(5):
        while b.provider.asked["/token"] == asked:
            await asyncio.sleep(0.005)
    finishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finishing
    released.set()


async def test_a_certificate_that_is_not_trusted_gets_no_secret() -> None:
    async with bench() as b:
        party = OidcProvider(replace(b.party.client, trust=ssl.create_default_context()), times=TIMES)
        await party.start()
        with pytest.raises(Unavailable):
            await party.begin(b.callback, time.time())
        await party.close()


DISCOVERIES: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "another issuer": lambda b: {"issuer": "https://evil.example"},
    "a slash more": lambda b: {"issuer": b.provider.url + "/"},
    "no keys": lambda b: {"jwks_uri": None},
    "a token endpoint without TLS": lambda b: {"token_endpoint": b.provider.url.replace("https:", "http:")},
    "PKCE without S256": lambda b: {"code_challenge_methods_supported": ["plain"]},
}


@pytest.mark.parametrize("case", DISCOVERIES)
async def test_a_discovery_that_is_not_to_be_trusted_leads_nobody_anywhere(case: str) -> None:
    async with bench() as b:
        b.provider.script.says = DISCOVERIES[case](b)
        with pytest.raises(Unavailable) as caught:
            await b.begin()
        assert set(b.provider.asked) <= {"discovery", "jwks", "/jwks", "/.well-known/openid-configuration"}
        assert SECRET not in str(caught.value) + caught.value.detail


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks"])
@pytest.mark.parametrize("answer", [redirect_to("/elsewhere"), endless(), raw(b"", status=500)])
async def test_without_metadata_and_keys_nobody_is_sent_anywhere(path: str, answer: Answer) -> None:
    async with bench() as b:
        b.provider.script.instead[path] = answer
        with pytest.raises(Unavailable):
            await b.begin()
        assert not b.party.ready
        assert b.provider.asked["/elsewhere"] == 0


async def test_metadata_is_fetched_once_for_many() -> None:
    async with bench() as b:
        await asyncio.gather(*(b.begin() for _ in range(20)))
        assert b.party.ready
        assert b.provider.asked["discovery"] == b.provider.asked["jwks"] == 1


async def test_tokens_with_unknown_keys_cost_few_fetches() -> None:
    async with bench() as b:
        b.provider.script.signs = lambda claims: compact(ec_key(), {"alg": "ES256", "kid": claims["nonce"]}, claims)
        for _ in range(6):
            with pytest.raises(Unauthenticated, match="does not publish"):
                await b.sign_in()
        assert b.provider.asked["jwks"] == 1 + TIMES.asks


async def test_a_provider_that_names_other_endpoints_is_followed_there_after_a_while() -> None:
    async with bench(times=replace(TIMES, refresh_s=0.05)) as b:
        await b.begin()
        b.provider.script.says = {"authorization_endpoint": f"{b.provider.url}/authorize2"}
        async with asyncio.timeout(5):
            while "/authorize2?" not in (await b.begin()).url:
                await asyncio.sleep(0.02)


USERINFO: dict[str, tuple[dict[str, Any], type[MaskproxyError]]] = {
    "somebody else": ({"sub": "u-2"}, Unauthenticated),
    "nobody": ({"sub": None}, Unauthenticated),
    "a list of people": ({"sub": ["u-1"]}, Unauthenticated),
    "the name in another case": ({"sub": "U-1"}, Unauthenticated),
    "groups that are numbers": ({"groups": [1]}, Unauthenticated),
}


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("case", USERINFO)
async def test_userinfo_must_be_about_the_same_person(b: Bench, case: str, signed: bool) -> None:
    changes, error = USERINFO[case]
    login = await b.sign_in()
    b.provider.script.groups_in = frozenset({"userinfo"})
    b.provider.script.userinfo_as_jwt = signed
    b.provider.script.userinfo_claims = changes
    with pytest.raises(error):
        await b.sign_in()
    with pytest.raises(error):
        await b.again(login)


def resigned(change: dict[str, Any], **header: Any) -> Callable[[Bench, dict[str, Any]], str]:
    def sign(b: Bench, claims: dict[str, Any]) -> str:
        key = SigningKey(*b.provider.signing_key)
        changed = {name: value for name, value in (claims | change).items() if value is not None}
        return compact(key, {"alg": "ES256", "kid": key.kid} | header, changed)

    return sign


SIGNED_USERINFO: dict[str, Callable[[Bench, dict[str, Any]], str]] = {
    "another issuer": resigned({"iss": "https://evil.example"}),
    "no issuer": resigned({"iss": None}),
    "another audience": resigned({"aud": "other"}),
    "no audience": resigned({"aud": None}),
    "alg none": resigned({}, alg="none"),
    "a key in the header": resigned({}, jwk=ec_key("evil").jwk()),
    "another key": lambda b, claims: compact(ec_key("evil"), {"alg": "ES256", "kid": "evil"}, claims),
    "an encrypted one": lambda b, claims: "e30.e30.e30.e30.e30",
    "JSON": lambda b, claims: json.dumps(claims),
    "nothing": lambda b, claims: "",
}


@pytest.mark.parametrize("case", SIGNED_USERINFO)
async def test_userinfo_that_is_signed_must_be_signed_well(b: Bench, case: str) -> None:
    b.provider.script.groups_in = frozenset({"userinfo"})
    b.provider.script.userinfo_as_jwt = True
    sign = SIGNED_USERINFO[case]
    b.provider.script.signs = lambda claims: b.provider.sign(claims) if "nonce" in claims else sign(b, claims)
    with pytest.raises(Unauthenticated):
        await b.sign_in()


async def test_nothing_of_an_answer_is_in_the_log(b: Bench, caplog: pytest.LogCaptureFixture) -> None:
    planted = "planted" + "-by-the-provider"
    login = await b.sign_in()
    for status in (200, 400, 401, 500):
        b.provider.script.instead["/token"] = raw(
            json.dumps({"error": planted, "error_description": planted, "token_type": planted}).encode(),
            status=status,
        )
        with pytest.raises(Unavailable) as caught:
            await b.again(login)
        assert planted not in str(caught.value) + caught.value.detail
    assert "the token endpoint answers an unknown error" in caplog.text
    for secret in (planted, SECRET, login.refresh_token or ""):
        assert secret not in caplog.text
