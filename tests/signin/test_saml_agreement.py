"""However a signed response is changed: two verifiers that share no code agree, and only the truth gets through."""

from __future__ import annotations

import copy

from cryptography.hazmat.primitives import serialization
from hypothesis import event, given, settings
from hypothesis import strategies as st
from lxml import etree

from maskproxy.errors import BadRequest, Unauthenticated
from maskproxy.signin import saml_response
from maskproxy.signin.saml_assertion import Expected
from tests import fakes_saml as saml
from tests.fakes_saml import Says, assertion_of, sign
from tests.signin.oracle_saml import Asked, proven
from tests.signin.saml_attempts import NOW, certificate

REQUEST = "_request"
TRUTH = ("a7f3", frozenset({"engineering", "platform"}))
EXPECTED = Expected(saml.IDP, saml.ENTITY_ID, saml.ACS, REQUEST, saml.PERSISTENT, 60)
ASKED = Asked([certificate()], saml.IDP, saml.ENTITY_ID, saml.ACS, REQUEST, saml.PERSISTENT, NOW)
PEM = certificate().public_bytes(serialization.Encoding.PEM).decode()
VALUES = ["", "_evil", "attacker", "admins", saml.IDP, saml.ENTITY_ID, saml.ACS, "2.0", saml.SHA256, saml.EXCLUSIVE]


def _original(*, whole: bool) -> bytes:
    root = Says(REQUEST, NOW).response()
    sign(assertion_of(root))
    if whole:
        sign(root)
    return etree.tostring(root)


ORIGINALS = {whole: _original(whole=whole) for whole in (False, True)}


def _ours(data: bytes) -> tuple[str, frozenset[str]] | str:
    """What is proven, or why nothing is."""
    try:
        facts = saml_response.read(data, "assertion", [PEM], EXPECTED, NOW)
    except (Unauthenticated, BadRequest) as refusal:
        return refusal.detail
    return facts.subject, frozenset(facts.attributes.get("groups") or ())


def _agree(data: bytes) -> None:
    ours, theirs = _ours(data), proven(data, ASKED)
    event("proven" if theirs else "refused")
    if isinstance(ours, str):
        # The second verifier does not know SAML's schema.
        assert theirs is None or (theirs == TRUTH and ours == "not of SAML's schema")
    else:
        assert ours == theirs == TRUTH


@settings(max_examples=60)
@given(st.sampled_from([False, True]), st.data())
def test_two_verifiers_agree_whatever_is_changed(whole: bool, data: st.DataObject) -> None:
    root = etree.fromstring(ORIGINALS[whole])
    for _ in range(data.draw(st.integers(1, 3))):
        _change(root, data)
    _agree(etree.tostring(root))


@settings(max_examples=60)
@given(st.sampled_from([False, True]), st.integers(0, 10**6), st.binary(max_size=4), st.integers(0, 4))
def test_two_verifiers_agree_whatever_bytes_are_changed(whole: bool, place: int, new: bytes, gone: int) -> None:
    original = ORIGINALS[whole]
    at = place % (len(original) + 1)
    _agree(original[:at] + new + original[at + gone :])


def _change(root: etree._Element, data: st.DataObject) -> None:
    elements = list(root.iter())
    one = data.draw(st.sampled_from(range(len(elements))))
    other = data.draw(st.sampled_from(range(len(elements))))
    element, target = elements[one], elements[other]
    parent = element.getparent()
    kind = data.draw(st.sampled_from(["remove", "copy", "copy with another ID", "move", "set", "text", "exchange"]))
    if kind == "set" and element.attrib:
        element.set(data.draw(st.sampled_from(sorted(map(str, element.attrib)))), data.draw(st.sampled_from(VALUES)))
    elif kind == "text":
        element.text = data.draw(st.sampled_from(VALUES))
    elif parent is None or element in target.iterancestors() or element is target:
        return
    elif kind == "remove":
        parent.remove(element)
    elif kind.startswith("copy"):
        twin = copy.deepcopy(element)
        if kind != "copy":
            for held in twin.iter():
                if "ID" in held.attrib:
                    held.set("ID", f"{held.get('ID')}x")
        target.insert(data.draw(st.integers(0, len(target))), twin)
    elif kind == "move":
        target.insert(0, element)
    elif kind == "exchange":
        parent.replace(element, copy.deepcopy(target))
