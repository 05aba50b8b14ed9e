from __future__ import annotations

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.gateway.interception.issuing import CaKey, canonical, make_ca, mint_leaf, permits

NOW = datetime.now(UTC)


def made(directory: Path, *domains: str) -> tuple[x509.Certificate, CaKey]:
    certificate, key = make_ca(directory, domains)
    private = load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate(certificate.read_bytes()), private


def test_a_ca_is_what_it_should_be(tmp_path: Path) -> None:
    certificate, key = made(tmp_path / "deep" / "ca", "api.anthropic.com")
    assert certificate.public_key() == key.public_key()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert basic.value == x509.BasicConstraints(ca=True, path_length=0)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert usage.value.crl_sign
    assert not usage.value.digital_signature
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.permitted_subtrees == [x509.DNSName("api.anthropic.com")]
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc
    certificate.verify_directly_issued_by(certificate)


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    certificate, key = make_ca(tmp_path / "ca", ["example.com"])
    assert (certificate.name, key.name) == ("ca.pem", "ca.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("there", ["ca.pem", "ca.key"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("precious")
    with pytest.raises(FileExistsError):
        make_ca(tmp_path, ["example.com"])
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "precious")]


def test_a_link_in_the_keys_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "ca.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        make_ca(tmp_path, ["example.com"])
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    "domain", ["", "*", "a b", "exa\nmple.com", "-x-.com", "a..b", "über.example", "1.2.3", "x" * 64]
)
def test_a_domain_that_is_none_is_refused_before_anything_is_written(tmp_path: Path, domain: str) -> None:
    with pytest.raises(ValueError, match="neither a host name nor an address"):
        make_ca(tmp_path / "ca", [domain])
    assert not (tmp_path / "ca" / "ca.key").exists()


@pytest.mark.parametrize(
    ("domains", "allowed", "refused"),
    [
        (
            ("api.anthropic.com",),
            ("api.anthropic.com", "a.api.anthropic.com"),
            ("anthropic.com", "evilapi.anthropic.com", "api.anthropic.com.evil.example", "127.0.0.1", "::1"),
        ),
        (("*.example.com", ".example.org"), ("example.com", "a.example.com", "example.org"), ("example.net",)),
        (("10.0.0.1",), ("10.0.0.1",), ("10.0.0.2", "::1", "example.com")),
        (("2001:db8::1",), ("2001:db8::1",), ("2001:db8::2", "10.0.0.1", "example.com")),
        (("example.com", "127.0.0.1"), ("www.example.com", "127.0.0.1"), ("example.org", "127.0.0.2", "::1")),
        ((), ("example.com", "127.0.0.1", "::1"), ()),
    ],
)
def test_our_judgement_of_constraints_is_that_of_those_who_verify(
    tmp_path: Path, domains: tuple[str, ...], allowed: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    certificate, key = made(tmp_path, *domains)
    for host in allowed + refused:
        leaf = mint_leaf(host, certificate, key, NOW)[1]
        try:
            name = x509.IPAddress(ipaddress.ip_address(host))
            verifier = PolicyBuilder().store(Store([certificate])).build_server_verifier(name)
        except ValueError:
            verifier = PolicyBuilder().store(Store([certificate])).build_server_verifier(x509.DNSName(host))
        try:
            verifier.verify(leaf, [])
            verified = True
        except VerificationError:
            verified = False
        assert permits(certificate, host) == verified == (host in allowed), host


def test_a_leaf_is_what_it_should_be(tmp_path: Path) -> None:
    ca, ca_key = made(tmp_path, "example.com")
    moment = ca.not_valid_before_utc + timedelta(hours=2)
    key, leaf = mint_leaf("www.example.com", ca, ca_key, moment)
    leaf.verify_directly_issued_by(ca)
    assert leaf.public_key() == key.public_key()
    assert key.curve.name == "secp256r1"
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName("www.example.com")]
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert leaf.not_valid_after_utc == moment + timedelta(days=7)
    assert leaf.not_valid_before_utc == moment - timedelta(hours=1)
    assert mint_leaf("www.example.com", ca, ca_key, moment)[1].serial_number != leaf.serial_number


@pytest.mark.parametrize("moment", [timedelta(0), timedelta(days=5 * 365 - 2)])
def test_a_leaf_lives_within_its_ca(tmp_path: Path, moment: timedelta) -> None:
    ca, ca_key = made(tmp_path, "example.com")
    leaf = mint_leaf("example.com", ca, ca_key, NOW + moment)[1]
    assert ca.not_valid_before_utc <= leaf.not_valid_before_utc
    assert leaf.not_valid_after_utc <= ca.not_valid_after_utc


def test_a_long_name_is_only_an_alternative_name(tmp_path: Path) -> None:
    ca, ca_key = made(tmp_path, "example.com")
    host = "a" * 60 + ".example.com"
    leaf = mint_leaf(host, ca, ca_key, NOW)[1]
    assert not list(leaf.subject)
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical
    verifier = PolicyBuilder().store(Store([ca])).build_server_verifier(x509.DNSName(host))
    assert verifier.verify(leaf, [])[0] == leaf


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()], ids=["RSA", "Ed25519"]
)
def test_a_companys_ca_of_another_kind_signs_too(key: CaKey) -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Corp CA")])
    ca = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256())
    )
    mint_leaf("example.com", ca, key, NOW)[1].verify_directly_issued_by(ca)


@pytest.mark.parametrize(
    ("host", "same"),
    [
        ("API.Example.COM", "api.example.com"),
        ("example.com.", "example.com"),
        ("127.0.0.1", "127.0.0.1"),
        ("[2001:DB8:0:0::1]", "2001:db8::1"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("_dmarc.example.com", "_dmarc.example.com"),
    ],
)
def test_one_spelling_for_each_host(host: str, same: str) -> None:
    assert canonical(host) == same


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "..", "*.example.com", "a..b", "-a.example", "a-.example", "a b", "a\x00b", "a/b", "a:80"),
        *("bücher.example", "127.0.0.256", "1", "0x7f.1", "x" * 64 + ".com", "a." * 130 + "com", "example.com.."),
        "example.com\n",
    ],
)
def test_what_names_no_host(host: str) -> None:
    assert canonical(host) is None


@given(st.text(max_size=30) | st.from_regex(r"[a-zA-Z0-9.:\[\]-]{1,30}", fullmatch=True))
def test_a_spelling_once_made_stays(host: str) -> None:
    name = canonical(host)
    assert name is None or canonical(name) == name
