from __future__ import annotations

import asyncio

import pytest

from maskproxy.errors import CredentialFailed
from maskproxy.gateway.credentials.client_credentials import ClientCredentials
from maskproxy.gateway.credentials.command import SourceFailed
from maskproxy.gateway.credentials.credential import Credential
from maskproxy.gateway.credentials.secret_sources import EnvironmentSource, Reading
from tests.fakes_issuer import FakeIssuer, raw


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Scripted:
    """A source that gives or fails as told, and counts."""

    def __init__(self, *script: str | Exception, fresh_s: float = 100, valid_s: float | None = None) -> None:
        self.script = list(script)
        self.reads = 0
        self.at_once = 0
        self.fresh_s, self.valid_s = fresh_s, valid_s
        self.gate: asyncio.Event | None = None

    async def read(self) -> Reading:
        self.reads += 1
        self.at_once += 1
        try:
            assert self.at_once == 1, "one reader at a time"
            if self.gate is not None:
                await self.gate.wait()
            step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if isinstance(step, Exception):
                raise step
            return Reading(step, self.fresh_s, self.valid_s)
        finally:
            self.at_once -= 1

    def known_secrets(self) -> tuple[bytes, ...]:
        return (b"of-the-source",)


class Bench:
    """A credential with its source, clock and alarms."""

    def __init__(self, source: Scripted, header: str = "x-api-key") -> None:
        self.source, self.clock, self.alarms = source, Clock(), 0
        self.credential = Credential(header, source, alarm=self._alarm, clock=self.clock)

    def _alarm(self) -> None:
        self.alarms += 1


@pytest.mark.parametrize(
    ("header", "secret", "value"),
    [
        ("x-api-key", "abc", "abc"),
        ("X-Api-Key", "abc", "abc"),
        ("authorization", "abc", "Bearer abc"),
        ("Authorization", "Basic eDp5", "Basic eDp5"),
    ],
)
async def test_the_field_and_its_value(header: str, secret: str, value: str) -> None:
    bench = Bench(Scripted(secret), header)
    assert bench.credential.header == header.lower()
    assert await bench.credential.value() == value


async def test_is_read_once_until_it_ages() -> None:
    bench = Bench(Scripted("one", "two", fresh_s=100))
    assert [await bench.credential.value() for _ in range(3)] == ["one"] * 3
    bench.clock.now += 99
    assert await bench.credential.value() == "one"
    bench.clock.now += 1
    assert await bench.credential.value() == "two"
    assert (bench.source.reads, bench.alarms) == (2, 0)


async def test_many_callers_read_once() -> None:
    bench = Bench(Scripted("one"))
    bench.source.gate = asyncio.Event()
    callers = [asyncio.create_task(bench.credential.value()) for _ in range(50)]
    await asyncio.sleep(0)
    bench.source.gate.set()
    assert await asyncio.gather(*callers) == ["one"] * 50
    assert bench.source.reads == 1


async def test_while_one_reads_anew_the_others_use_what_is_there() -> None:
    bench = Bench(Scripted("one", "two", fresh_s=100, valid_s=200))
    await bench.credential.value()
    bench.clock.now += 150
    bench.source.gate = asyncio.Event()
    reader = asyncio.create_task(bench.credential.value())
    await asyncio.sleep(0)
    assert await bench.credential.value() == "one"
    bench.source.gate.set()
    assert await reader == "two"


async def test_when_it_has_ended_all_wait_for_the_new_one() -> None:
    bench = Bench(Scripted("one", "two", fresh_s=100, valid_s=200))
    await bench.credential.value()
    bench.clock.now += 200
    bench.source.gate = asyncio.Event()
    callers = [asyncio.create_task(bench.credential.value()) for _ in range(5)]
    await asyncio.sleep(0)
    bench.source.gate.set()
    assert await asyncio.gather(*callers) == ["two"] * 5


async def test_a_failed_reading_keeps_the_old_one_while_it_lives() -> None:
    bench = Bench(Scripted("one", SourceFailed("down"), "two", fresh_s=100, valid_s=200))
    await bench.credential.value()
    bench.clock.now += 100
    assert await bench.credential.value() == "one"
    assert await bench.credential.value() == "one"
    assert (bench.source.reads, bench.alarms) == (2, 1), "the next try has to wait"
    bench.clock.now += 5
    assert await bench.credential.value() == "two"


