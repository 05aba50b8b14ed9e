from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trustme

from maskproxy.access.tokens import IssuerRules
from maskproxy.errors import ConfigurationFault, Unauthenticated, Unavailable
from maskproxy.gateway.identity.keys import KeyDirectory, KeyTimes, TrustedIssuer
from tests.fakes_issuer import Answer, FakeIssuer, endless, raw, redirect_to, silent
from tests.fakes_tokens import AUDIENCE, ec_key, ed_key, rsa_key

# Real time passes only where a test waits for a fetch; ages and rates are told by the test's own clock.
SLOW = KeyTimes(deadline_s=5, first_retry_s=600, last_retry_s=600)
QUICK = KeyTimes(deadline_s=5, first_retry_s=0.01, last_retry_s=0.01)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def trusted(issuer: FakeIssuer, context: ssl.SSLContext | None = None) -> TrustedIssuer:
    return TrustedIssuer(IssuerRules(issuer.url, AUDIENCE), context)


@asynccontextmanager
async def directory(
    *issuers: TrustedIssuer, clock: Clock | None = None, times: KeyTimes = SLOW
) -> AsyncIterator[KeyDirectory]:
    keys = KeyDirectory(issuers, clock or Clock(), times)
    await keys.start()
    try:
        yield keys
    finally:
        await keys.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


async def test_finds_keys_by_discovery_once_for_all() -> None:
    async with FakeIssuer() as issuer, directory(trusted(issuer)) as keys:
        found = await asyncio.gather(*(keys.keys_for(issuer.url, "ec-1") for _ in range(20)))
        assert all(one is found[0] for one in found)
        assert "ec-1" in found[0]
        assert keys.current(issuer.url) is found[0]
        assert keys.ready
        assert issuer.requests == ["/.well-known/openid-configuration", "/jwks"]


@pytest.mark.parametrize("slash", [False, True])
async def test_over_tls_with_the_trust_that_was_configured(slash: bool) -> None:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    async with (
        FakeIssuer(ssl_context=server, slash=slash) as issuer,
        directory(trusted(issuer, client)) as keys,
    ):
        assert "ec-1" in await keys.keys_for(issuer.url, "ec-1")
        assert issuer.requests == ["/.well-known/openid-configuration", "/jwks"]


async def test_the_discovery_document_is_the_one_that_led_to_the_keys() -> None:
    times = KeyTimes(refresh_s=0.01, deadline_s=5, first_retry_s=0.01, last_retry_s=0.01)
    async with FakeIssuer() as issuer, directory(trusted(issuer), times=times) as keys:
        first = await keys.discovery_of(issuer.url)
        assert first["token_endpoint"] == f"{issuer.url}/token"
        issuer.instead["/elsewhere"] = raw(b"{}", status=500)
        issuer.says_jwks_uri = f"{issuer.url}/elsewhere"
        await until(lambda: issuer.count("/elsewhere") >= 2)
        assert await keys.discovery_of(issuer.url) == first
        issuer.instead["/elsewhere"] = raw(json.dumps({"keys": [ec_key("ec-2").jwk()]}).encode())
        await until(lambda: "ec-2" in (keys.current(issuer.url) or ()))
        assert (await keys.discovery_of(issuer.url))["jwks_uri"] == issuer.says_jwks_uri


async def test_without_keys_there_is_no_discovery_document() -> None:
    async with FakeIssuer() as issuer:
        await issuer.stop()
        async with directory(trusted(issuer)) as keys:
            with pytest.raises(Unavailable):
                await keys.discovery_of(issuer.url)


async def test_an_issuer_that_is_not_configured_is_never_asked() -> None:
    async with FakeIssuer() as issuer, FakeIssuer() as stranger, directory(trusted(issuer)) as keys:
        with pytest.raises(Unauthenticated, match="does not trust"):
            await keys.keys_for(stranger.url, "ec-1")
        assert keys.current(stranger.url) is None
        assert stranger.requests == []


