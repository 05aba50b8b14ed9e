"""A response, from its bytes to what is signed in it. Blocks the caller; whoever calls does so in a thread.

Promises: first the form is held to what is allowed, then every signature is verified by python3-saml, and only then
anything is read, from the bytes that were signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from maskproxy.errors import BadRequest, Unauthenticated
from maskproxy.signin import saml_assertion, saml_signature, saml_toolkit, saml_xml
from maskproxy.signin.saml_assertion import Expected, Facts
from maskproxy.signin.saml_settings import Signed

_NEEDED: dict[Signed, frozenset[str]] = {
    "assertion": frozenset({"assertion"}),
    "response": frozenset({"response"}),
    "both": frozenset({"assertion", "response"}),
}


def read(data: bytes, needed: Signed, certificates: Sequence[str], expected: Expected, now: float) -> Facts:
    """What the response `data` proves under one of `certificates` (PEM). Raises `BadRequest`, `Unauthenticated`."""
    try:
        root = saml_xml.message(data)
        if root.tag != saml_xml.named(saml_xml.SAMLP, "Response"):
            raise saml_xml.Unreadable("not a SAML response")
    except saml_xml.Unreadable as fault:
        raise BadRequest(
            "The identity provider's answer is not a message that is read here. Sign in again; if it stays so, tell "
            "whoever runs this gateway.",
            detail=str(fault),
        ) from None
    saml_assertion.check_status(root)
    try:
        response, assertion = _signed(root, data, needed, certificates)
    except saml_signature.Encrypted as fault:
        raise Unauthenticated(
            "The identity provider encrypts its answer, which is not read here. Whoever runs the provider should "
            "switch encryption off for this service; TLS protects the way.",
            detail=str(fault),
        ) from None
    except (saml_signature.Malformed, saml_xml.Unreadable) as fault:
        raise Unauthenticated(
            "The identity provider's answer is not signed in the way that is needed here. Whoever runs the provider "
            "should have it sign what this gateway's metadata asks for, by RSA or ECDSA with SHA-256 or more.",
            detail=str(fault),
        ) from None
    except saml_toolkit.Refused as fault:
        raise Unauthenticated(
            "The identity provider's signature is not one that is trusted here. Sign in again; if it stays so, "
            "whoever runs this gateway should put the provider's newest metadata in place.",
            detail=str(fault),
        ) from None
    saml_assertion.check_response(response, expected, now)
    return saml_assertion.read(assertion, expected, now)


def _signed(
    root: etree._Element, data: bytes, needed: Signed, certificates: Sequence[str]
) -> tuple[etree._Element, etree._Element]:
    """The response and the assertion, both from signed bytes where they are signed."""
    found = saml_signature.signatures(root)
    if not _NEEDED[needed] <= found.keys():
        raise saml_signature.Malformed(f"no signature where one is needed: {needed}")
    saml_toolkit.verify(data, tuple(found), certificates)
    # The response first: its digest covers the assertion's signature.
    response = saml_signature.content(found["response"]) if "response" in found else root
    if "assertion" in found:
        return response, saml_signature.content(found["assertion"])
    return response, saml_signature.only_assertion(response)
