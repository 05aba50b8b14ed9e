"""An identity provider that says and signs whatever a test wants, by its own small signer.

The signer shares nothing with what is tested: canonical form by lxml, signatures by cryptography.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

PRIVATE_KEY = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

NS = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ec": "http://www.w3.org/2001/10/xml-exc-c14n#",
    "xs": "http://www.w3.org/2001/XMLSchema",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
IDP = "https://idp.example.com/saml"
SSO = "https://idp.example.com/sso"
ENTITY_ID = "https://gateway.example.com/saml"
ACS = "https://gateway.example.com/signin/company/callback"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE = NS["ec"]
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@cache
def private_key(name: str) -> PRIVATE_KEY:
    """One key for each name, made once: names that begin with `ec` get P-256, `short` 1024 bits."""
    if name.startswith("ec"):
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 1024 if name == "short" else 2048)


@cache
def certificate(name: str, begins: int, ends: int) -> x509.Certificate:
    """A self-signed certificate of `private_key(name)`. Times are seconds since the epoch."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    key = private_key(name)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime.fromtimestamp(begins, dt.UTC))
        .not_valid_after(dt.datetime.fromtimestamp(ends, dt.UTC))
        .sign(key, hashes.SHA256())
    )


def der(held: x509.Certificate) -> str:
    return base64.b64encode(held.public_bytes(serialization.Encoding.DER)).decode()


def time(moment: float) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    return f"_{secrets.token_hex(16)}"


