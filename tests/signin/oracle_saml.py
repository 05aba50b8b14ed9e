"""A second verifier: says slowly what a response proves, with other parsers and another signature library.

It shares no code with what it is held against: signatures by signxml, and all else read by the standard library's
parser (expat) from the bytes that signxml says were signed.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.parsers import expat

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

P = "{urn:oasis:names:tc:SAML:2.0:protocol}"
A = "{urn:oasis:names:tc:SAML:2.0:assertion}"
D = "{http://www.w3.org/2000/09/xmldsig#}"
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_EXCLUSIVE = ("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments")
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_METHODS = frozenset(
    {
        *(SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512),
        *(SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512),
    }
)


@dataclass(frozen=True)
class Asked:
    """What was asked, and of whom."""

    certificates: Sequence[x509.Certificate]
    idp: str
    entity_id: str
    acs: str
    request: str
    name_id_format: str
    now: float
    signed: str = "assertion"
    leeway_s: float = 60


class _Wrong(Exception):
    pass


def proven(data: bytes, asked: Asked) -> tuple[str, frozenset[str]] | None:
    """The subject and the groups, or None where nothing is proven."""
    try:
        return _proven(data, asked)
    except (_Wrong, ET.ParseError, ValueError, KeyError):
        return None


def _need(holds: object) -> None:
    if not holds:
        raise _Wrong


def _proven(data: bytes, asked: Asked) -> tuple[str, frozenset[str]]:
    _need(len(data) <= 256 * 1024)
    root = _tree(data)
    _need(root.tag == f"{P}Response")
    everywhere = [element.tag.rsplit("}", 1)[-1] for element in root.iter()]
    _need(everywhere.count("Assertion") == 1 and everywhere.count("Response") == 1)
    _need(not any(name.startswith("Encrypted") for name in everywhere))
    _need(root.find(f"{A}Assertion") is not None)
    _need(all(child.tag in {f"{A}Issuer", f"{D}Signature", f"{P}Status", f"{A}Assertion"} for child in root))
    ids = [value for element in root.iter() for key, value in element.items() if key.rsplit("}", 1)[-1].lower() == "id"]
    _need(len(ids) == len(set(ids)))
    codes = [element.get("Value") for element in root.iter(f"{P}StatusCode")]
    _need(codes == ["urn:oasis:names:tc:SAML:2.0:status:Success"])
    _only(_only(root, f"{P}Status"), f"{P}StatusCode")

    places = {"response": ("./", root), "assertion": (f"./{A}Assertion/", _only(root, f"{A}Assertion"))}
    held = {place: found for place, (_, found) in places.items() if found.find(f"{D}Signature") is not None}
    _need(sum(1 for _ in root.iter(f"{D}Signature")) == len(held))
    _need({"both": {"response", "assertion"}}.get(asked.signed, {asked.signed}) <= held.keys())
    signed = {place: _signed(data, places[place][0], found, asked) for place, found in held.items()}

    response = signed.get("response", root)
    _need(response.get("Version") == "2.0" and response.get("InResponseTo") == asked.request)
    _need(response.get("Destination") in {None, asked.acs})
    _need(all(_issuer(issuer) == asked.idp for issuer in response.findall(f"{A}Issuer")))
    _need(_seconds(response.attrib["IssueInstant"]) <= asked.now + asked.leeway_s)
    assertion = signed["assertion"] if "assertion" in signed else _only(response, f"{A}Assertion")
    return _said(assertion, asked)


def _tree(data: bytes) -> ET.Element:
    """Parse by expat, and refuse every kind of markup but elements and text."""
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse(*_: object) -> None:
        raise _Wrong

    def encoding(version: str, named: str | None, standalone: int) -> None:
        _need(version == "1.0" and (named or "utf-8").lower() == "utf-8")

    declared = set()

    def declare(prefix: str | None, namespace: str) -> None:
        declared.add(prefix)
        _need(len(declared) <= 32 and len(namespace or "") <= 256)

    parser.StartNamespaceDeclHandler = declare
    parser.StartDoctypeDeclHandler = refuse
    parser.CommentHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    parser.StartCdataSectionHandler = refuse
    parser.XmlDeclHandler = encoding
    depth = [0]

    elements = [0]

    def start(_: str, attributes: dict[str, str]) -> None:
        depth[0] += 1
        elements[0] += 1
        _need(depth[0] <= 32 and elements[0] <= 10_000 and len(attributes) <= 64)

    def end(*_: object) -> None:
        depth[0] -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        data.decode("utf-8")
        parser.Parse(data, True)
    except expat.ExpatError:
        raise _Wrong from None
    return ET.fromstring(data)


def _only(parent: ET.Element, tag: str) -> ET.Element:
    found = parent.findall(tag)
    _need(len(found) == 1)
    return found[0]


def _signed(data: bytes, location: str, place: ET.Element, asked: Asked) -> ET.Element:
    """The bytes that the signature at `location` signs, read anew."""
    signature = _only(place, f"{D}Signature")
    parts = [child.tag for child in signature]
    _need(parts[:2] == [f"{D}SignedInfo", f"{D}SignatureValue"] and parts[2:] in ([], [f"{D}KeyInfo"]))
    _need(signature.find(f".//{D}RetrievalMethod") is None)
    _need(all(len(one.get("PrefixList", "").split()) <= 8 for one in signature.iter()))
    base64.b64decode("".join((signature[1].text or "").split()), validate=True)
    reference = _only(signature[0], f"{D}Reference")
    _need(place.get("ID") and reference.get("URI") == f"#{place.get('ID')}")
    transforms = [one.get("Algorithm") for one in _only(reference, f"{D}Transforms")]
    _need(len(transforms) == 2 and transforms[0] == _ENVELOPED and transforms[1] in _EXCLUSIVE)
    _need(_only(signature[0], f"{D}CanonicalizationMethod").get("Algorithm") in _EXCLUSIVE)
    for certificate in asked.certificates:
        configuration = SignatureConfiguration(
            location=location,
            signature_methods=_METHODS,
            digest_algorithms=_DIGESTS,
            verification_time=dt.datetime.fromtimestamp(asked.now, dt.UTC),
            ignore_ambiguous_key_info=True,
        )
        try:
            result = XMLVerifier().verify(data, x509_cert=certificate, expect_config=configuration, id_attribute="ID")
        except (SignXMLException, InvalidSignature, etree.LxmlError, ValueError, TypeError):
            continue
        assert not isinstance(result, list)
        element = ET.fromstring(result.signed_data)
        _need(element.tag == place.tag and element.get("ID") == place.get("ID"))
        return element
    raise _Wrong


def _seconds(text: str) -> float:
    _need(text.endswith("Z") and text[10] == "T" and " " not in text)
    return dt.datetime.fromisoformat(text).timestamp()


def _issuer(element: ET.Element) -> str:
    _need(len(element) == 0 and element.get("Format", "x:entity").endswith(":entity"))
    return (element.text or "").strip()


def _said(assertion: ET.Element, asked: Asked) -> tuple[str, frozenset[str]]:
    early, late = asked.now + asked.leeway_s, asked.now - asked.leeway_s
    _need(assertion.get("Version") == "2.0")
    _need(_issuer(_only(assertion, f"{A}Issuer")) == asked.idp)
    _need(_seconds(assertion.attrib["IssueInstant"]) <= early)
    conditions = _only(assertion, f"{A}Conditions")
    _need("NotBefore" not in conditions.attrib or _seconds(conditions.attrib["NotBefore"]) <= early)
    _need("NotOnOrAfter" not in conditions.attrib or _seconds(conditions.attrib["NotOnOrAfter"]) > late)
    _need(
        {child.tag for child in conditions}
        <= {f"{A}{n}" for n in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")}
    )
    restrictions = conditions.findall(f"{A}AudienceRestriction")
    _need(restrictions)
    for restriction in restrictions:
        _need(asked.entity_id in [(one.text or "").strip() for one in restriction.findall(f"{A}Audience")])
    subject = _only(assertion, f"{A}Subject")
    _need(any(_bearer(one, asked) for one in subject.findall(f"{A}SubjectConfirmation")))
    name = _only(subject, f"{A}NameID")
    _need(len(name) == 0 and name.text and name.text.isprintable() and len(name.text) <= 512)
    _need(name.get("Format") == asked.name_id_format)
    _need(name.get("SPNameQualifier", asked.entity_id) == asked.entity_id)
    _need(name.get("NameQualifier", asked.idp) == asked.idp)
    statement = _only(assertion, f"{A}AuthnStatement")
    _need(_seconds(statement.attrib["AuthnInstant"]) <= early)
    _need(
        "SessionNotOnOrAfter" not in statement.attrib or _seconds(statement.attrib["SessionNotOnOrAfter"]) > asked.now
    )
    return str(name.text), _groups(assertion)


def _bearer(confirmation: ET.Element, asked: Asked) -> bool:
    data = confirmation.findall(f"{A}SubjectConfirmationData")
    if confirmation.get("Method") != "urn:oasis:names:tc:SAML:2.0:cm:bearer" or len(data) != 1:
        return False
    told = data[0].attrib
    return (
        told.get("Recipient") == asked.acs
        and told.get("InResponseTo") == asked.request
        and _seconds(told["NotOnOrAfter"]) > asked.now - asked.leeway_s
        and ("NotBefore" not in told or _seconds(told["NotBefore"]) <= asked.now + asked.leeway_s)
    )


def _groups(assertion: ET.Element) -> frozenset[str]:
    attributes = assertion.findall(f"{A}AttributeStatement/{A}Attribute")
    chosen = [one for one in attributes if one.get("Name") == "groups"] or [
        one for one in attributes if one.get("FriendlyName") == "groups"
    ]
    values = [value for one in chosen for value in one.findall(f"{A}AttributeValue")]
    _need(all(len(value) == 0 for value in values))
    texts = [(value.text or "").strip() for value in values]
    return frozenset(text for text in texts if text and text.isprintable() and len(text) <= 512)
