"""What comes back with the browser, and what does not count of it."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import BadRequest, MaskproxyError, Unauthenticated, Unavailable
from maskproxy.signin.oidc_client import OidcClient
from maskproxy.signin.oidc_metadata import Metadata
from maskproxy.signin.oidc_redirect import PENDING_S, Pending, code_from
from tests.signin.oidc_bench import CALLBACK, bench, trust, visit

ISSUER = "https://idp.example.com"
CLIENT = OidcClient("company", ISSUER, "maskproxy")
METADATA = Metadata(f"{ISSUER}/a", f"{ISSUER}/t", None, None, tells_issuer=True, auth_methods=frozenset())


def pending() -> Pending:
    return Pending("company", ISSUER, CALLBACK, 1000.0)


def test_what_is_kept_comes_back_whole_and_shows_no_secret() -> None:
    one = pending()
    assert Pending.from_bytes(one.to_bytes()) == one
    assert not any(secret in repr(one) for secret in (one.state, one.nonce, one.verifier))
    assert 43 <= len(one.verifier) <= 128


@given(st.binary(max_size=80))
def test_what_was_not_kept_by_us_is_refused(kept: bytes) -> None:
    with pytest.raises(BadRequest):
        Pending.from_bytes(kept)


@pytest.mark.parametrize("change", [{"begun_at": "1"}, {"begun_at": None}, {"nonce": 5}, {"more": "x"}])
def test_what_was_kept_in_another_shape_is_refused(change: dict[str, object]) -> None:
    kept = json.loads(pending().to_bytes()) | change
    with pytest.raises(BadRequest):
        Pending.from_bytes(json.dumps(kept).encode())


def test_a_sign_in_has_ten_minutes() -> None:
    pending().check(CLIENT, CALLBACK, 1000 + PENDING_S)
    pending().check(CLIENT, CALLBACK, 1000 - 60)
    for now in (1000 + PENDING_S + 1, 1000 - 61):
        with pytest.raises(Unauthenticated, match="ten minutes"):
            pending().check(CLIENT, CALLBACK, now)


@pytest.mark.parametrize(
    ("client", "callback"),
    [
        (replace(CLIENT, name="other"), CALLBACK),
        (replace(CLIENT, issuer="https://evil.example"), CALLBACK),
        (CLIENT, CALLBACK + "/"),
    ],
)
def test_a_sign_in_is_finished_where_it_was_begun(client: OidcClient, callback: str) -> None:
    with pytest.raises(BadRequest, match="another identity provider"):
        pending().check(client, callback, 1000)


@given(st.dictionaries(st.sampled_from(["state", "iss", "code", "error", "x"]), st.text(max_size=20)))
def test_no_answer_by_guess_gives_a_code(answer: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        code_from(answer, pending(), METADATA)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"state": None}, BadRequest),
        ({"state": ""}, BadRequest),
        ({"state": "\udcff"}, BadRequest),
        ({"iss": None}, Unauthenticated),
        ({"iss": ISSUER + "/"}, Unauthenticated),
        ({"iss": ISSUER.upper()}, Unauthenticated),
        ({"iss": "https://evil.example"}, Unauthenticated),
        ({"code": None}, BadRequest),
        ({"code": ""}, BadRequest),
        ({"code": "a\nb"}, BadRequest),
        ({"code": "x" * 5000}, BadRequest),
        ({"error": "access_denied"}, Unauthenticated),
        ({"error": "invalid_scope"}, Unauthenticated),
        ({"error": ""}, Unauthenticated),
        ({"error": "server_error"}, Unavailable),
        ({"error": "temporarily_unavailable"}, Unavailable),
    ],
)
def test_what_is_wrong_with_an_answer(change: dict[str, str | None], error: type[MaskproxyError]) -> None:
    one = pending()
    good = {"state": one.state, "iss": ISSUER, "code": "c-1"}
    assert code_from(good, one, METADATA) == "c-1"
    answer = {name: value for name, value in (good | change).items() if value is not None}
    with pytest.raises(error):
        code_from(answer, one, METADATA)


def test_a_provider_that_does_not_say_its_name_need_not_but_must_not_say_another() -> None:
    one, silent = pending(), replace(METADATA, tells_issuer=False)
    assert code_from({"state": one.state, "code": "c-1"}, one, silent) == "c-1"
    with pytest.raises(Unauthenticated, match="another identity provider"):
        code_from({"state": one.state, "code": "c-1", "iss": "https://evil.example"}, one, silent)


@pytest.mark.parametrize("error", ["<script>alert(1)</script>", "you have won"])
def test_nothing_that_came_with_the_redirect_is_repeated(error: str) -> None:
    one = pending()
    with pytest.raises(Unauthenticated) as caught:
        code_from({"state": one.state, "iss": ISSUER, "error": error, "error_description": error}, one, METADATA)
    assert error not in str(caught.value) + caught.value.detail


async def test_a_state_of_another_browser_is_refused_before_the_code_is_used() -> None:
    async with bench() as b:
        mine, theirs = await b.begin(), await b.begin()
        with pytest.raises(BadRequest, match="belongs to no sign-in"):
            await b.finish(mine, await visit(theirs.url))
        assert b.provider.forms == []


async def test_a_code_put_into_another_sign_in_is_refused_by_pkce() -> None:
    async with bench() as b:
        mine, theirs = await b.begin(), await b.begin()
        stolen = await visit(theirs.url)
        with pytest.raises(Unauthenticated, match="does not take the sign-in's code"):
            await b.finish(mine, stolen | {"state": mine.state})
        assert len(b.provider.forms) == 1


async def test_a_code_put_into_another_sign_in_is_refused_by_the_nonce_where_the_provider_does_no_pkce() -> None:
    async with bench() as b:
        mine, theirs = await b.begin(), await b.begin()
        stolen = await visit(theirs.url)
        b.provider.script.does_pkce = False
        with pytest.raises(Unauthenticated, match="nonce"):
            await b.finish(mine, stolen | {"state": mine.state})


async def test_a_code_serves_once() -> None:
    async with bench() as b:
        begun = await b.begin()
        answer = await visit(begun.url)
        login = await b.finish(begun, answer)
        with pytest.raises(Unauthenticated, match="does not take the sign-in's code"):
            await b.finish(begun, answer)
        with pytest.raises(Unauthenticated, match="does not vouch"):
            await b.again(login)


async def test_an_answer_is_finished_at_its_own_address_and_in_time() -> None:
    async with bench() as b:
        begun = await b.begin()
        answer = await visit(begun.url)
        with pytest.raises(BadRequest):
            await b.party.finish(begun.kept, answer, b.callback + "x", time.time())
        with pytest.raises(Unauthenticated, match="ten minutes"):
            await b.party.finish(begun.kept, answer, b.callback, time.time() + PENDING_S + 5)
        assert b.provider.forms == []


async def test_a_provider_cannot_pass_off_another_ones_code_as_its_own() -> None:
    """Mix-up: the browser was sent on from the evil provider to the honest one, with the evil one's state."""
    async with bench() as honest, bench(name="evil") as evil:
        evil.provider.script.tells_issuer = False
        begun = await evil.begin()
        answer = await visit((await honest.begin()).url)
        with pytest.raises(Unauthenticated, match="another identity provider"):
            await evil.finish(begun, answer | {"state": begun.state})
        assert evil.provider.forms == [], "the honest provider's code does not reach the evil one"
        with pytest.raises(BadRequest):
            await honest.finish(begun, answer | {"state": begun.state})
        assert honest.provider.forms == []


async def test_a_provider_that_is_silent_about_its_name_is_told_apart_by_the_address() -> None:
    async with bench() as honest, bench(name="evil") as evil:
        honest.provider.script.tells_issuer = False
        begun = await evil.begin()
        sent_on = begun.url.replace(evil.provider.url, honest.provider.url)
        async with aiohttp.ClientSession() as session, session.get(sent_on, ssl=trust()) as answer:
            assert (answer.status, await answer.text()) == (400, "This client or its address is not registered here.")
