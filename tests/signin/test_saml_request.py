"""What we send to an identity provider: requests by redirect and by POST, signed or not, and our metadata."""

from __future__ import annotations

import base64
import datetime as dt
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML
from signxml.verifier import SignatureConfiguration, XMLVerifier

from maskproxy.signin import saml_request
from maskproxy.signin.saml_settings import SamlIdentityProvider, SamlService, Signed, SigningKey
from tests import fakes_saml as saml
from tests.fakes_saml import NS
from tests.signin.saml_attempts import DAY_S, NOW, attempt, certificate

EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def _key(name: str, held: str | None = None) -> SigningKey:
    pem = saml.private_key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SigningKey(pem, certificate(held or name).public_bytes(Encoding.PEM))


SIGNING = SamlService(saml.ENTITY_ID, _key("ours"))


def _inflated(text: str) -> etree._Element:
    return etree.fromstring(zlib.decompress(base64.b64decode(text), wbits=-15))


def _check(root: etree._Element, destination: str) -> None:
    assert root.tag == f"{{{NS['samlp']}}}AuthnRequest"
    assert root.get("Version") == "2.0"
    assert root.get("IssueInstant") == saml.time(NOW)
    assert root.get("Destination") == destination
    assert root.get("AssertionConsumerServiceURL") == saml.ACS
    assert root.get("ProtocolBinding") == "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
    assert root.findtext("saml:Issuer", namespaces=NS) == saml.ENTITY_ID
    policy = root.find("samlp:NameIDPolicy", NS)
    assert policy is not None
    assert sorted(policy.items()) == [("AllowCreate", "true"), ("Format", saml.PERSISTENT)]


async def test_a_request_goes_by_redirect() -> None:
    async with attempt() as one:
        query = parse_qs(urlsplit(one.begun.url).query, strict_parsing=True)
        assert set(query) == {"SAMLRequest", "RelayState"}
        root = _inflated(query["SAMLRequest"][0])
        _check(root, saml.SSO)
        assert root.get("ID") == one.says.request
        again = await one.provider.begin(saml.ACS, NOW)
        assert again.state != one.begun.state
        assert again.kept != one.begun.kept


async def test_a_redirect_keeps_the_query_that_the_place_has() -> None:
    place = {"HTTP-Redirect": f"{saml.SSO}?tenant=a"}
    async with attempt(metadata=saml.metadata([certificate()], bindings=place)) as one:
        assert one.begun.url.startswith(f"{saml.SSO}?tenant=a&SAMLRequest=")


@pytest.mark.parametrize("chosen", [True, False])
async def test_a_request_goes_by_post_where_that_is_wanted_or_the_only_way(chosen: bool) -> None:
    bindings = {"HTTP-POST": f"{saml.SSO}/post"} | ({"HTTP-Redirect": saml.SSO} if chosen else {})
    binding = "post" if chosen else "redirect"
    async with attempt(metadata=saml.metadata([certificate()], bindings=bindings), binding=binding) as one:
        assert one.begun.url == f"{saml.SSO}/post"
        assert one.begun.form is not None
        assert one.begun.form["RelayState"] == one.begun.state
        _check(etree.fromstring(base64.b64decode(one.begun.form["SAMLRequest"])), f"{saml.SSO}/post")


async def test_a_signed_redirect_is_signed_over_its_query() -> None:
    async with attempt(service=SIGNING) as one:
        query = urlsplit(one.begun.url).query
        said, _, signature = query.partition("&Signature=")
        assert [part.split("=")[0] for part in said.split("&")] == ["SAMLRequest", "RelayState", "SigAlg"]
        assert parse_qs(said)["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
        key = certificate("ours").public_key()
        assert isinstance(key, RSAPublicKey)
        value = base64.b64decode(parse_qs(f"x={signature}")["x"][0])
        key.verify(value, said.encode(), PKCS1v15(), SHA256())


async def test_a_signed_post_holds_its_signature() -> None:
    async with attempt(service=SIGNING, binding="post") as one:
        assert one.begun.form is not None
        data = base64.b64decode(one.begun.form["SAMLRequest"])
        when = SignatureConfiguration(location="./", verification_time=dt.datetime.fromtimestamp(NOW, dt.UTC))
        result = XMLVerifier().verify(data, x509_cert=certificate("ours"), expect_config=when, id_attribute="ID")
        assert not isinstance(result, list)
        assert result.signed_xml is not None
        _check(result.signed_xml, f"{saml.SSO}/post")


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (SigningKey(b"x", b"y"), "not PEM"),
        (_key("short"), "at least 2048 bits"),
        (_key("ec"), "must be an RSA key"),
        (_key("ours", "other"), "belongs to another key"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_at_once(key: SigningKey, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        saml_request.check_key(key)
    assert "PRIVATE" not in repr(key)


@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
@pytest.mark.parametrize("service", [SamlService(saml.ENTITY_ID), SIGNING])
def test_our_metadata_says_who_we_are_and_what_we_want(service: SamlService, signed: Signed) -> None:
    provider = SamlIdentityProvider("company", b"", signed=signed, name_id="email")
    data = saml_request.metadata(provider, service, saml.ACS)
    assert not isinstance(OneLogin_Saml2_XML.validate_xml(data, "saml-schema-metadata-2.0.xsd"), str)
    root = etree.fromstring(data)
    assert root.get("entityID") == saml.ENTITY_ID
    role = root.find("md:SPSSODescriptor", NS)
    assert role is not None
    assert role.get("WantAssertionsSigned") == ("false" if signed == "response" else "true")
    assert role.get("AuthnRequestsSigned") == ("true" if service.signing else "false")
    assert role.findtext("md:NameIDFormat", namespaces=NS) == EMAIL
    (place,) = role.findall("md:AssertionConsumerService", NS)
    assert place.get("Location") == saml.ACS
    assert place.get("Binding") == "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
    certificates = [str(one.text) for one in role.iterfind("md:KeyDescriptor[@use='signing']//ds:X509Certificate", NS)]
    assert certificates == ([saml.der(certificate("ours"))] if service.signing else [])


async def test_names_that_xml_would_take_for_markup_stay_names() -> None:
    odd = 'https://gateway.example.com/?a=1&b="<x>"'
    async with attempt(service=SamlService(odd)) as one:
        root = _inflated(parse_qs(urlsplit(one.begun.url).query)["SAMLRequest"][0])
        assert root.findtext("saml:Issuer", namespaces=NS) == odd
        described = etree.fromstring(one.provider.metadata(saml.ACS))
        assert described.get("entityID") == odd


async def test_the_provider_is_told_before_anything_ends() -> None:
    async with attempt(certificates=[certificate("idp", -DAY_S, 365 * DAY_S)]) as one:
        assert one.provider.warnings(NOW) == []
        assert one.provider.warnings(NOW + 364 * DAY_S) != []
