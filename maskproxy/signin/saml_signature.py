"""Which signatures a response bears, whether each is of the one form that is allowed, and the very bytes it signs.

Promises: a signature stands right under what it signs, the response or its only assertion, and names it by an ID that
nothing else in the document has; there is one reference, with the enveloped and exclusive-canonical transforms and no
other; algorithms come from a short list without SHA-1 and HMAC. `content` gives what the signature's digest is taken
over, so that nothing is read but what was signed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Container

from lxml import etree

from maskproxy.signin.saml_xml import EXCLUSIVE, SAML, SAMLP, SIGNATURE, canonical, named

SIGNATURE_METHODS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{key}-{digest}"
    for key in ("rsa", "ecdsa")
    for digest in ("sha256", "sha384", "sha512")
)
DIGEST_METHODS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_CANONICAL = frozenset({EXCLUSIVE, f"{EXCLUSIVE}WithComments"})
"""With or without comments is the same here, where no document holds one."""

_SIGNED_INFO = ["CanonicalizationMethod", "SignatureMethod", "Reference"]
_KEY_INFO = frozenset(
    named(SIGNATURE, name)
    for name in (
        *("KeyInfo", "KeyName", "KeyValue", "RSAKeyValue", "Modulus", "Exponent"),
        *("X509Data", "X509Certificate", "X509SubjectName", "X509IssuerSerial", "X509IssuerName", "X509SerialNumber"),
        "X509SKI",
    )
) | {f"{{http://www.w3.org/2009/xmldsig11#}}{name}" for name in ("ECKeyValue", "NamedCurve", "PublicKey")}
"""What may stand there. None of it is used."""

_RESPONSE_PARTS = frozenset({named(SAML, "Issuer"), named(SIGNATURE, "Signature"), named(SAMLP, "Status")})
_ASSERTION = named(SAML, "Assertion")
_MOST_PREFIXES = 8
"""Canonical form looks for each at each element."""
_IDS = frozenset({"ID", "Id", "id", "iD", "{http://www.w3.org/XML/1998/namespace}id"})


class Malformed(ValueError):
    """The response, or a signature in it, is not of the form that is allowed. The text is constant."""


class Encrypted(Malformed):
    """The assertion is encrypted."""


def signatures(root: etree._Element) -> dict[str, etree._Element]:
    """The signatures of a response, by what they sign: `response`, `assertion`.

    Raises `Malformed` unless each of them, and the response around them, has the form above.
    """
    _unique_ids(root)
    assertion = only_assertion(root)
    found: dict[str, etree._Element] = {}
    for place, signed in (("response", root), ("assertion", assertion)):
        for signature in signed.findall(named(SIGNATURE, "Signature")):
            if place in found:
                raise Malformed("two signatures of one element")
            _check(signature, signed)
            found[place] = signature
    if sum(1 for _ in root.iter(named(SIGNATURE, "Signature"))) != len(found):
        raise Malformed("a signature in another place")
    return found


def only_assertion(root: etree._Element) -> etree._Element:
    """The assertion of a response that holds one, right under it, and none anywhere else."""
    names = [etree.QName(element).localname for element in root.iter()]
    if any(name.startswith("Encrypted") for name in names):
        raise Encrypted("an encrypted assertion, name or attribute")
    assertions = [child for child in root if child.tag == _ASSERTION]
    if len(assertions) != 1 or names.count("Assertion") != 1 or names.count("Response") != 1:
        raise Malformed("not exactly one assertion, right under the response")
    if any(child.tag not in _RESPONSE_PARTS for child in root if child is not assertions[0]):
        raise Malformed("a part of the response that does not belong there")
    return assertions[0]


def content(signature: etree._Element) -> etree._Element:
    """What `signature` signs, read anew from the very bytes that its digest is taken over. Takes `signature` out.

    Raises `Malformed` where the digest is not theirs. Whether the signature itself holds is checked elsewhere.
    """
    reference = signature.find(f"{named(SIGNATURE, 'SignedInfo')}/{named(SIGNATURE, 'Reference')}")
    signed = signature.getparent()
    assert reference is not None
    assert signed is not None
    _take_out(signature, signed)
    inclusive = reference.find(f".//{named(EXCLUSIVE, 'InclusiveNamespaces')}")
    prefixes = inclusive.get("PrefixList", "").split() if inclusive is not None else []
    try:
        data: bytes = etree.tostring(
            signed, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes
        )
    except (etree.LxmlError, ValueError):
        raise Malformed("nothing that has a canonical form") from None
    method = reference.find(named(SIGNATURE, "DigestMethod"))
    value = reference.findtext(named(SIGNATURE, "DigestValue"))
    assert method is not None
    assert value is not None
    digest = hashlib.new(DIGEST_METHODS[method.get("Algorithm", "")], data).digest()
    if base64.b64encode(digest).decode() != "".join(value.split()):
        raise Malformed("a digest that is not of what is signed")
    return canonical(data)


def _take_out(element: etree._Element, parent: etree._Element) -> None:
    """Remove `element` alone; lxml would take the text after it along."""
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _unique_ids(root: etree._Element) -> None:
    seen: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            if name in _IDS:
                if value in seen:
                    raise Malformed("two elements with one ID")
                seen.add(str(value))


def _check(signature: etree._Element, signed: etree._Element) -> None:
    parts = _children(signature)
    if parts[:2] != ["SignedInfo", "SignatureValue"] or parts[2:] not in ([], ["KeyInfo"]):
        raise Malformed("a signature that holds more than it may")
    if any(element.tag not in _KEY_INFO for part in list(signature)[2:] for element in part.iter()):
        raise Malformed("a signature whose KeyInfo holds more than it may")
    info = signature[0]
    if _children(info) != _SIGNED_INFO:
        raise Malformed("a signature without exactly one reference")
    canonicalization, method, reference = info
    _only(canonicalization, _CANONICAL, "a canonicalization other than the exclusive one", inclusive=True)
    _only(method, SIGNATURE_METHODS, "a signature algorithm that is not allowed")
    identity = signed.get("ID", "")
    if not identity or reference.get("URI") != f"#{identity}":
        raise Malformed("a signature of something else than where it stands")
    if _children(reference) != ["Transforms", "DigestMethod", "DigestValue"]:
        raise Malformed("a reference without transforms, or with more than it may")
    transforms, digest, _ = reference
    if _children(transforms) != ["Transform", "Transform"]:
        raise Malformed("transforms other than the two that are allowed")
    _only(transforms[0], {ENVELOPED}, "transforms other than the two that are allowed")
    _only(transforms[1], _CANONICAL, "transforms other than the two that are allowed", inclusive=True)
    _only(digest, DIGEST_METHODS.keys(), "a digest algorithm that is not allowed")


def _children(element: etree._Element) -> list[str]:
    """Names of the children. One of another namespace has its whole tag, so that it equals no name."""
    prefix = f"{{{SIGNATURE}}}"
    return [str(child.tag).removeprefix(prefix) for child in element]


def _only(element: etree._Element, allowed: Container[str], fault: str, *, inclusive: bool = False) -> None:
    """`element` must name an algorithm of `allowed`, and hold nothing but, where it may, InclusiveNamespaces."""
    if element.get("Algorithm", "") not in allowed:
        raise Malformed(fault)
    held = list(element.iterdescendants())
    if held and not (inclusive and [child.tag for child in held] == [named(EXCLUSIVE, "InclusiveNamespaces")]):
        raise Malformed("an algorithm with parameters that are not allowed")
    if any(len(child.get("PrefixList", "").split()) > _MOST_PREFIXES for child in held):
        raise Malformed("a list of too many prefixes")
