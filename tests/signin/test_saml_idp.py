"""An identity provider's metadata: what counts, what is left out, and what cannot be used."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from maskproxy.signin import saml_idp
from maskproxy.signin.saml import SamlProvider
from maskproxy.signin.saml_settings import SamlIdentityProvider, SamlService
from maskproxy.signin.saml_threads import Threads
from tests import fakes_saml as saml
from tests.signin.saml_attempts import DAY_S, NOW, Used, certificate

OTHER = "https://other.example.com/saml"


def _together(*entities: bytes) -> bytes:
    return b'<md:EntitiesDescriptor xmlns:md="%s">%s</md:EntitiesDescriptor>' % (
        saml.NS["md"].encode(),
        b"".join(entities),
    )


def test_it_says_who_where_and_whose_signatures_count() -> None:
    provider = saml_idp.read(saml.metadata([certificate(), certificate("ec")]))
    assert provider.entity_id == saml.IDP
    assert provider.sign_on == {"redirect": saml.SSO, "post": f"{saml.SSO}/post"}
    assert [base64.b64decode("".join(one.pem.split("\n")[1:-2])) for one in provider.certificates] == [
        held.public_bytes(Encoding.DER) for held in (certificate(), certificate("ec"))
    ]
    assert provider.faults == ()
    assert not provider.wants_signed_requests
    assert provider.warnings(NOW) == []


def test_comments_a_byte_order_mark_and_a_declaration_do_no_harm() -> None:
    data = saml.metadata([certificate()])
    dressed = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><!-- ours -->' + data.replace(
        b"<md:IDPSSODescriptor", b"<!-- and here --><md:IDPSSODescriptor"
    )
    assert saml_idp.read(dressed) == saml_idp.read(data)


def test_one_of_several_is_chosen_by_its_entity_id() -> None:
    both = _together(saml.metadata([certificate()]), saml.metadata([certificate("other")], entity_id=OTHER))
    assert saml_idp.read(both, OTHER).entity_id == OTHER
    with pytest.raises(ValueError, match="several identity providers"):
        saml_idp.read(both)
    with pytest.raises(ValueError, match="does not describe that identity provider"):
        saml_idp.read(both, "https://third.example.com")


def test_a_certificate_that_is_not_sound_is_left_out_and_told_of() -> None:
    good = saml.metadata([certificate("short"), certificate()])
    broken = good.replace(
        b"</md:KeyDescriptor>",
        b"</md:KeyDescriptor><md:KeyDescriptor><ds:X509Certificate>AAAA</ds:X509Certificate></md:KeyDescriptor>",
        1,
    )
    provider = saml_idp.read(broken)
    assert len(provider.certificates) == 1
    assert provider.warnings(NOW) == [
        "signing certificate 1 is not used: its RSA key is shorter than 2048 bits, or longer than 8192",
        "signing certificate 2 is not used: it is not a certificate",
    ]


def test_a_certificate_for_encryption_signs_nothing() -> None:
    data = saml.metadata([certificate("other"), certificate()]).replace(b'use="signing"', b'use="encryption"', 1)
    (one,) = saml_idp.read(data).certificates
    (expected,) = saml_idp.read(saml.metadata([certificate()])).certificates
    assert one == expected


def test_what_ends_soon_or_has_ended_is_told() -> None:
    data = saml.metadata(
        [certificate("idp", -DAY_S, DAY_S), certificate("new", -DAY_S, 31 * DAY_S)],
        extra=f'validUntil="{saml.time(NOW + 2 * DAY_S)}"',
    )
    provider = saml_idp.read(data)
    first = provider.certificates[0].fingerprint[:16]
    assert provider.warnings(NOW) == [
        f"signing certificate {first} expires on 2027-01-16T08:00:00Z",
        "the metadata expires on 2027-01-17T08:00:00Z",
    ]
    assert provider.warnings(NOW + DAY_S)[0] == f"signing certificate {first} has expired on 2027-01-16T08:00:00Z"
    assert len(provider.serving(NOW)) == 2
    assert len(provider.serving(NOW + DAY_S + 1)) == 1
    assert provider.serving(NOW + 2 * DAY_S) == ()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not well-formed"),
        (b"<!DOCTYPE x><x/>", "a document type"),
        (b" " * (2 * 1024 * 1024 + 1), "larger than 2 MiB"),
        (b"<x/>", "does not describe that identity provider"),
        (saml.metadata([]), "no usable signing certificate"),
        (saml.metadata([certificate("short")]), "no usable signing certificate"),
        (saml.metadata([certificate()] * 17), "more than 16 signing certificates"),
        (saml.metadata([certificate()], entity_id=""), "does not describe that identity provider"),
        (saml.metadata([certificate()], extra='validUntil="soon"'), "validUntil is not a time"),
        (saml.metadata([certificate()], bindings={"SOAP": saml.SSO}), "names no place to sign in"),
        (
            saml.metadata([certificate()]).replace(b"2.0:protocol", b"1.1:protocol"),
            "describes no identity provider for SAML 2.0",
        ),
        *(
            (saml.metadata([certificate()], bindings={"HTTP-Redirect": place}), "names no place to sign in")
            for place in (
                "http://idp.example.com/sso",
                "javascript:x",
                "https://u@idp.example.com/",
                "https:///x",
                "https://[",
                "https://a b/",
            )
        ),
    ],
)
def test_metadata_that_cannot_be_used_says_why(data: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        saml_idp.read(data)


def test_a_provider_on_loopback_may_do_without_tls() -> None:
    place = "http://127.0.0.1:8080/sso"
    assert saml_idp.read(saml.metadata([certificate()], bindings={"HTTP-POST": place})).sign_on == {"post": place}


def test_a_provider_that_wants_signed_requests_needs_a_key_of_ours() -> None:
    settings = SamlIdentityProvider("company", saml.metadata([certificate()], role='WantAuthnRequestsSigned="true"'))
    threads = Threads()
    with pytest.raises(ValueError, match="wants signed requests"):
        SamlProvider(settings, SamlService(saml.ENTITY_ID), Used(), threads)
    threads.close()


@pytest.mark.parametrize(
    ("name", "value"), [("leeway_s", -1), ("leeway_s", 301), ("longest_s", 0), ("longest_s", 86401)]
)
def test_settings_have_bounds(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        SamlIdentityProvider("company", b"", **{name: value})  # type: ignore[arg-type]
