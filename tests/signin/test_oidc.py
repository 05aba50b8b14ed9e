from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from yarl import URL

from maskproxy.errors import MaskproxyError, Unauthenticated, Unavailable
from maskproxy.gateway.credentials.secret_sources import EnvironmentSource
from maskproxy.signin.oidc import OidcProvider
from maskproxy.signin.provider import Provider
from tests.fakes_issuer import raw
from tests.signin.oidc_bench import ADA, CALLBACK, ID, SECRET, TIMES, Bench, bench, second, visit

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def long_bench() -> AsyncIterator[Bench]:
    async with bench() as b:
        yield b


@pytest_asyncio.fixture(loop_scope="module")
async def b(long_bench: Bench) -> AsyncIterator[Bench]:
    """One provider for whoever does not mind what was asked of it before."""
    yield long_bench
    long_bench.reset()


async def test_a_person_signs_in() -> None:
    async with bench() as b:
        provider: Provider = b.party
        before = int(time.time())
        login = await b.sign_in()
        assert provider.name == login.provider == "company"
        assert (login.issuer, login.subject) == (b.provider.url, "u-1")
        assert (login.name, login.email) == ("Ada Lovelace", "ada@example.com")
        assert login.groups == {"engineering", "admins"}
        assert before <= login.signed_in_at <= time.time()
        assert login.ends_at is None
        assert login.refresh_token
        assert login.claims["sub"] == "u-1"
        assert b.provider.asked["/userinfo"] == 0, "the ID token says all"
        assert login.refresh_token not in repr(login)


async def test_what_the_browser_is_sent_with() -> None:
    async with bench(prompt="consent") as b:
        begun = await b.begin()
        url = URL(begun.url)
        assert str(url.with_query(None)) == f"{b.provider.url}/authorize"
        query = dict(url.query)
        assert query.pop("state") == begun.state
        assert len(begun.state) == len(query.pop("nonce")) == len(query.pop("code_challenge")) == 43
        assert query == {
            "response_type": "code",
            "client_id": ID,
            "redirect_uri": CALLBACK,
            "scope": "openid profile email offline_access",
            "code_challenge_method": "S256",
            "prompt": "consent",
        }
        assert begun.form is None
        other = await b.begin()
        assert other.state != begun.state
        assert not set(URL(other.url).query.values()) & {url.query["nonce"], url.query["code_challenge"]}


async def test_a_query_that_the_endpoint_has_is_kept() -> None:
    async with bench() as b:
        b.provider.script.says = {"authorization_endpoint": f"{b.provider.url}/authorize?tenant=a%20b"}
        begun = await b.begin()
        assert begun.url.startswith(f"{b.provider.url}/authorize?tenant=a%20b&response_type=code&")
        assert (await b.finish(begun, await visit(begun.url))).subject == "u-1"


@pytest.mark.parametrize(
    ("methods", "secret", "method"),
    [
        (["client_secret_post", "client_secret_basic"], SECRET, "basic"),
        (None, SECRET, "basic"),
        (["client_secret_post", "private_key_jwt"], SECRET, "post"),
        (["none"], None, "none"),
        (["client_secret_basic"], None, "none"),
    ],
)
async def test_the_client_says_who_it_is_as_the_provider_wants_it(
    methods: list[str] | None, secret: str | None, method: str
) -> None:
    async with bench(secret=secret) as b:
        b.provider.script.says = {"token_endpoint_auth_methods_supported": methods}
        assert (await b.sign_in()).subject == "u-1"
        (form,) = b.provider.forms
        assert form["grant_type"] == "authorization_code"
        assert form["redirect_uri"] == b.callback
        assert len(form["code_verifier"]) == 64
        assert ("client_id" in form) is (method != "basic")
        assert ("client_secret" in form) is (method == "post")


async def test_a_secret_is_offered_in_no_other_manner(caplog: pytest.LogCaptureFixture) -> None:
    async with bench() as b:
        b.provider.script.says = {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}
        with pytest.raises(Unavailable, match="do not get along") as caught:
            await b.sign_in()
        assert not caught.value.retry
        assert b.provider.forms == []
        assert "neither client_secret_basic nor client_secret_post" in caplog.text


async def test_a_wrong_secret_is_told_to_operators_and_to_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    async with bench() as b:
        b.provider.clients[ID] = replace(b.provider.clients[ID], secret="another")
        with pytest.raises(Unavailable) as caught:
            await b.sign_in()
        assert b.alarms == ["credential"]
        assert "the token endpoint answers invalid_client" in caplog.text
        assert SECRET not in caplog.text + str(caught.value) + caught.value.detail + repr(b.party.client)
        assert SECRET.encode() in b.party.known_secrets()