async def test_a_new_key_works_at_once() -> None:
    async with FakeIssuer() as issuer, directory(trusted(issuer)) as keys:
        first = await keys.keys_for(issuer.url, "ec-1")
        issuer.keys = [ec_key("ec-1"), ec_key("ec-2")]
        second = await keys.keys_for(issuer.url, "ec-2")
        assert "ec-2" in second
        assert "ec-2" not in first
        issuer.keys = [ec_key("ec-2")]
        assert "ec-1" in await keys.keys_for(issuer.url, "ec-1"), "a withdrawn key serves until the next fetch"


async def test_sixty_unknown_names_cost_at_most_five_fetches() -> None:
    clock = Clock()
    async with FakeIssuer() as issuer, directory(trusted(issuer), clock=clock) as keys:
        for number in range(60):
            clock.now += 1
            assert f"unknown-{number}" not in await keys.keys_for(issuer.url, f"unknown-{number}")
        assert 2 <= issuer.count("/jwks") <= 5
        assert issuer.count("/.well-known/openid-configuration") == 1


async def test_sixty_unknown_names_at_once_cost_one_fetch_more() -> None:
    async with FakeIssuer() as issuer, directory(trusted(issuer)) as keys:
        await keys.keys_for(issuer.url, "ec-1")
        await asyncio.gather(*(keys.keys_for(issuer.url, f"unknown-{n}") for n in range(60)))
        assert issuer.count("/jwks") == 2


async def test_a_new_key_works_soon_also_under_a_flood() -> None:
    clock = Clock()
    async with FakeIssuer() as issuer, directory(trusted(issuer), clock=clock) as keys:
        for number in range(20):
            await keys.keys_for(issuer.url, f"unknown-{number}")
        issuer.keys = [ec_key("ec-2")]
        assert "ec-2" not in await keys.keys_for(issuer.url, "ec-2"), "the rate is used up"
        clock.now += 30
        await keys.keys_for(issuer.url, "unknown-again")
        assert "ec-2" in await keys.keys_for(issuer.url, "ec-2"), "the stranger's ask has fetched it for all"


async def test_a_known_name_or_none_asks_for_nothing() -> None:
    async with FakeIssuer() as issuer, directory(trusted(issuer)) as keys:
        for kid in ("ec-1", None, "ec-1", None):
            await keys.keys_for(issuer.url, kid)
        assert issuer.count("/jwks") == 1


async def test_keys_are_refreshed_in_the_background() -> None:
    times = KeyTimes(refresh_s=0.01, deadline_s=5)
    async with FakeIssuer() as issuer, directory(trusted(issuer), times=times) as keys:
        first = await keys.keys_for(issuer.url, "ec-1")
        await until(lambda: issuer.count("/jwks") >= 4)
        assert keys.current(issuer.url) is first, "the same keys are the same object"
        issuer.keys = [rsa_key("rsa-1"), ed_key("ed-1")]
        await until(lambda: "rsa-1" in (keys.current(issuer.url) or ()))
        assert issuer.count("/.well-known/openid-configuration") >= 4, "the issuer may name another place"


async def test_during_an_outage_the_last_keys_serve_for_a_day() -> None:
    clock = Clock()
    async with FakeIssuer() as issuer:
        times = KeyTimes(refresh_s=0.01, deadline_s=5, first_retry_s=0.01, last_retry_s=0.01)
        async with directory(trusted(issuer), clock=clock, times=times) as keys:
            await keys.keys_for(issuer.url, "ec-1")
            await issuer.stop()
            clock.now += 24 * 3600
            assert "ec-1" in await keys.keys_for(issuer.url, "ec-1")
            clock.now += 3600
            assert not keys.ready
            assert keys.current(issuer.url) is None
            with pytest.raises(Unavailable) as caught:
                await keys.keys_for(issuer.url, "ec-1")
            assert caught.value.retry
            await issuer.start()
            await until(lambda: keys.ready)
            assert "ec-1" in await keys.keys_for(issuer.url, "ec-1")


