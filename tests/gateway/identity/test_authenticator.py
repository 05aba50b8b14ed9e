from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from maskproxy.access import tokens
from maskproxy.access.tokens import IssuerRules, KeySet, Person
from maskproxy.errors import Unauthenticated, Unavailable
from maskproxy.gateway.identity import authenticator
from maskproxy.gateway.identity.authenticator import Authenticator
from maskproxy.gateway.identity.keys import KeyDirectory, KeyTimes, TrustedIssuer
from tests.fakes_issuer import FakeIssuer
from tests.fakes_tokens import AUDIENCE, NOW, ec_key, rsa_key


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Bench:
    """An authenticator before a real issuer, and a count of the tokens that were verified."""

    def __init__(self, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.issuer, self.clock, self.verified = issuer, Clock(), 0
        self.trusted = [TrustedIssuer(IssuerRules(issuer.url, AUDIENCE))]
        times = KeyTimes(first_retry_s=600, last_retry_s=600)
        self.keys = KeyDirectory(self.trusted, self.clock, times)
        self.authenticator = Authenticator(self.keys, self.trusted, self.clock, most_known=3)
        monkeypatch.setattr(authenticator, "verify", self._verify)

    def _verify(self, token: str, rules: IssuerRules, keys: KeySet, now: float) -> Person:
        self.verified += 1
        return tokens.verify(token, rules, keys, now)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    async with FakeIssuer() as issuer:
        bench = Bench(issuer, monkeypatch)
        await bench.keys.start()
        yield bench
        await bench.keys.close()


async def test_a_token_is_verified_once(bench: Bench) -> None:
    token = bench.issuer.token()
    first = await bench.authenticator.authenticate(token)
    assert first.name == "Ada Lovelace"
    assert await bench.authenticator.authenticate(token) is first
    assert bench.verified == 1


async def test_until_it_expires(bench: Bench) -> None:
    token = bench.issuer.token(exp=NOW + 10)
    await bench.authenticator.authenticate(token)
    bench.clock.now += 9
    await bench.authenticator.authenticate(token)
    assert bench.verified == 1
    bench.clock.now += 61
    with pytest.raises(Unauthenticated, match="expired"):
        await bench.authenticator.authenticate(token)


async def test_within_the_leeway_it_is_verified_each_time(bench: Bench) -> None:
    token = bench.issuer.token(exp=NOW + 10)
    await bench.authenticator.authenticate(token)
    bench.clock.now += 30
    await bench.authenticator.authenticate(token)
    await bench.authenticator.authenticate(token)
    assert bench.verified == 3


async def test_a_withdrawn_key_ends_what_it_verified(bench: Bench) -> None:
    token = bench.issuer.token()
    await bench.authenticator.authenticate(token)
    bench.issuer.keys = [ec_key("ec-2")]
    await bench.authenticator.authenticate(bench.issuer.token())
    with pytest.raises(Unauthenticated, match="does not publish"):
        await bench.authenticator.authenticate(token)


async def test_other_keys_added_only_cost_another_check(bench: Bench) -> None:
    token = bench.issuer.token()
    first = await bench.authenticator.authenticate(token)
    bench.issuer.keys = [ec_key(), ec_key("ec-2")]
    await bench.authenticator.authenticate(bench.issuer.token(ec_key("ec-2")))
    assert await bench.authenticator.authenticate(token) == first
    assert bench.verified == 3


async def test_when_the_keys_are_too_old_nobody_is_served_from_memory(bench: Bench) -> None:
    token = bench.issuer.token(exp=NOW + 10**6)
    await bench.authenticator.authenticate(token)
    await bench.issuer.stop()
    bench.clock.now += 24 * 3600 + 1
    with pytest.raises(Unavailable):
        await bench.authenticator.authenticate(token)


async def test_memory_is_bounded_and_keeps_who_came_last(bench: Bench) -> None:
    crowd = [bench.issuer.token(sub=f"u-{n}") for n in range(4)]
    for token in (crowd[0], crowd[1], crowd[2], crowd[0], crowd[3]):
        await bench.authenticator.authenticate(token)
    assert bench.verified == 4
    await bench.authenticator.authenticate(crowd[0])
    assert bench.verified == 4, "used lately, so still known"
    await bench.authenticator.authenticate(crowd[1])
    assert bench.verified == 5, "used longest ago, so forgotten"


async def test_a_refusal_is_remembered_for_seconds_only(bench: Bench) -> None:
    early = bench.issuer.token(nbf=NOW + 62)
    for _ in range(3):
        with pytest.raises(Unauthenticated, match="not valid yet"):
            await bench.authenticator.authenticate(early)
    assert bench.verified == 1
    bench.clock.now += 2
    assert (await bench.authenticator.authenticate(early)).subject == "u-1"


async def test_a_clock_set_back_does_not_prolong_a_refusal(bench: Bench) -> None:
    forged = bench.issuer.token(rsa_key("ec-1"))
    with pytest.raises(Unauthenticated):
        await bench.authenticator.authenticate(forged)
    bench.clock.now -= 1000
    with pytest.raises(Unauthenticated):
        await bench.authenticator.authenticate(forged)
    assert bench.verified == 2


async def test_a_flood_of_bad_tokens_is_verified_one_by_one_and_forgotten(bench: Bench) -> None:
    for number in range(1100):
        with pytest.raises(Unauthenticated):
            await bench.authenticator.authenticate(f"e30.e30.{number:04d}")
    person = await bench.authenticator.authenticate(bench.issuer.token())
    assert person.subject == "u-1"


@pytest.mark.parametrize("token", ["", "a.b.c", "x" * 20_000, "\udcff", "e30.e30.e30"])
async def test_junk_asks_nobody_anything(bench: Bench, token: str) -> None:
    await bench.keys.keys_for(bench.issuer.url, None)
    before = list(bench.issuer.requests)
    with pytest.raises(Unauthenticated):
        await bench.authenticator.authenticate(token)
    assert bench.issuer.requests == before


async def test_the_issuer_that_a_token_names_is_not_asked_unless_configured(bench: Bench) -> None:
    async with FakeIssuer() as stranger:
        with pytest.raises(Unauthenticated, match="does not trust"):
            await bench.authenticator.authenticate(stranger.token())
        assert stranger.requests == []


async def test_one_issuers_key_does_not_speak_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeIssuer() as one, FakeIssuer() as other:
        other.keys = [ec_key("other-1")]
        trusted = [TrustedIssuer(IssuerRules(issuer.url, AUDIENCE)) for issuer in (one, other)]
        clock = Clock()
        keys = KeyDirectory(trusted, clock)
        await keys.start()
        authenticate = Authenticator(keys, trusted, clock).authenticate
        assert (await authenticate(one.token())).issuer == one.url
        assert (await authenticate(other.token())).issuer == other.url
        with pytest.raises(Unauthenticated, match="does not publish"):
            await authenticate(one.token(ec_key("other-1")))
        await keys.close()
