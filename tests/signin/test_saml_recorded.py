"""What a real identity provider answered: SimpleSAMLphp 1.19, asked by a signed request of ours, on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from maskproxy.errors import Unauthenticated
from maskproxy.signin import saml_idp, saml_response, saml_times
from maskproxy.signin.saml_assertion import Expected
from maskproxy.signin.saml_settings import Signed
from tests import fakes_saml as saml
from tests.signin.oracle_saml import Asked, proven

_HERE = Path(__file__).parent / "recorded"
RESPONSE = (_HERE / "simplesamlphp_response.xml").read_bytes()
PROVIDER = saml_idp.read((_HERE / "simplesamlphp_metadata.xml").read_bytes())
THEN = saml_times.seconds("2026-11-25T21:20:19Z")
REQUEST = "_7687d838a1c1814258c4c6fe573196b7a6814336"
EXPECTED = Expected(PROVIDER.entity_id, saml.ENTITY_ID, saml.ACS, REQUEST, saml.PERSISTENT, 60)
PEM = [one.pem for one in PROVIDER.serving(THEN)]


def test_its_metadata_says_where_to_sign_in_and_whose_signature_counts() -> None:
    assert PROVIDER.entity_id == "http://127.0.0.1:8971/saml2/idp/metadata.php"
    assert set(PROVIDER.sign_on) == {"redirect", "post"}
    assert len(PEM) == 1
    assert PROVIDER.faults == ()


@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
def test_its_answer_proves_who_signed_in(signed: Signed) -> None:
    facts = saml_response.read(RESPONSE, signed, PEM, EXPECTED, THEN)
    assert facts.subject == "ada"
    assert facts.attributes["groups"] == ("engineering", "platform")
    assert facts.attributes["mail"] == ("ada@example.com",)
    assert facts.ends_at == pytest.approx(THEN + 8 * 3600, abs=60)
    certificates = [x509.load_pem_x509_certificate(pem.encode()) for pem in PEM]
    asked = Asked(
        certificates, PROVIDER.entity_id, saml.ENTITY_ID, saml.ACS, REQUEST, saml.PERSISTENT, THEN, signed=signed
    )
    assert proven(RESPONSE, asked) == ("ada", frozenset({"engineering", "platform"}))


def test_it_proves_nothing_to_whom_it_was_not_said_or_later() -> None:
    for expected, now in (
        (EXPECTED, THEN + 3600),
        (Expected(PROVIDER.entity_id, saml.ENTITY_ID, saml.ACS, "_other", saml.PERSISTENT, 60), THEN),
        (Expected(PROVIDER.entity_id, "https://other.example", saml.ACS, REQUEST, saml.PERSISTENT, 60), THEN),
    ):
        with pytest.raises(Unauthenticated):
            saml_response.read(RESPONSE, "assertion", PEM, expected, now)
    for old, new in ((b">ada<", b">eve<"), (b">engineering<", b">admins<")):
        assert old in RESPONSE
        with pytest.raises(Unauthenticated, match="newest metadata"):
            saml_response.read(RESPONSE.replace(old, new), "assertion", PEM, EXPECTED, THEN)