async def test_without_the_secret_nobody_is_asked() -> None:
    async with bench(secret=None) as b:
        client = replace(b.party.client, secret=EnvironmentSource("UNSET", {}))
        party = OidcProvider(client, times=TIMES)
        await party.start()
        begun = await party.begin(b.callback, time.time())
        with pytest.raises(Unavailable, match="do not get along"):
            await party.finish(begun.kept, await visit(begun.url), b.callback, time.time())
        await party.close()
        assert b.provider.forms == []


async def test_groups_are_found_by_a_dotted_path() -> None:
    async with bench(groups_claim="realm_access.roles") as b:
        b.provider.script.id_claims = {"realm_access": {"roles": ["a", "b"]}}
        assert (await b.sign_in()).groups == {"a", "b"}


@pytest.mark.parametrize("signed", [False, True])
async def test_groups_that_the_id_token_leaves_out_are_in_userinfo(b: Bench, signed: bool) -> None:
    b.provider.script.groups_in = frozenset({"userinfo"})
    b.provider.script.userinfo_as_jwt = signed
    b.provider.script.userinfo_claims = {"phone_number": "1", "email": "other@example.com", "exp": 5}
    login = await b.sign_in()
    assert login.groups == {"engineering", "admins"}
    assert login.claims["phone_number"] == "1"
    assert login.email == "ada@example.com", "the ID token's claims come first"
    assert login.claims["exp"] != 5


async def test_no_groups_in_the_id_token_are_no_groups() -> None:
    async with bench() as b:
        b.provider.script.id_claims = {"groups": []}
        assert (await b.sign_in()).groups == frozenset()
        assert b.provider.asked["/userinfo"] == 0


async def test_no_groups_anywhere(b: Bench) -> None:
    b.provider.script.groups_in = frozenset()
    assert (await b.sign_in()).groups == frozenset()
    b.provider.script.says = {"userinfo_endpoint": None}
    async with second(b) as other:
        assert (await other.sign_in()).groups == frozenset()


async def test_groups_that_are_only_pointed_at_are_told_in_the_log(b: Bench, caplog: pytest.LogCaptureFixture) -> None:
    b.provider.script.groups_in = frozenset()
    b.provider.script.id_claims = {
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": "x"}},
    }
    assert (await b.sign_in()).groups == frozenset()
    assert "company puts nobody's groups into tokens when there are many" in caplog.text


async def test_an_address_that_was_not_checked_is_nobodys(b: Bench) -> None:
    b.provider.script.id_claims = {"email_verified": False}
    assert (await b.sign_in()).email == ""
    b.provider.script.id_claims = {"email_verified": True}
    assert (await b.sign_in()).email == "ada@example.com"


async def test_who_has_no_name_is_called_by_the_subject(b: Bench) -> None:
    b.provider.script.id_claims = {"name": None, "email": None}
    assert (await b.sign_in()).name == "u-1"


async def test_signed_in_is_when_the_person_proved_it(b: Bench) -> None:
    b.provider.script.id_claims = {"auth_time": 1_700_000_000}
    assert (await b.sign_in()).signed_in_at == 1_700_000_000
    b.provider.script.id_claims = {"auth_time": None}
    assert (await b.sign_in()).signed_in_at == pytest.approx(time.time(), abs=30)


async def test_keys_rotate_in_the_middle_of_a_sign_in() -> None:
    async with bench() as b:
        await b.sign_in()
        begun = await b.begin()
        answer = await visit(begun.url)
        b.provider.rotate(forget=True)
        assert (await b.finish(begun, answer)).subject == "u-1"
        assert b.provider.asked["/jwks"] == 2


async def test_several_providers_at_once(b: Bench) -> None:
    async with bench(name="partner", secret=None) as other:
        other.provider.signed_in = "u-2"
        logins = await asyncio.gather(*(one.sign_in() for one in (b, other, b, other)))
        assert [(login.provider, login.subject) for login in logins] == [("company", "u-1"), ("partner", "u-2")] * 2
        assert logins[0].issuer == b.provider.url
        assert logins[1].issuer == other.provider.url


async def test_who_declines_is_told_so(b: Bench) -> None:
    b.provider.signed_in = None
    with pytest.raises(Unauthenticated, match="declined"):
        await b.sign_in()
    assert b.provider.forms == []


async def test_asked_again_the_provider_tells_the_groups_of_today(b: Bench) -> None:
    login = await b.sign_in()
    b.provider.people["u-1"] = replace(ADA, groups=("engineering",), name="Ada King")
    again = await b.again(login)
    assert again.groups == {"engineering"}
    assert again.name == "Ada King"
    assert (again.subject, again.signed_in_at) == (login.subject, login.signed_in_at)
    assert again.refresh_token not in {None, login.refresh_token}, "handed on as the provider rotated it"
    assert (await b.again(again)).subject == "u-1"


async def test_a_token_that_is_not_rotated_goes_on_to_serve(b: Bench) -> None:
    b.provider.script.rotates = False
    login = await b.sign_in()
    again = await b.again(await b.again(login))
    assert again.refresh_token == login.refresh_token


