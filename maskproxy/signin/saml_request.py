"""What we say to an identity provider: that somebody wants to sign in, and who we are (our metadata)."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree

from maskproxy.signin import saml_times, saml_toolkit
from maskproxy.signin.saml_settings import NAME_ID_FORMATS, SamlIdentityProvider, SamlService, SigningKey
from maskproxy.signin.saml_xml import METADATA, POST_BINDING, SAML, SAMLP, SIGNATURE, named

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


@dataclass(frozen=True)
class Request:
    """An AuthnRequest to be sent."""

    id: str
    destination: str
    acs: str
    state: str
    issued_at: float
    name_id_format: str


def check_key(signing: SigningKey) -> None:
    """Raise `ValueError` unless it is an RSA key of 2048 bits or more with its own certificate."""
    try:
        key = load_pem_private_key(signing.key, password=None)
        certificate = load_pem_x509_certificate(signing.certificate)
    except (ValueError, TypeError):
        raise ValueError("The key for signing requests, or its certificate, is not PEM that can be read.") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < 2048:
        raise ValueError("The key for signing requests must be an RSA key of at least 2048 bits.")
    if certificate.public_key() != key.public_key():
        raise ValueError("The certificate for signing requests belongs to another key.")


def redirect(request: Request, service: SamlService) -> str:
    """The URL that brings `request` there by redirect (Bindings 3.4)."""
    compressor = zlib.compressobj(wbits=-15)
    deflated = compressor.compress(_xml(request, service)) + compressor.flush()
    query = {"SAMLRequest": base64.b64encode(deflated).decode(), "RelayState": request.state}
    if service.signing is not None:
        query["SigAlg"] = RSA_SHA256
        key = load_pem_private_key(service.signing.key, password=None)
        assert isinstance(key, RSAPrivateKey)
        signature = key.sign(urlencode(query).encode(), PKCS1v15(), SHA256())
        query["Signature"] = base64.b64encode(signature).decode()
    return f"{request.destination}{'&' if '?' in request.destination else '?'}{urlencode(query)}"


def form(request: Request, service: SamlService) -> Mapping[str, str]:
    """The form that brings `request` there by POST (Bindings 3.5)."""
    data = _xml(request, service)
    if service.signing is not None:
        data = saml_toolkit.sign(data, service.signing.key.decode(), service.signing.certificate.decode())
    return {"SAMLRequest": base64.b64encode(data).decode(), "RelayState": request.state}


def metadata(provider: SamlIdentityProvider, service: SamlService, acs: str) -> bytes:
    """Our metadata, as `provider` should know it."""
    root = etree.Element(
        named(METADATA, "EntityDescriptor"), nsmap={"md": METADATA, "ds": SIGNATURE}, entityID=service.entity_id
    )
    role = etree.SubElement(
        root,
        named(METADATA, "SPSSODescriptor"),
        AuthnRequestsSigned="true" if service.signing else "false",
        WantAssertionsSigned="false" if provider.signed == "response" else "true",
        protocolSupportEnumeration=SAMLP,
    )
    if service.signing is not None:
        certificate = load_pem_x509_certificate(service.signing.certificate).public_bytes(Encoding.DER)
        info = etree.SubElement(
            etree.SubElement(role, named(METADATA, "KeyDescriptor"), use="signing"), named(SIGNATURE, "KeyInfo")
        )
        held = etree.SubElement(
            etree.SubElement(info, named(SIGNATURE, "X509Data")), named(SIGNATURE, "X509Certificate")
        )
        held.text = base64.b64encode(certificate).decode()
    etree.SubElement(role, named(METADATA, "NameIDFormat")).text = NAME_ID_FORMATS[provider.name_id]
    etree.SubElement(
        role,
        named(METADATA, "AssertionConsumerService"),
        Binding=POST_BINDING,
        Location=acs,
        index="0",
        isDefault="true",
    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _xml(request: Request, service: SamlService) -> bytes:
    root = etree.Element(
        named(SAMLP, "AuthnRequest"),
        nsmap={"samlp": SAMLP, "saml": SAML},
        ID=request.id,
        Version="2.0",
        IssueInstant=saml_times.written(request.issued_at),
        Destination=request.destination,
        ProtocolBinding=POST_BINDING,
        AssertionConsumerServiceURL=request.acs,
    )
    etree.SubElement(root, named(SAML, "Issuer")).text = service.entity_id
    etree.SubElement(root, named(SAMLP, "NameIDPolicy"), Format=request.name_id_format, AllowCreate="true")
    return etree.tostring(root)
