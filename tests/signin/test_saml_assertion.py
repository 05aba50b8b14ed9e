"""What a signed assertion must say by itself, whatever was checked before it."""

from __future__ import annotations

import pytest
from lxml import etree

from maskproxy.errors import Unauthenticated
from maskproxy.signin import saml_assertion
from maskproxy.signin.saml_assertion import Expected, Facts
from tests import fakes_saml as saml
from tests.fakes_saml import Says, assertion_of
from tests.signin.saml_attempts import NOW

REQUEST = "_request"
EXPECTED = Expected(saml.IDP, saml.ENTITY_ID, saml.ACS, REQUEST, saml.PERSISTENT, 60)
SAYS = Says(REQUEST, NOW)


def _read(says: Says, now: float = NOW) -> Facts:
    return saml_assertion.read(assertion_of(says.response()), EXPECTED, now)


def _confirmation(recipient: str, more: str = "") -> str:
    return (
        f'<saml:SubjectConfirmation Method="{saml.BEARER}"><saml:SubjectConfirmationData InResponseTo="{REQUEST}" '
        f'Recipient="{recipient}" NotOnOrAfter="{saml.time(NOW + 60)}" {more}/></saml:SubjectConfirmation>'
    )


def test_it_can_be_used_until_its_first_end_and_the_leeway() -> None:
    assert _read(SAYS.but(not_on_or_after_s=100, confirmation_s=200)).usable_until == NOW + 100 + 60
    assert _read(SAYS.but(not_on_or_after_s=200, confirmation_s=100)).usable_until == NOW + 100 + 60


@pytest.mark.parametrize("condition", ["OneTimeUse", "ProxyRestriction"])
def test_conditions_that_are_kept_anyway_do_no_harm(condition: str) -> None:
    assert _read(SAYS.but(conditions=f"<saml:{condition}/>")).subject == "a7f3"


@pytest.mark.parametrize("condition", ["<saml:Condition/>", '<x:OneTimeUse xmlns:x="u:x"/>', "<saml:Audience/>"])
def test_a_condition_that_is_not_understood_makes_it_worth_nothing(condition: str) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        _read(SAYS.but(conditions=condition))
    assert refusal.value.detail == "a condition that is not understood"


def test_one_confirmation_that_holds_is_enough() -> None:
    other = _confirmation("https://other.example.com/acs")
    assert _read(SAYS.but(confirmations=other)).subject == "a7f3"
    with pytest.raises(Unauthenticated) as refusal:
        _read(SAYS.but(confirmations=other, recipient="https://third.example.com/acs"))
    assert refusal.value.detail == "Recipient"


def test_a_confirmation_that_begins_later_does_not_hold_yet() -> None:
    later = _confirmation(saml.ACS, f'NotBefore="{saml.time(NOW + 62)}"')
    says = SAYS.but(confirmations=later, recipient="https://other.example.com")
    with pytest.raises(Unauthenticated):
        _read(says)
    assert _read(says, NOW + 2).subject == "a7f3"


@pytest.mark.parametrize("name", ["Issuer", "Subject", "Conditions", "AuthnStatement"])
def test_each_part_must_be_there_once(name: str) -> None:
    assertion = assertion_of(SAYS.response())
    part = assertion.find(f"saml:{name}", saml.NS)
    assert part is not None
    assertion.append(etree.fromstring(etree.tostring(part)))
    with pytest.raises(Unauthenticated) as refusal:
        saml_assertion.read(assertion, EXPECTED, NOW)
    assert refusal.value.detail == f"not exactly one {name}"


def test_text_with_elements_in_it_is_no_text() -> None:
    for says in (SAYS.but(name_id="a7f3<x/>"), SAYS.but(issuer=f"{saml.IDP}<x/>"), SAYS.but(audience="<x/>")):
        with pytest.raises(Unauthenticated) as refusal:
            _read(says)
        assert refusal.value.detail == "an element where a text belongs"


def test_values_that_cannot_be_shown_are_left_out() -> None:
    values = "".join(
        f"<saml:AttributeValue>{text}</saml:AttributeValue>" for text in ("", "a&#10;b", "x" * 513, " ok ")
    )
    attributes = f'<saml:Attribute Name="groups">{values}</saml:Attribute><saml:Attribute Name="a&#10;b"/>'
    assert dict(_read(SAYS.but(attributes=attributes)).attributes) == {"groups": ("ok",)}
    assert values not in repr(_read(SAYS.but(attributes=attributes)))