async def test_asked_again_without_an_id_token_userinfo_tells(b: Bench) -> None:
    login = await b.sign_in()
    b.provider.script.refreshes_id_token = False
    b.provider.people["u-1"] = replace(ADA, groups=("sales",))
    again = await b.again(login)
    assert again.groups == {"sales"}
    assert (again.name, again.subject) == ("Ada Lovelace", "u-1")
    b.provider.script.says = {"userinfo_endpoint": None}
    async with second(b) as other:
        with pytest.raises(Unauthenticated, match="says no more"):
            await other.again(again)


async def test_groups_that_are_gone_are_gone(b: Bench) -> None:
    login = await b.sign_in()
    b.provider.script.groups_in = frozenset()
    assert (await b.again(login)).groups == frozenset()


async def test_who_has_left_is_gone(b: Bench) -> None:
    login = await b.sign_in()
    b.provider.dismiss("u-1")
    with pytest.raises(Unauthenticated, match="does not vouch"):
        await b.again(login)


async def test_who_leaves_between_two_answers_is_gone(b: Bench) -> None:
    login = await b.sign_in()
    b.provider.script.groups_in = frozenset({"userinfo"})
    b.provider.script.instead["/userinfo"] = raw(b"{}", status=401)
    with pytest.raises(Unauthenticated, match="says nothing of this person"):
        await b.again(login)


ANSWERS: dict[tuple[int, bytes], type[MaskproxyError]] = {
    (400, b'{"error":"invalid_grant"}'): Unauthenticated,
    (400, b'{"error":"interaction_required"}'): Unauthenticated,
    (401, b'{"error":"invalid_client"}'): Unavailable,
    (400, b'{"error":"unauthorized_client"}'): Unavailable,
    (400, b'{"error":"made_up"}'): Unavailable,
    (400, b'{"error":["invalid_grant"]}'): Unavailable,
    (400, b"invalid_grant"): Unavailable,
    (403, b'{"error":"invalid_grant"}'): Unavailable,
    (429, b"{}"): Unavailable,
    (500, b'{"error":"invalid_grant"}'): Unavailable,
    (503, b""): Unavailable,
    (302, b""): Unavailable,
    (200, b"{}"): Unavailable,
    (200, b"[]"): Unavailable,
    (200, b'{"access_token":"a","token_type":"mac"}'): Unavailable,
    (200, b'{"access_token":"a\\nb"}'): Unavailable,
    (200, b'{"access_token":"a","refresh_token":7}'): Unavailable,
}


async def test_only_what_the_provider_says_of_the_person_ends_a_sign_in(b: Bench) -> None:
    login = await b.sign_in()
    became: dict[tuple[int, bytes], type[MaskproxyError]] = {}
    for status, body in ANSWERS:
        b.provider.script.instead["/token"] = raw(body, status=status)
        with pytest.raises(MaskproxyError) as caught:
            await b.again(login)
        became[status, body] = caught.type
    assert became == ANSWERS


async def test_trouble_on_the_network_ends_no_sign_in() -> None:
    async with bench() as b:
        login = await b.sign_in()
        await b.provider.close()
        with pytest.raises(Unavailable) as caught:
            await b.again(login)
        assert caught.value.retry


async def test_a_token_that_was_rotated_before_the_trouble_is_not_lost(b: Bench) -> None:
    b.provider.script.groups_in = frozenset({"userinfo"})
    login = await b.sign_in()
    b.provider.script.instead["/userinfo"] = raw(b"", status=503)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await b.again(login)
    del b.provider.script.instead["/userinfo"]
    assert (await b.again(login)).groups == {"engineering", "admins"}


async def test_another_providers_login_is_not_asked_about(b: Bench) -> None:
    async with bench(name="partner") as other:
        login = await b.sign_in()
        for wrong in (
            replace(login, refresh_token=None),
            replace(login, provider="partner"),
            replace(login, provider="partner", issuer=b.provider.url),
        ):
            with pytest.raises(Unauthenticated, match="cannot be renewed"):
                await other.again(wrong)
            with pytest.raises(Unauthenticated, match="cannot be renewed"):
                await b.again(wrong)
        assert other.provider.forms == []


@pytest.mark.parametrize("changes", [{"sub": "u-2"}, {"nonce": "another"}])
async def test_nobody_becomes_somebody_else_by_being_asked_about_again(b: Bench, changes: dict[str, object]) -> None:
    login = await b.sign_in()
    b.provider.script.id_claims = changes
    with pytest.raises(Unauthenticated, match="another person"):
        await b.again(login)


async def test_a_new_id_token_may_come_without_nonce(b: Bench) -> None:
    login = await b.sign_in()
    b.provider.script.id_claims = {"nonce": None}
    assert (await b.again(login)).subject == "u-1"
