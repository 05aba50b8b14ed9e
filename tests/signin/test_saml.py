"""Sign-in by SAML, from the request to the login, against a made-up identity provider."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from maskproxy.errors import BadRequest, StoreFailed, Unauthenticated, Unavailable
from maskproxy.signin.saml import BEGUN_FOR_S, SamlProvider
from maskproxy.signin.saml_settings import SamlIdentityProvider, SamlService, Signed
from maskproxy.signin.saml_threads import Threads
from tests import fakes_saml as saml
from tests.fakes_saml import Signing, assertion_of, sign
from tests.signin.forged_saml import edited
from tests.signin.oracle_saml import proven
from tests.signin.saml_attempts import DAY_S, NOW, Used, attempt, certificate
from tests.signin.wrapped_saml import signed

T = TypeVar("T")


async def test_somebody_who_signed_in_becomes_known() -> None:
    async with attempt() as one:
        login = await one.finish(signed(one.says))
        assert (login.provider, login.issuer, login.subject) == ("company", saml.IDP, "a7f3")
        assert (login.name, login.email) == ("Ada Example", "ada@example.com")
        assert login.groups == {"engineering", "platform"}
        assert login.signed_in_at == NOW
        assert login.ends_at == NOW + 12 * 3600
        assert login.refresh_token is None
        assert login.claims["mail"] == ["ada@example.com"]
        assert login.claims["displayName"] == ["Ada Example"]


@pytest.mark.parametrize(("session_s", "expected_s"), [(None, 12 * 3600), (600, 600), (20 * 3600, 12 * 3600)])
async def test_a_sign_in_ends_with_the_session_and_after_twelve_hours_at_the_latest(
    session_s: float | None, expected_s: float
) -> None:
    async with attempt() as one:
        login = await one.finish(signed(one.says.but(session_s=session_s)))
        assert login.ends_at == NOW + expected_s
        assert await one.provider.again(login, NOW + expected_s - 1) == login
        with pytest.raises(Unauthenticated, match="Sign in again"):
            await one.provider.again(login, NOW + expected_s)


@pytest.mark.parametrize(
    "how",
    [
        Signing(),
        Signing(prefixes="xs"),
        Signing(prefixes="xs xsi #default"),
        Signing(transforms=(saml.ENVELOPED, f"{saml.EXCLUSIVE}WithComments")),
        Signing(canonicalization=f"{saml.EXCLUSIVE}WithComments"),
        Signing(key_info=saml.der(certificate())),
        *(
            Signing(method=f"http://www.w3.org/2001/04/xmldsig-more#rsa-{size}", digest=digest)
            for size, digest in (
                ("sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384"),
                ("sha512", "http://www.w3.org/2001/04/xmlenc#sha512"),
            )
        ),
        *(
            Signing(key="ec", method=f"http://www.w3.org/2001/04/xmldsig-more#ecdsa-{size}")
            for size in ("sha256", "sha384", "sha512")
        ),
    ],
)
async def test_every_allowed_kind_of_signature_holds(how: Signing) -> None:
    async with attempt(certificates=[certificate(), certificate("ec")]) as one:
        data = signed(one.says, how)
        login = await one.finish(data)
        assert proven(data, one.asked) == (login.subject, login.groups)


@pytest.mark.parametrize("needed", ["assertion", "response", "both"])
@pytest.mark.parametrize("bears", [(), ("assertion",), ("response",), ("assertion", "response")])
async def test_what_must_be_signed_is_what_the_configuration_says(needed: Signed, bears: tuple[str, ...]) -> None:
    async with attempt(signed=needed) as one:
        root = one.says.response()
        if "assertion" in bears:
            sign(assertion_of(root))
        if "response" in bears:
            sign(root, Signing(prefixes="xs"))
        data = etree.tostring(root)
        if ({"assertion", "response"} if needed == "both" else {needed}) <= set(bears):
            login = await one.finish(data)
            assert proven(data, one.asked) == (login.subject, login.groups)
        else:
            with pytest.raises(Unauthenticated) as refusal:
                await one.finish(data)
            assert refusal.value.detail == f"no signature where one is needed: {needed}"
            assert proven(data, one.asked) is None


@pytest.mark.parametrize("whole", [True, False])
async def test_a_signed_response_is_read_from_what_was_signed(whole: bool) -> None:
    async with attempt(signed="response") as one:
        root = one.says.response()
        sign(root)
        data = etree.tostring(root)
        if whole:
            assert (await one.finish(data)).subject == "a7f3"
        else:
            with pytest.raises(Unauthenticated):
                await one.finish(edited(data, ">engineering<", ">admins<"))


async def test_an_answer_counts_once_even_after_a_restart_and_on_another_node() -> None:
    used = Used()
    async with attempt(replays=used) as one:
        data = signed(one.says)
        await one.finish(data)
        with pytest.raises(Unauthenticated, match="already used"):
            await one.finish(data)
        threads = Threads()
        node = SamlProvider(
            SamlIdentityProvider("company", saml.metadata([certificate()])), SamlService(saml.ENTITY_ID), used, threads
        )
        with pytest.raises(Unauthenticated, match="already used"):
            await node.finish(one.begun.kept, _form(data, one.begun.state), saml.ACS, NOW)
        threads.close()


async def test_an_answer_is_remembered_for_as_long_as_it_could_be_used() -> None:
    used = Used()
    async with attempt(replays=used) as one:
        data = signed(one.says)
        await one.finish(data)
        (until,) = used.values()
        assert until == NOW + 300 + 60
        used.clear()
        with pytest.raises(Unauthenticated, match="expired"):
            await one.finish(data, now=until)
        await one.finish(data, now=until - 1)
    used.clear()
    async with attempt(replays=used) as one:
        data = signed(one.says.but(not_on_or_after_s=DAY_S, confirmation_s=DAY_S))
        await one.finish(data)
        (until,) = used.values()
        used.clear()
        with pytest.raises(Unauthenticated, match="half an hour"):
            await one.finish(data, now=until)


async def test_nobody_gets_in_while_the_store_of_replays_fails() -> None:
    class Broken(Used):
        async def first(self, id: str, until: float) -> bool:  # noqa: A002 - the protocol's word
            raise StoreFailed("The store does not answer.")

    async with attempt(replays=Broken()) as one:
        with pytest.raises(StoreFailed):
            await one.finish(signed(one.says))


def _form(data: bytes, state: str) -> dict[str, str]:
    return {"SAMLResponse": base64.b64encode(data).decode(), "RelayState": state}


async def test_an_answer_belongs_to_the_browser_that_began() -> None:
    async with attempt() as one, attempt() as another:
        mine = signed(one.says)
        for state in (another.begun.state, "", "ü\udc80"):
            with pytest.raises(Unauthenticated, match="not in this browser"):
                await one.provider.finish(one.begun.kept, _form(mine, state), saml.ACS, NOW)
        with pytest.raises(Unauthenticated, match="not in this browser"):
            await one.provider.finish(one.begun.kept, {"SAMLResponse": "x"}, saml.ACS, NOW)
        with pytest.raises(Unauthenticated) as refusal:
            await another.finish(mine)
        assert refusal.value.detail == "InResponseTo of the response"
        with pytest.raises(Unauthenticated, match="not in this browser"):
            await one.finish(mine, acs="https://gateway.example.com/signin/other/callback")
        assert (await one.finish(mine)).subject == "a7f3"


@pytest.mark.parametrize("kept", [b"", b"[]", b"{}", b"\xff", b'["a","b"]', b'["a","b","c","d"]'])
async def test_what_was_kept_must_be_whole(kept: bytes) -> None:
    async with attempt() as one:
        with pytest.raises(BadRequest, match="Begin again"):
            await one.provider.finish(kept, _form(signed(one.says), one.begun.state), saml.ACS, NOW)


async def test_somebody_may_take_half_an_hour() -> None:
    async with attempt() as one:
        late = NOW + BEGUN_FOR_S
        data = signed(one.says.but(now=late))
        assert (await one.finish(data, now=late)).signed_in_at == late
        with pytest.raises(Unauthenticated, match="half an hour"):
            await one.finish(data, now=late + 1)
        with pytest.raises(Unauthenticated, match="half an hour"):
            await one.finish(data, now=NOW - 61)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "no SAMLResponse"),
        ("%%%", "base64"),
        ("QQ", "base64"),
        ("QUFB=QUFB", "base64"),
        ("é", "base64"),
        ("A" * 400_000, "too large"),
        (base64.b64encode(b"x" * (256 * 1024 + 1)).decode(), "larger than 256 KiB"),
        (base64.b64encode(b"").decode() or "====", "base64"),
        (base64.b64encode(b"<a/>").decode(), "not a SAML response"),
    ],
)
async def test_what_cannot_be_read_is_a_bad_request(text: str, detail: str) -> None:
    async with attempt() as one:
        with pytest.raises(BadRequest) as refusal:
            await one.provider.finish(
                one.begun.kept, {"SAMLResponse": text, "RelayState": one.begun.state}, saml.ACS, NOW
            )
        assert refusal.value.detail == detail


async def test_base64_may_be_broken_into_lines_and_the_message_may_begin_with_a_declaration() -> None:
    async with attempt() as one:
        data = b'<?xml version="1.0" encoding="UTF-8"?>\n' + signed(one.says)
        text = base64.encodebytes(data).decode().replace("\n", "\r\n")
        form = {"SAMLResponse": text, "RelayState": one.begun.state}
        assert (await one.provider.finish(one.begun.kept, form, saml.ACS, NOW)).subject == "a7f3"


@pytest.mark.parametrize(
    ("leeway_s", "skew_s", "gets_in"), [(60, 59, True), (60, 61, False), (0, 1, False), (300, 290, True)]
)
async def test_clocks_may_differ_within_bounds(leeway_s: float, skew_s: float, gets_in: bool) -> None:
    async with attempt(leeway_s=leeway_s) as one:
        ahead = signed(one.says.but(now=NOW + skew_s, not_before_s=0))
        if gets_in:
            await one.finish(ahead)
        else:
            with pytest.raises(Unauthenticated, match="clocks"):
                await one.finish(ahead)


async def test_old_and_new_certificate_both_count_while_one_takes_over() -> None:
    old, new = certificate("idp", -DAY_S, DAY_S), certificate("new", -DAY_S, 300 * DAY_S)
    async with attempt(certificates=[old, new]) as one:
        for key in ("idp", "new"):
            says = one.says.but(assertion_id=saml.new_id())
            assert (await one.finish(signed(says, Signing(key=key)))).subject == "a7f3"
        assert [held.not_after for held in one.provider.certificates] == [NOW + DAY_S, NOW + 300 * DAY_S]
        (warning,) = one.provider.warnings(NOW)
        assert warning.endswith("expires on 2027-01-16T08:00:00Z")


@pytest.mark.parametrize(("begins_s", "ends_s"), [(-2 * DAY_S, -1), (10, DAY_S)])
async def test_a_certificate_out_of_its_time_does_not_count(begins_s: float, ends_s: float) -> None:
    async with attempt(certificates=[certificate("old", begins_s, ends_s), certificate()]) as one:
        with pytest.raises(Unauthenticated) as refusal:
            await one.finish(signed(one.says, Signing(key="old")))
        assert refusal.value.detail == "the signature of the assertion does not hold"


async def test_without_a_certificate_that_counts_nobody_is_sent_away_to_sign_in() -> None:
    async with attempt(certificates=[certificate("idp", -DAY_S, DAY_S)]) as one:
        with pytest.raises(Unavailable, match="expired"):
            await one.provider.begin(saml.ACS, NOW + DAY_S + 1)


async def test_groups_come_by_name_or_else_by_friendly_name() -> None:
    oid = (
        '<saml:Attribute Name="urn:oid:1.2" FriendlyName="teams"><saml:AttributeValue>by friend</saml:AttributeValue>'
        "</saml:Attribute>"
    )
    named = '<saml:Attribute Name="teams"><saml:AttributeValue>by name</saml:AttributeValue></saml:Attribute>'
    for attributes, groups in (
        (oid, {"by friend"}),
        (oid + named, {"by name"}),
        (named + named.replace("by name", " second "), {"by name", "second"}),
        ("", set()),
    ):
        async with attempt(groups_attribute="teams") as one:
            assert (await one.finish(signed(one.says.but(attributes=attributes)))).groups == groups


async def test_somebody_may_be_in_thousands_of_groups_each_with_its_own_namespaces() -> None:
    declared = f'xmlns:xs="{saml.NS["xs"]}" xmlns:xsi="{saml.NS["xsi"]}" xsi:type="xs:string"'
    groups = {f"group {number}" for number in range(1000)}
    values = "".join(f"<saml:AttributeValue {declared}>{group}</saml:AttributeValue>" for group in sorted(groups))
    async with attempt() as one:
        data = signed(one.says.but(attributes=f'<saml:Attribute Name="groups">{values}</saml:Attribute>'))
        assert data.count(b"xmlns:xs=") > 1000
        login = await one.finish(data)
        assert login.groups == groups
        assert proven(data, one.asked) == (login.subject, login.groups)


async def test_a_subject_may_be_a_mail_address() -> None:
    async with attempt(name_id="email") as one:
        email = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
        says = one.says.but(name_id="ada@example.com", name_id_format=email, attributes="")
        login = await one.finish(signed(says))
        assert (login.subject, login.email, login.name) == ("ada@example.com",) * 3
        with pytest.raises(Unauthenticated, match="NameID format"):
            await one.finish(signed(one.says))


async def test_a_request_says_who_asks_and_where_the_answer_goes() -> None:
    async with attempt() as one:
        parts = urlsplit(one.begun.url)
        query = parse_qs(parts.query, strict_parsing=True)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == saml.SSO
        assert query["RelayState"] == [one.begun.state]
        assert len(one.begun.state) <= 80
        assert one.begun.form is None


async def test_verifying_keeps_off_the_loop() -> None:
    seen: list[str] = []

    class Watched(Threads):
        async def run(self, work: Callable[[], T], *, timeout_s: float) -> T:
            def watched() -> T:
                seen.append(threading.current_thread().name)
                return work()

            return await super().run(watched, timeout_s=timeout_s)

    threads = Watched()
    provider = SamlProvider(
        SamlIdentityProvider("company", saml.metadata([certificate()])), SamlService(saml.ENTITY_ID), Used(), threads
    )
    begun = await provider.begin(saml.ACS, NOW)
    with pytest.raises(BadRequest):
        await provider.finish(begun.kept, _form(b"<a/>", begun.state), saml.ACS, NOW)
    threads.close()
    assert len(seen) == 2
    assert all(name.startswith("saml") for name in seen)