async def test_during_an_outage_an_unknown_name_is_nobodys_fault() -> None:
    async with FakeIssuer() as issuer, directory(trusted(issuer)) as keys:
        await keys.keys_for(issuer.url, "ec-1")
        await issuer.stop()
        with pytest.raises(Unavailable):
            await keys.keys_for(issuer.url, "ec-2")
        assert "ec-1" in await keys.keys_for(issuer.url, "ec-1")


async def test_a_provider_that_is_down_at_the_start_is_tried_again() -> None:
    async with FakeIssuer() as issuer:
        await issuer.stop()
        async with directory(trusted(issuer), times=QUICK) as keys:
            with pytest.raises(Unavailable):
                await keys.keys_for(issuer.url, "ec-1")
            assert not keys.ready
            await issuer.start()
            await until(lambda: keys.ready)
            assert "ec-1" in await keys.keys_for(issuer.url, "ec-1")


async def test_without_keys_callers_do_not_wait_for_the_next_try() -> None:
    async with FakeIssuer() as issuer:
        await issuer.stop()
        async with directory(trusted(issuer), times=SLOW) as keys:
            for _ in range(3):
                with pytest.raises(Unavailable):
                    await keys.keys_for(issuer.url, "ec-1")


def _discovery(issuer: FakeIssuer, /, **changes: object) -> Answer:
    good = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/jwks"}
    return raw(json.dumps({n: v for n, v in (good | changes).items() if v is not None}).encode())


BAD_DISCOVERIES: dict[str, Callable[[FakeIssuer], Answer]] = {
    "another issuer": lambda issuer: _discovery(issuer, issuer="https://evil.example"),
    "a slash more": lambda issuer: _discovery(issuer, issuer=issuer.url + "/"),
    "another spelling": lambda issuer: _discovery(issuer, issuer=issuer.url.upper()),
    "no issuer": lambda issuer: _discovery(issuer, issuer=None),
    "a list of issuers": lambda issuer: _discovery(issuer, issuer=[issuer.url]),
    "no place of keys": lambda issuer: _discovery(issuer, jwks_uri=None),
    "a number for a place": lambda issuer: _discovery(issuer, jwks_uri=1),
    "keys without TLS elsewhere": lambda issuer: _discovery(issuer, jwks_uri="http://192.0.2.1/jwks"),
    "keys at the metadata service": lambda issuer: _discovery(issuer, jwks_uri="http://169.254.169.254/jwks"),
    "keys in a file": lambda issuer: _discovery(issuer, jwks_uri="file:///etc/passwd"),
    "keys behind user-info": lambda issuer: _discovery(issuer, jwks_uri=f"http://a@localhost:{issuer.port}/jwks"),
    "a redirect": lambda issuer: redirect_to(f"{issuer.url}/jwks"),
    "an error": lambda _: raw(b"{}", status=500),
    "no JSON": lambda _: raw(b"<html>"),
    "an issuer twice": lambda issuer: raw(f'{{"issuer":"x","issuer":"{issuer.url}"}}'.encode()),
    "too much": lambda _: endless(),
}


