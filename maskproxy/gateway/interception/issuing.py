"""Make certificates: the interception CA, once, and short-lived leaves under it. What a CA's constraints permit.

Promises: P-256 throughout; a CA made here signs leaves only (path length 0), and, given domains, for those domains
only, which its own certificate says to every client that checks name constraints.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CaKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

LEAF_LIFE = timedelta(days=7)
_CA_LIFE = timedelta(days=5 * 365)
_BACKDATED = timedelta(hours=1)
"""For clients whose clocks are behind."""

_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)


def canonical(host: str) -> str | None:
    """`host` in the one spelling that is compared and cached: lower case, no final dot, an address in its short form.

    None for what names no host: wildcards, empty labels, anything but ASCII (an IDN comes as its A-label).
    """
    address = as_address(host)
    if address is not None:
        return str(address)
    name = host.lower().removesuffix(".")
    return name if _HOST.fullmatch(name) and not name.rpartition(".")[2].isdigit() else None


def as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def make_ca(directory: Path, domains: Sequence[str]) -> tuple[Path, Path]:
    """Make `ca.pem` and `ca.key` in `directory`, which is made when absent (0700). Returns their paths.

    With `domains`, the CA is constrained to them, their subdomains, and the addresses among them. Never overwrites:
    raises `FileExistsError`, and `ValueError` for a domain that is none.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate_path, key_path = directory / "ca.pem", directory / "ca.key"
    if certificate_path.exists():
        raise FileExistsError(f"{certificate_path} is there already")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _ca_certificate(key, domains)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_new(key_path, pem, 0o600)
    _write_new(certificate_path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return certificate_path, key_path


def _write_new(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _ca_certificate(key: ec.EllipticCurvePrivateKey, domains: Sequence[str]) -> x509.Certificate:
    now = datetime.now(UTC)
    serial = x509.random_serial_number()
    # The serial in the name tells one CA from the next in a client's list of trusted ones.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"maskproxy interception CA {serial % 2**32:08x}")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if domains:
        builder = builder.add_extension(_constraints(domains), critical=True)
    return builder.sign(key, hashes.SHA256())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _constraints(domains: Sequence[str]) -> x509.NameConstraints:
    """Only `domains`. A kind of name that no constraint speaks of would be free, so the other kind is excluded."""
    names: list[x509.GeneralName] = []
    addresses: list[x509.GeneralName] = []
    for domain in domains:
        host = canonical(domain.removeprefix("*.").removeprefix("."))
        if host is None:
            raise ValueError("a domain is neither a host name nor an address")
        address = as_address(host)
        if address is None:
            names.append(x509.DNSName(host))
        else:
            addresses.append(x509.IPAddress(ipaddress.ip_network(address)))
    excluded: list[x509.GeneralName] = []
    if not addresses:
        everywhere = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
        excluded += [x509.IPAddress(network) for network in everywhere]
    if not names:
        excluded.append(x509.DNSName(""))
    return x509.NameConstraints(permitted_subtrees=names + addresses, excluded_subtrees=excluded or None)


def permits(certificate: x509.Certificate, host: str) -> bool:
    """May `certificate` stand above a leaf for `host` (canonical)? As RFC 5280, 4.2.1.10 says."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return True
    kind = x509.DNSName if as_address(host) is None else x509.IPAddress
    permitted = [subtree for subtree in constraints.permitted_subtrees or () if isinstance(subtree, kind)]
    if permitted and not _under_any(permitted, host):
        return False
    return not _under_any(constraints.excluded_subtrees or (), host)


def _under_any(subtrees: Iterable[x509.GeneralName], host: str) -> bool:
    address = as_address(host)
    for subtree in subtrees:
        if isinstance(subtree, x509.IPAddress) and address is not None:
            network = subtree.value
            if isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network) and address in network:
                return True
        elif isinstance(subtree, x509.DNSName) and address is None:
            domain = subtree.value.lower().removeprefix(".")
            if not domain or host == domain or host.endswith("." + domain):
                return True
    return False


def mint_leaf(
    host: str, ca: x509.Certificate, ca_key: CaKey, now: datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key and a certificate for `host` (canonical), within the CA's own validity."""
    key = ec.generate_private_key(ec.SECP256R1())
    address = as_address(host)
    name: x509.GeneralName = x509.DNSName(host) if address is None else x509.IPAddress(address)
    # A common name holds 64 characters, and OpenSSL holds one that is an address against the constraints on names.
    # Without one the subject is empty, and then the alternative name is critical.
    named = address is None and len(host) <= 64
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)] if named else [])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(max(now - _BACKDATED, ca.not_valid_before_utc))
        .not_valid_after(min(now + LEAF_LIFE, ca.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName([name]), critical=not named)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_authority_key(ca), critical=False)
        .sign(ca_key, None if isinstance(ca_key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    return key, certificate


def _authority_key(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        known = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        key = ca.public_key()
        assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey)
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)