def metadata(
    certificates: Sequence[x509.Certificate],
    *,
    entity_id: str = IDP,
    extra: str = "",
    role: str = "",
    bindings: Mapping[str, str] | None = None,
) -> bytes:
    """The provider's metadata. `extra` and `role` are attributes of the entity and of its role."""
    keys = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der(one)}'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for one in certificates
    )
    services = "".join(
        f'<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{name}" Location="{place}"/>'
        for name, place in (bindings or {"HTTP-Redirect": SSO, "HTTP-POST": f"{SSO}/post"}).items()
    )
    return (
        f'<md:EntityDescriptor xmlns:md="{NS["md"]}" xmlns:ds="{NS["ds"]}" entityID="{entity_id}" {extra}>'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{NS["samlp"]}" {role}>{keys}{services}'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    ).encode()


@dataclass(frozen=True)
class Says:
    """What a response says. Every part can be set otherwise."""

    request: str
    now: float
    assertion_id: str = field(default_factory=new_id)
    response_id: str = field(default_factory=new_id)
    issuer: str = IDP
    response_issuer: str | None = IDP
    audience: str = ENTITY_ID
    destination: str | None = ACS
    recipient: str = ACS
    method: str = BEARER
    in_response_to: str | None = None
    """Of the response, where it is not `request`."""
    confirmed_request: str | None = None
    """Of the assertion, where it is not `request`."""
    not_before_s: float = -5
    not_on_or_after_s: float = 300
    confirmation_s: float = 300
    issued_s: float = 0
    session_s: float | None = None
    name_id: str = "a7f3"
    name_id_format: str = PERSISTENT
    name_id_extra: str = ""
    status: str = '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>'
    attributes: str = (
        '<saml:Attribute Name="groups"><saml:AttributeValue xsi:type="xs:string">engineering</saml:AttributeValue>'
        "<saml:AttributeValue>platform</saml:AttributeValue></saml:Attribute>"
        '<saml:Attribute Name="urn:oid:2.16.840.1.113730.3.1.241" FriendlyName="displayName">'
        "<saml:AttributeValue>Ada Example</saml:AttributeValue></saml:Attribute>"
        '<saml:Attribute Name="mail"><saml:AttributeValue>ada@example.com</saml:AttributeValue></saml:Attribute>'
    )
    conditions: str = ""
    confirmations: str = ""
    """Before the one that holds."""
    in_assertion: str = ""
    """At its end."""

    def but(self, **changes: object) -> Says:
        return replace(self, **changes)  # type: ignore[arg-type]

    def assertion(self) -> str:
        return (
            f'<saml:Assertion ID="{self.assertion_id}" Version="2.0" IssueInstant="{time(self.now + self.issued_s)}">'
            f"<saml:Issuer>{self.issuer}</saml:Issuer>"
            f'<saml:Subject><saml:NameID Format="{self.name_id_format}" {self.name_id_extra}>{self.name_id}'
            f"</saml:NameID>{self.confirmations}"
            f'<saml:SubjectConfirmation Method="{self.method}"><saml:SubjectConfirmationData '
            f'InResponseTo="{self.confirmed_request or self.request}" Recipient="{self.recipient}" '
            f'NotOnOrAfter="{time(self.now + self.confirmation_s)}"/></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions NotBefore="{time(self.now + self.not_before_s)}" '
            f'NotOnOrAfter="{time(self.now + self.not_on_or_after_s)}"><saml:AudienceRestriction><saml:Audience>'
            f"{self.audience}</saml:Audience></saml:AudienceRestriction>{self.conditions}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{time(self.now)}" SessionIndex="_s"'
            + ("" if self.session_s is None else f' SessionNotOnOrAfter="{time(self.now + self.session_s)}"')
            + "><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
            "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
            + (f"<saml:AttributeStatement>{self.attributes}</saml:AttributeStatement>" if self.attributes else "")
            + f"{self.in_assertion}</saml:Assertion>"
        )

    def response(self) -> etree._Element:
        """Unsigned."""
        declared = " ".join(f'xmlns:{prefix}="{NS[prefix]}"' for prefix in ("samlp", "saml", "xs", "xsi"))
        issuer = "" if self.response_issuer is None else f"<saml:Issuer>{self.response_issuer}</saml:Issuer>"
        destination = "" if self.destination is None else f'Destination="{self.destination}"'
        return etree.fromstring(
            f'<samlp:Response {declared} ID="{self.response_id}" Version="2.0" IssueInstant="{time(self.now)}" '
            f'InResponseTo="{self.in_response_to or self.request}" {destination}>\n  {issuer}\n  '
            f"<samlp:Status>{self.status}</samlp:Status>\n  {self.assertion()}\n</samlp:Response>"
        )


@dataclass(frozen=True)
class Signing:
    """How to sign. The rest of the world signs as the defaults say."""

    key: str = "idp"
    method: str = RSA_SHA256
    digest: str = SHA256
    transforms: Sequence[str] = (ENVELOPED, EXCLUSIVE)
    canonicalization: str = EXCLUSIVE
    prefixes: str | None = None
    uri: str | None = None
    key_info: str | None = None
    """Base64 of a certificate to stand in KeyInfo."""
    secret: bytes | None = None
    """The key of an HMAC."""
    inside: str = ""
    """XML at the signature's end."""
    second_reference: bool = False
    change: Callable[[etree._Element], None] | None = None
    """Done to the signature's element before anything is computed."""


def assertion_of(root: etree._Element) -> etree._Element:
    found = root.find("saml:Assertion", NS)
    assert found is not None
    return found


def sign(element: etree._Element, how: Signing | None = None) -> etree._Element:
    """Put a signature into `element`, after its Issuer where it has one, and give that signature."""
    how = how or Signing()
    signature = _template(element, how)
    issuer = element.find("saml:Issuer", NS)
    element.insert(0 if issuer is None else element.index(issuer) + 1, signature)
    signature.tail = "\n  "
    if how.change:
        how.change(signature)
    compute(signature, element, how)
    return signature


def compute(signature: etree._Element, element: etree._Element, how: Signing) -> None:
    """Fill in the digests of `element` without `signature`, and the signature itself."""
    parent = signature.getparent()
    if parent is None:
        digested = canonical(element, how)
    else:
        place, tail = parent.index(signature), signature.tail
        marker = etree.Element("taken-out")
        parent[place] = marker
        data = canonical(element, how)
        digested = data.replace(b"<taken-out></taken-out>", (tail or "").encode())
        marker.getparent().replace(marker, signature)  # type: ignore[union-attr]
        signature.tail = tail
    algorithm = how.digest.rsplit("#", 1)[1]
    value = base64.b64encode(hashlib.new(algorithm, digested).digest()).decode()
    for place_of_value in signature.iterfind("ds:SignedInfo/ds:Reference/ds:DigestValue", NS):
        place_of_value.text = value
    info = signature.find("ds:SignedInfo", NS)
    held = signature.find("ds:SignatureValue", NS)
    assert info is not None
    assert held is not None
    exclusive = how.canonicalization.startswith(EXCLUSIVE)
    held.text = base64.b64encode(_signed(etree.tostring(info, method="c14n", exclusive=exclusive), how)).decode()


def canonical(element: etree._Element, how: Signing) -> bytes:
    """As the transforms of `how` say, but for the enveloped one."""
    exclusive = any(one.startswith(EXCLUSIVE) for one in how.transforms)
    prefixes = how.prefixes.split() if how.prefixes else None
    return etree.tostring(
        element, method="c14n", exclusive=exclusive, inclusive_ns_prefixes=prefixes if exclusive else None
    )


def _signed(data: bytes, how: Signing) -> bytes:
    name = how.method.rsplit("-", 1)[1]
    if how.secret is not None:
        return hmac.new(how.secret, data, name).digest()
    key = private_key(how.key)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, PKCS1v15(), _HASHES[name])
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_HASHES[name])))
    size = (key.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _template(element: etree._Element, how: Signing) -> etree._Element:
    inclusive = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{how.prefixes}"/>' if how.prefixes else ""
    transforms = "".join(
        f'<ds:Transform Algorithm="{one}">{inclusive if one == EXCLUSIVE else ""}</ds:Transform>'
        for one in how.transforms
    )
    uri = f"#{element.get('ID')}" if how.uri is None else how.uri
    reference = (
        f'<ds:Reference URI="{uri}">' + (f"<ds:Transforms>{transforms}</ds:Transforms>" if transforms else "") + ""
        f'<ds:DigestMethod Algorithm="{how.digest}"/><ds:DigestValue/></ds:Reference>'
    )
    key_info = (
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{how.key_info}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        if how.key_info
        else ""
    )
    return etree.fromstring(
        f'<ds:Signature xmlns:ds="{NS["ds"]}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{how.canonicalization}"/>'
        f'<ds:SignatureMethod Algorithm="{how.method}"/>{reference * (2 if how.second_reference else 1)}'
        f"</ds:SignedInfo><ds:SignatureValue/>{key_info}{how.inside}</ds:Signature>"
    )