@pytest.mark.parametrize("case", BAD_DISCOVERIES)
async def test_a_bad_discovery_gives_no_keys_and_leads_nowhere(case: str, caplog: pytest.LogCaptureFixture) -> None:
    async with FakeIssuer() as issuer:
        issuer.instead["/.well-known/openid-configuration"] = BAD_DISCOVERIES[case](issuer)
        async with directory(trusted(issuer)) as keys:
            with pytest.raises(Unavailable):
                await keys.keys_for(issuer.url, "ec-1")
        assert issuer.requests == ["/.well-known/openid-configuration"], "nothing else is fetched"
        assert issuer.url in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        redirect_to("/elsewhere"),
        raw(b"{}", status=404),
        raw(b"{}"),
        raw(b'{"keys":{}}'),
        raw(b'{"keys":[],"keys":[]}'),
        raw(b"not json"),
        raw(b"[]"),
        endless(),
    ],
)
async def test_bad_keys_leave_the_good_ones_in_place(answer: Answer) -> None:
    async with FakeIssuer() as issuer, directory(trusted(issuer)) as keys:
        good = await keys.keys_for(issuer.url, "ec-1")
        issuer.instead["/jwks"] = answer
        with pytest.raises(Unavailable):
            await keys.keys_for(issuer.url, "ec-2")
        assert keys.current(issuer.url) is good
        assert issuer.requests == ["/.well-known/openid-configuration", "/jwks", "/jwks"]


async def test_an_issuer_may_withdraw_every_key() -> None:
    async with FakeIssuer() as issuer, directory(trusted(issuer)) as keys:
        await keys.keys_for(issuer.url, "ec-1")
        issuer.keys = []
        assert len(await keys.keys_for(issuer.url, "ec-2")) == 0


async def test_an_unfit_key_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with FakeIssuer() as issuer:
        issuer.keys = [ec_key(), rsa_key("small", 1024)]
        async with directory(trusted(issuer)) as keys:
            assert "small" not in await keys.keys_for(issuer.url, "ec-1")
    assert "keys[1]: an RSA key must have 2048 to 8192 bits" in caplog.text


async def test_a_silent_provider_is_given_up_and_nobody_else_waits_for_it() -> None:
    released = asyncio.Event()
    times = KeyTimes(deadline_s=1.0, first_retry_s=600, last_retry_s=600)
    async with FakeIssuer() as slow, FakeIssuer() as good:
        slow.instead["/jwks"] = silent(released)
        async with directory(trusted(slow), trusted(good), times=times) as keys:
            waiting = asyncio.create_task(keys.keys_for(slow.url, "ec-1"))
            assert "ec-1" in await keys.keys_for(good.url, "ec-1")
            assert not keys.ready
            with pytest.raises(Unavailable):
                await waiting
        released.set()


async def test_a_caller_who_goes_away_breaks_no_fetch_off() -> None:
    released = asyncio.Event()
    async with FakeIssuer() as issuer:
        issuer.instead["/jwks"] = silent(released, {"keys": [ec_key().jwk()]})
        async with directory(trusted(issuer)) as keys:
            callers = [asyncio.create_task(keys.keys_for(issuer.url, "ec-1")) for _ in range(2)]
            await until(lambda: issuer.count("/jwks") == 1)
            callers[0].cancel()
            await asyncio.sleep(0)
            released.set()
            assert "ec-1" in await callers[1]
            assert callers[0].cancelled()
            assert issuer.count("/jwks") == 1


async def test_closing_tells_those_who_wait() -> None:
    released = asyncio.Event()
    async with FakeIssuer() as issuer:
        issuer.instead["/jwks"] = silent(released)
        async with directory(trusted(issuer)) as keys:
            waiting = asyncio.create_task(keys.keys_for(issuer.url, "ec-1"))
            await until(lambda: issuer.count("/jwks") == 1)
        with pytest.raises(Unavailable):
            await waiting
        released.set()


@pytest.mark.parametrize(
    "url",
    ["http://idp.example.com", "ftp://localhost", "https://idp.example.com/?a=b", "idp", "https://u@idp.example.com"],
)
def test_an_issuer_without_tls_is_a_fault(url: str) -> None:
    good = TrustedIssuer(IssuerRules("https://idp.example.com", AUDIENCE))
    with pytest.raises(ConfigurationFault) as caught:
        KeyDirectory([good, TrustedIssuer(IssuerRules(url, AUDIENCE))])
    assert [path for path, _ in caught.value.faults] == ["identity.issuers[1].issuer"]
