"""The eight ways to wrap a signature (XSW 1 to 8 of "On Breaking SAML: Be Whoever You Want to Be", 2012).

What is signed stays whole somewhere in the document, and what a careless reader reads is `evil`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from tests import fakes_saml as saml
from tests.fakes_saml import NS, Says, Signing, assertion_of, sign

Make = Callable[[Says], bytes]


@dataclass(frozen=True)
class Forgery:
    name: str
    make: Make
    detail: str
    """How the refusal begins to tell why."""


def signed(says: Says, how: Signing | None = None) -> bytes:
    root = says.response()
    sign(assertion_of(root), how)
    return etree.tostring(root)


def evil(says: Says) -> Says:
    return says.but(
        name_id="attacker",
        assertion_id="_evil",
        response_id="_evil_response",
        attributes='<saml:Attribute Name="groups"><saml:AttributeValue>admins</saml:AttributeValue></saml:Attribute>',
    )


def _signed_parts(says: Says) -> tuple[etree._Element, etree._Element, etree._Element]:
    """A root with a signed assertion, that assertion, and its signature taken out of it."""
    root = says.response()
    assertion = assertion_of(root)
    signature = sign(assertion)
    signature.tail = None
    saml.compute(signature, assertion, Signing())
    assertion.remove(signature)
    return root, assertion, signature


def _signed_response(says: Says) -> tuple[etree._Element, etree._Element]:
    """A signed response, and its signature taken out of it."""
    root = says.response()
    signature = sign(root)
    signature.tail = None
    saml.compute(signature, root, Signing())
    root.remove(signature)
    return root, signature


def _xsw1(says: Says) -> bytes:
    original, signature = _signed_response(says)
    forged = evil(says).response()
    forged.insert(1, signature)
    signature.append(original)
    return etree.tostring(forged)


def _xsw2(says: Says) -> bytes:
    original, signature = _signed_response(says)
    forged = evil(says).response()
    forged.insert(1, original)
    forged.insert(2, signature)
    return etree.tostring(forged)


def _xsw3(says: Says) -> bytes:
    root = etree.fromstring(signed(says))
    root.insert(root.index(assertion_of(root)), assertion_of(evil(says).response()))
    return etree.tostring(root)


def _xsw4(says: Says) -> bytes:
    root = etree.fromstring(signed(says))
    original = assertion_of(root)
    forged = assertion_of(evil(says).response())
    root.replace(original, forged)
    forged.append(original)
    return etree.tostring(root)


def _xsw5(says: Says) -> bytes:
    root, original, signature = _signed_parts(says)
    forged = assertion_of(evil(says).response())
    root.insert(root.index(original), forged)
    forged.insert(1, signature)
    return etree.tostring(root)


def _xsw6(says: Says) -> bytes:
    root, original, signature = _signed_parts(says)
    forged = assertion_of(evil(says).response())
    root.replace(original, forged)
    forged.insert(1, signature)
    signature.append(original)
    return etree.tostring(root)


def _xsw7(says: Says) -> bytes:
    root = etree.fromstring(signed(says))
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(assertion_of(evil(says).response()))
    root.insert(1, extensions)
    return etree.tostring(root)


def _xsw8(says: Says) -> bytes:
    root, original, signature = _signed_parts(says)
    forged = assertion_of(evil(says).response())
    root.replace(original, forged)
    forged.insert(1, signature)
    etree.SubElement(signature, f"{{{NS['ds']}}}Object").append(original)
    return etree.tostring(root)


WRAPPINGS = [
    Forgery(f"XSW {number}", make, detail)
    for number, make, detail in (
        (1, _xsw1, "not exactly one assertion"),
        (2, _xsw2, "not exactly one assertion"),
        (3, _xsw3, "not exactly one assertion"),
        (4, _xsw4, "not exactly one assertion"),
        (5, _xsw5, "not exactly one assertion"),
        (6, _xsw6, "not exactly one assertion"),
        (7, _xsw7, "not exactly one assertion"),
        (8, _xsw8, "not exactly one assertion"),
    )
]