async def test_no_credential_no_value() -> None:
    bench = Bench(Scripted(SourceFailed("down"), "one"))
    bench.source.gate = asyncio.Event()
    callers = [asyncio.create_task(bench.credential.value()) for _ in range(20)]
    await asyncio.sleep(0)
    bench.source.gate.set()
    failures = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(failure, CredentialFailed) and failure.retry for failure in failures)
    assert (bench.source.reads, bench.alarms) == (1, 1), "a crowd does not try one after the other"
    bench.clock.now += 5
    assert await bench.credential.value() == "one"


async def test_an_ended_one_is_never_used() -> None:
    bench = Bench(Scripted("one", SourceFailed("down"), fresh_s=80, valid_s=100))
    await bench.credential.value()
    bench.clock.now += 100
    with pytest.raises(CredentialFailed):
        await bench.credential.value()


async def test_refused_upstream_it_is_read_again() -> None:
    bench = Bench(Scripted("old", "new"))
    await bench.credential.value()
    await bench.credential.rejected()
    assert bench.alarms == 1
    assert await bench.credential.value() == "new"


async def test_refusals_cannot_make_it_read_for_each_request() -> None:
    bench = Bench(Scripted("bad"))
    for _ in range(100):
        await bench.credential.value()
        await bench.credential.rejected()
    assert (bench.source.reads, bench.alarms) == (2, 100)
    bench.clock.now += 10
    await bench.credential.rejected()
    await bench.credential.value()
    assert bench.source.reads == 3


async def test_a_caller_who_goes_away_leaves_the_way_free() -> None:
    bench = Bench(Scripted("one"))
    bench.source.gate = asyncio.Event()
    first = asyncio.create_task(bench.credential.value())
    second = asyncio.create_task(bench.credential.value())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    bench.source.gate.set()
    assert await second == "one"
    assert first.cancelled()


async def test_knows_what_must_be_masked() -> None:
    bench = Bench(Scripted("Basic s1", "s2", "s1b", "s3", "s4", "s5", fresh_s=1), "authorization")
    assert bench.credential.known_secrets() == (b"of-the-source",)
    await bench.credential.value()
    assert set(bench.credential.known_secrets()) == {b"Basic s1", b"s1", b"of-the-source"}
    for _ in range(3):
        bench.clock.now += 1
        await bench.credential.value()
    known = bench.credential.known_secrets()
    assert {b"s1", b"s2", b"s3"} <= set(known), "former ones may still stand in answers"
    for _ in range(2):
        bench.clock.now += 1
        await bench.credential.value()
    assert b"s1" not in bench.credential.known_secrets(), "and are bounded"


async def test_the_same_secret_again_pushes_no_other_out() -> None:
    bench = Bench(Scripted("old", "new", fresh_s=1))
    for _ in range(20):
        await bench.credential.value()
        bench.clock.now += 1
    assert {b"old", b"new"} <= set(bench.credential.known_secrets())


async def test_a_failure_says_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    credential = Credential("x-api-key", EnvironmentSource("KEY", {"KEY": "top\nsecret"}))
    with pytest.raises(CredentialFailed) as caught:
        await credential.value()
    assert "secret" not in f"{caught.value} {caught.value.detail} {caplog.text}".replace("the secret is not", "")
    assert "x-api-key" in caplog.text


async def test_with_client_credentials_from_first_token_to_outage() -> None:
    async with FakeIssuer() as issuer:
        issuer.grants = [{"access_token": f"token-{n}", "expires_in": 100} for n in (1, 2, 3)]
        clock = Clock()
        secret = EnvironmentSource("S", {"S": "client-secret"})
        credential = Credential("authorization", ClientCredentials(f"{issuer.url}/token", "me", secret), clock=clock)
        assert await credential.value() == "Bearer token-1"
        clock.now += 79
        assert await credential.value() == "Bearer token-1"
        clock.now += 1
        assert await credential.value() == "Bearer token-2"
        await credential.rejected()
        assert await credential.value() == "Bearer token-3"
        assert issuer.count("/token") == 3
        issuer.instead["/token"] = raw(b"", status=500)
        clock.now += 90
        assert await credential.value() == "Bearer token-3"
        clock.now += 10
        with pytest.raises(CredentialFailed):
            await credential.value()
        assert {b"token-3", b"token-2", b"client-secret"} <= set(credential.known_secrets())
        await credential.close()
