from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from maskproxy.errors import Unauthenticated, Unavailable
from maskproxy.signin.oidc_device import DeviceBegun, OidcDevice
from tests.fakes_issuer import raw
from tests.signin.oidc_bench import SECRET, TIMES, Bench, bench


class Waiting:
    """Time that passes only by waiting, and what happens meanwhile."""

    def __init__(self) -> None:
        self.now = time.time()
        self.waited: list[float] = []
        self.then: dict[int, Any] = {}

    def __call__(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        self.now += seconds
        self.waited.append(seconds)
        self.then.get(len(self.waited), lambda: None)()


@asynccontextmanager
async def device(b: Bench) -> AsyncIterator[OidcDevice]:
    party = OidcDevice(b.party.client, times=TIMES)
    await party.start()
    try:
        yield party
    finally:
        await party.close()


@pytest.mark.parametrize("secret", [SECRET, None])
async def test_a_person_signs_in_on_another_device(secret: str | None) -> None:
    waiting = Waiting()
    async with bench(secret=secret) as b, device(b) as party:
        begun = await party.begin(waiting.now)
        assert begun.verification_uri == f"{b.provider.url}/enter"
        assert begun.complete_uri == f"{b.provider.url}/enter?code={begun.user_code}"
        assert begun.expires_at == waiting.now + 600
        assert begun.device_code not in repr(begun)
        waiting.then[3] = lambda: b.provider.decide(begun.user_code, "u-1")
        login = await party.finish(begun, clock=waiting, pause=waiting.pause)
        assert (login.provider, login.subject, login.groups) == ("company", "u-1", frozenset({"engineering", "admins"}))
        assert waiting.waited == [1, 1, 1]
        assert ("client_id" in b.provider.forms[0]) is (secret is None)
        assert (await party.again(login, time.time())).subject == "u-1"


async def test_who_declines_ends_it() -> None:
    waiting = Waiting()
    async with bench() as b, device(b) as party:
        begun = await party.begin(waiting.now)
        b.provider.decide(begun.user_code, None)
        with pytest.raises(Unauthenticated, match="declined"):
            await party.finish(begun, clock=waiting, pause=waiting.pause)
        assert waiting.waited == [1]


async def test_a_code_that_nobody_enters_ends() -> None:
    waiting = Waiting()
    async with bench() as b, device(b) as party:
        begun = await party.begin(waiting.now - 595)
        with pytest.raises(Unauthenticated, match="in time"):
            await party.finish(begun, clock=waiting, pause=waiting.pause)
        assert len(waiting.waited) == 5


@pytest.mark.parametrize("code", ["expired_token", "invalid_grant"])
async def test_a_code_that_the_provider_ends_is_not_asked_for_again(code: str) -> None:
    waiting = Waiting()
    async with bench() as b, device(b) as party:
        begun = await party.begin(waiting.now)
        b.provider.script.instead["/token"] = raw(json.dumps({"error": code}).encode(), status=400)
        with pytest.raises(Unauthenticated, match="in time"):
            await party.finish(begun, clock=waiting, pause=waiting.pause)
        assert waiting.waited == [1]


@pytest.mark.parametrize(
    ("status", "body", "waited"),
    [(400, b'{"error":"slow_down"}', [1, 6, 11, 16]), (503, b"", [1, 2, 4, 8])],
)
async def test_a_provider_that_has_too_much_to_do_is_asked_less(status: int, body: bytes, waited: list[float]) -> None:
    waiting = Waiting()
    async with bench() as b, device(b) as party:
        begun = await party.begin(waiting.now)
        b.provider.script.instead["/token"] = raw(body, status=status)

        def recovered() -> None:
            del b.provider.script.instead["/token"]
            b.provider.decide(begun.user_code, "u-1")

        waiting.then[4] = recovered
        assert (await party.finish(begun, clock=waiting, pause=waiting.pause)).subject == "u-1"
        assert waiting.waited == waited


async def test_what_another_try_does_not_help_with_ends_it() -> None:
    waiting = Waiting()
    async with bench() as b, device(b) as party:
        begun = await party.begin(waiting.now)
        b.provider.script.instead["/token"] = raw(b'{"error":"unauthorized_client"}', status=400)
        with pytest.raises(Unavailable, match="do not get along"):
            await party.finish(begun, clock=waiting, pause=waiting.pause)


async def test_an_id_token_for_another_client_is_refused_here_too() -> None:
    waiting = Waiting()
    async with bench() as b, device(b) as party:
        begun = await party.begin(waiting.now)
        b.provider.decide(begun.user_code, "u-1")
        b.provider.script.id_claims = {"aud": "other"}
        with pytest.raises(Unauthenticated, match="another service"):
            await party.finish(begun, clock=waiting, pause=waiting.pause)


async def test_a_provider_without_device_flow() -> None:
    async with bench() as b:
        b.provider.script.says = {"device_authorization_endpoint": None}
        async with device(b) as party:
            with pytest.raises(Unavailable, match="Sign in with one"):
                await party.begin(time.time())


GOOD: dict[str, Any] = {
    "device_code": "d" * 20,
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://idp.example.com/device",
    "expires_in": 300,
}


async def begun_with(*answers: dict[str, Any]) -> AsyncIterator[DeviceBegun | Unavailable]:
    """What comes of each change of a good answer."""
    async with bench() as b, device(b) as party:
        for changes in answers:
            answer = {name: value for name, value in (GOOD | changes).items() if value is not None}
            b.provider.script.instead["/device"] = raw(json.dumps(answer).encode())
            try:
                yield await party.begin(1000)
            except Unavailable as refused:
                yield refused


async def test_what_a_provider_need_not_say() -> None:
    one, other = [begun async for begun in begun_with({}, {"interval": 0, "expires_in": 10**9})]
    assert isinstance(one, DeviceBegun)
    assert isinstance(other, DeviceBegun)
    assert (one.complete_uri, one.interval_s, one.expires_at) == (None, 5, 1300)
    assert (other.interval_s, other.expires_at) == (1, 4600)


async def test_what_is_not_fit_to_be_shown_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    unfit: list[dict[str, Any]] = [
        {"verification_uri": "http://idp.example.com/device"},
        {"verification_uri": "https://idp.example.com/\x1b[2J"},
        {"verification_uri": None},
        {"verification_uri_complete": "javascript:alert(1)"},
        {"user_code": "\x1b[2J"},
        {"user_code": "x" * 65},
        {"user_code": 5},
        {"device_code": None},
        {"device_code": "a b"},
        {"expires_in": None},
        {"expires_in": "300"},
        {"expires_in": -1},
        {"interval": True},
        {"interval": "5"},
    ]
    results = [result async for result in begun_with(*unfit)]
    assert [unfit[place] for place, result in enumerate(results) if not isinstance(result, Unavailable)] == []
    told = [record for record in caplog.records if record.name == "maskproxy.signin.oidc_tokens"]
    for change, record in zip(unfit, told, strict=True):
        assert next(iter(change)) in record.getMessage()


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "invalid_scope"])
async def test_a_provider_that_refuses_to_begin(error: str, caplog: pytest.LogCaptureFixture) -> None:
    async with bench() as b, device(b) as party:
        b.provider.script.instead["/device"] = raw(json.dumps({"error": error}).encode(), status=400)
        with pytest.raises(Unavailable, match="do not get along"):
            await party.begin(1000)
        assert "company does not work: the device authorization endpoint" in caplog.text
