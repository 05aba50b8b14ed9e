"""The identity provider's metadata: who it is, where people sign in, and whose signatures count.

Promises: a signature counts only under a key that the file names for signing, of a sound size, within its certificate's
time and the metadata's own. Several certificates may stand side by side while one takes over from the other. Nothing
is fetched. What cannot be used is a `ValueError`, whose text says what to do.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from maskproxy.signin import saml_times, saml_xml
from maskproxy.signin.saml_xml import METADATA, POST_BINDING, REDIRECT_BINDING, SAMLP, SIGNATURE, named

_BINDINGS = {"redirect": REDIRECT_BINDING, "post": POST_BINDING}
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_MOST_CERTIFICATES = 16
_WARN_S = 30 * 24 * 3600
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Unfit(ValueError):
    """A certificate whose key is not sound. The text is constant."""


@dataclass(frozen=True)
class SigningCertificate:
    """Times are seconds since the epoch."""

    fingerprint: str
    """SHA-256 over DER, in hexadecimal."""
    not_before: float
    not_after: float
    pem: str = field(repr=False)

    def serves(self, now: float) -> bool:
        """Whether a signature under it counts at `now`."""
        return self.not_before <= now <= self.not_after


@dataclass(frozen=True)
class IdentityProvider:
    """What one entity's metadata says."""

    entity_id: str
    sign_on: dict[str, str]
    """Where people sign in, by `redirect` and `post`."""
    certificates: tuple[SigningCertificate, ...]
    faults: tuple[str, ...]
    """Why certificates were left out. For the log."""
    wants_signed_requests: bool
    valid_until: float | None

    def serving(self, now: float) -> tuple[SigningCertificate, ...]:
        """The certificates under which a signature counts at `now`."""
        if self.valid_until is not None and now >= self.valid_until:
            return ()
        return tuple(one for one in self.certificates if one.serves(now))

    def warnings(self, now: float) -> list[str]:
        """What is left out, has expired or does so within 30 days."""
        ends = [(f"signing certificate {one.fingerprint[:16]}", one.not_after) for one in self.certificates]
        if self.valid_until is not None:
            ends.append(("the metadata", self.valid_until))
        return [
            *self.faults,
            *(
                f"{what} {'has expired on' if end <= now else 'expires on'} {saml_times.written(end)}"
                for what, end in ends
                if end - now < _WARN_S
            ),
        ]


def read(data: bytes, entity_id: str | None = None) -> IdentityProvider:
    """Read the metadata of one identity provider, the one with `entity_id` where there are several."""
    try:
        root = saml_xml.metadata(data)
    except saml_xml.Unreadable as fault:
        raise ValueError(
            f"The metadata cannot be read: {fault}. Download it from the identity provider anew."
        ) from None
    entity = _entity(root, entity_id)
    roles = [
        role
        for role in entity.findall(named(METADATA, "IDPSSODescriptor"))
        if SAMLP in role.get("protocolSupportEnumeration", "").split()
    ]
    if len(roles) != 1:
        raise ValueError("The metadata describes no identity provider for SAML 2.0. Take the provider's own file.")
    certificates, faults = _certificates(roles[0])
    if not certificates:
        raise ValueError("The metadata holds no usable signing certificate. Download it from the provider anew.")
    return IdentityProvider(
        entity_id=entity.get("entityID", ""),
        sign_on=_sign_on(roles[0]),
        certificates=certificates,
        faults=faults,
        wants_signed_requests=roles[0].get("WantAuthnRequestsSigned") in {"true", "1"},
        valid_until=_valid_until([root, entity, roles[0]]),
    )


def _entity(root: etree._Element, entity_id: str | None) -> etree._Element:
    found = [
        entity
        for entity in root.iter(named(METADATA, "EntityDescriptor"))
        if entity_id in {None, entity.get("entityID")} and entity.find(named(METADATA, "IDPSSODescriptor")) is not None
    ]
    if len(found) > 1:
        raise ValueError("The metadata describes several identity providers. Say which by its entity id.")
    if not found or not found[0].get("entityID"):
        raise ValueError("The metadata does not describe that identity provider. Take the provider's own file.")
    return found[0]


def _sign_on(role: etree._Element) -> dict[str, str]:
    places: dict[str, str] = {}
    for name, binding in _BINDINGS.items():
        for service in role.findall(named(METADATA, "SingleSignOnService")):
            if service.get("Binding") == binding and _is_safe(service.get("Location", "")):
                places.setdefault(name, service.get("Location", ""))
    if not places:
        raise ValueError("The metadata names no place to sign in, by redirect or POST over https.")
    return places


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def _valid_until(elements: list[etree._Element]) -> float | None:
    given = [element.get("validUntil") for element in elements]
    try:
        times = [saml_times.seconds(text) for text in given if text is not None]
    except ValueError:
        raise ValueError("The metadata's validUntil is not a time. Download it from the provider anew.") from None
    return min(times, default=None)


def _certificates(role: etree._Element) -> tuple[tuple[SigningCertificate, ...], tuple[str, ...]]:
    found: dict[str, SigningCertificate] = {}
    faults: list[str] = []
    texts = [
        element.text or ""
        for descriptor in role.findall(named(METADATA, "KeyDescriptor"))
        if descriptor.get("use") in {None, "signing"}
        for element in descriptor.iter(named(SIGNATURE, "X509Certificate"))
    ]
    if len(texts) > _MOST_CERTIFICATES:
        raise ValueError("The metadata holds more than 16 signing certificates. Leave out those that no longer serve.")
    for place, text in enumerate(texts, start=1):
        try:
            one = _certificate(text)
        except (ValueError, UnsupportedAlgorithm) as fault:
            reason = str(fault) if isinstance(fault, _Unfit) else "it is not a certificate"
            faults.append(f"signing certificate {place} is not used: {reason}")
        else:
            found[one.fingerprint] = one
    return tuple(found.values()), tuple(faults)


def _certificate(text: str) -> SigningCertificate:
    der = base64.b64decode("".join(text.split()), validate=True)
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey):
        if not 2048 <= key.key_size <= 8192:
            raise _Unfit("its RSA key is shorter than 2048 bits, or longer than 8192")
    elif not isinstance(key, EllipticCurvePublicKey) or key.curve.name not in _CURVES:
        raise _Unfit("its key is neither RSA nor on the curves P-256, P-384 or P-521")
    return SigningCertificate(
        fingerprint=hashlib.sha256(der).hexdigest(),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
    )
