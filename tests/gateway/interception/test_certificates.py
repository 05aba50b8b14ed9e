from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from maskproxy.errors import ConfigurationFault, Misdirected, Unavailable
from maskproxy.gateway.interception.certificates import CertificateAuthority, asked_for_another, make_ca
from maskproxy.gateway.interception.issuing import CaKey

HOST = "api.anthropic.com"
DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    return make_ca(tmp_path / "ca", [HOST, "127.0.0.1", "::1"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def authority(paths: tuple[Path, Path], clock: Clock) -> CertificateAuthority:
    return CertificateAuthority.load(*paths, clock)


def client_context(trusted: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(trusted))
    context.set_alpn_protocols(["http/1.1"])
    return context


def shake_hands(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, name: str | None
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """A whole TLS handshake in memory, as `start_tls` does it. Raises what the first side to fail raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert client.version() is not None
    assert server.version() is not None
    return server, client


def served(authority: CertificateAuthority, trusted: Path, host: str = HOST) -> x509.Certificate:
    _, client = shake_hands(authority.context_for(host), client_context(trusted), host)
    der = client.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


@pytest.mark.parametrize("host", [HOST, "deep.down." + HOST, "127.0.0.1", "::1", "API.Anthropic.com."])
def test_a_client_that_trusts_the_ca_believes_the_host(
    authority: CertificateAuthority, paths: tuple[Path, Path], host: str
) -> None:
    name = host.rstrip(".")
    server, client = shake_hands(authority.context_for(host), client_context(paths[0]), name)
    assert client.selected_alpn_protocol() == server.selected_alpn_protocol() == "http/1.1"
    assert client.version() == "TLSv1.3"


def test_no_handshake_below_tls_1_2(authority: CertificateAuthority, paths: tuple[Path, Path]) -> None:
    context = authority.context_for(HOST)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    client = client_context(paths[0])
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shake_hands(context, client, HOST)[1].version() == "TLSv1.2"


def test_another_name_is_known_and_its_certificate_does_not_fit(
    authority: CertificateAuthority, paths: tuple[Path, Path]
) -> None:
    context = authority.context_for(HOST)
    for name in ("evil.example", "x." + HOST, HOST + ".evil.example"):
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(context, client_context(paths[0]), name)
        trusting = client_context(paths[0])
        trusting.check_hostname = False
        server, _ = shake_hands(context, trusting, name)
        assert asked_for_another(server)
    assert not asked_for_another(shake_hands(context, client_context(paths[0]), HOST)[0])
    assert not asked_for_another(None)


def test_no_name_is_fine(authority: CertificateAuthority, paths: tuple[Path, Path]) -> None:
    client = client_context(paths[0])
    client.check_hostname = False
    _, connected = shake_hands(authority.context_for(HOST), client, None)
    assert connected.getpeercert()["subjectAltName"] == (("DNS", HOST),)  # type: ignore[index] # one was presented


def test_the_name_is_compared_without_case(authority: CertificateAuthority, paths: tuple[Path, Path]) -> None:
    shake_hands(authority.context_for(HOST), client_context(paths[0]), HOST.upper())


def test_a_client_that_offers_h2_too_gets_http_1_1(authority: CertificateAuthority, paths: tuple[Path, Path]) -> None:
    client = client_context(paths[0])
    client.set_alpn_protocols(["h2", "http/1.1"])
    assert shake_hands(authority.context_for(HOST), client, HOST)[1].selected_alpn_protocol() == "http/1.1"


def test_a_client_with_h2_alone_is_never_given_it(authority: CertificateAuthority, paths: tuple[Path, Path]) -> None:
    client = client_context(paths[0])
    client.set_alpn_protocols(["h2"])
    assert shake_hands(authority.context_for(HOST), client, HOST)[1].selected_alpn_protocol() is None


def test_a_client_without_our_ca_does_not_connect(authority: CertificateAuthority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(authority.context_for(HOST), ssl.create_default_context(), HOST)


def test_openssl_refuses_a_host_outside_the_constraints(tmp_path: Path, paths: tuple[Path, Path]) -> None:
    """Even with the key stolen, the CA is of no use for other hosts."""
    authority = CertificateAuthority.load(*paths)
    free = make_ca(tmp_path / "free", [])
    forged = CertificateAuthority.load(*free).context_for("bank.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(forged, client_context(paths[0]), "bank.example")
    with pytest.raises(Misdirected):
        authority.context_for("bank.example")


@pytest.mark.parametrize("host", ["example.com", "anthropic.com", "10.0.0.1", "*." + HOST, "", "a b", "x\x00." + HOST])
def test_a_host_that_the_ca_does_not_permit_gets_no_context(authority: CertificateAuthority, host: str) -> None:
    assert not authority.permits(host)
    with pytest.raises(Misdirected):
        authority.context_for(host)


def test_permits_what_it_serves(authority: CertificateAuthority) -> None:
    assert all(authority.permits(host) for host in (HOST, "x." + HOST, "127.0.0.1", "[::1]", HOST.upper() + "."))


def test_a_context_is_kept_and_renewed_in_time(tmp_path: Path, clock: Clock) -> None:
    key = p256()
    paths = store(tmp_path, key, certificate(key))
    authority = CertificateAuthority.load(*paths, clock)
    clock.now -= 6.5 * DAY  # so that both leaves are valid for the client, whose time is the real one
    first, leaf = authority.context_for(HOST), served(authority, paths[0])
    clock.now += 5.9 * DAY
    assert authority.context_for(HOST.upper() + ".") is first
    clock.now += 0.2 * DAY
    renewed = authority.context_for(HOST)
    assert renewed is not first
    assert served(authority, paths[0]).not_valid_after_utc > leaf.not_valid_after_utc
    assert authority.context_for(HOST) is renewed


def test_a_clock_set_back_makes_a_leaf_that_is_valid_then(authority: CertificateAuthority, clock: Clock) -> None:
    clock.now += 3 * DAY
    first = authority.context_for(HOST)
    clock.now -= 2 * DAY
    assert authority.context_for(HOST) is not first


def test_contexts_are_bounded_and_those_used_lately_stay(authority: CertificateAuthority) -> None:
    first, second = authority.context_for(f"h0.{HOST}"), authority.context_for(f"h1.{HOST}")
    for number in range(2, 256):
        authority.context_for(f"h{number}.{HOST}")
    assert authority.context_for(f"h0.{HOST}") is first
    authority.context_for(f"one-more.{HOST}")
    assert authority.context_for(f"h0.{HOST}") is first
    assert authority.context_for(f"h1.{HOST}") is not second


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_nothing_is_left_open(authority: CertificateAuthority) -> None:
    authority.context_for(HOST)
    before = _open_files()
    for number in range(10):
        authority.context_for(f"h{number}.{HOST}")
    assert _open_files() == before


def test_a_ca_near_its_end_signs_until_then_and_no_further(paths: tuple[Path, Path], clock: Clock) -> None:
    authority = CertificateAuthority.load(*paths, clock)
    end = x509.load_pem_x509_certificate(paths[0].read_bytes()).not_valid_after_utc.timestamp()
    clock.now = end - DAY / 2
    context = authority.context_for(HOST)
    clock.now = end - 1
    assert authority.context_for(HOST) is context, "a leaf that ends with the CA is not made again and again"
    clock.now = end
    with pytest.raises(Unavailable, match="expired"):
        authority.context_for(HOST)


# --- loading -------------------------------------------------------------------------------------------------------


def certificate(
    key: CaKey, *, signer: CaKey | None = None, issuer: str = "Corp CA", name: str = "Corp CA", ca: bool | None = True
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=10))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    signer = signer or key
    if ca:
        # Clients that verify strictly, as Python 3.13's do, want to know what a CA's key is for and whose it is.
        names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")
        unused = dict.fromkeys([*names, "decipher_only", "digital_signature"], False)
        usage = x509.KeyUsage(key_cert_sign=True, crl_sign=True, **unused)
        signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = (
            builder.add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(signed_by, critical=False)
        )
    return builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else SHA256())


def store(directory: Path, key: CaKey | x25519.X25519PrivateKey, *chain: x509.Certificate) -> tuple[Path, Path]:
    certificates, keys = directory / "cert.pem", directory / "cert.key"
    certificates.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    keys.write_bytes(pem(key, NoEncryption()))
    keys.chmod(0o600)
    return certificates, keys


def pem(key: CaKey | x25519.X25519PrivateKey, encryption: KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def faults_of(certificate_path: Path, key_path: Path, clock: Clock | None = None) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationFault) as caught:
        CertificateAuthority.load(certificate_path, key_path, clock or Clock())
    return caught.value.faults


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())], ids=["RSA", "P-384"]
)
def test_a_companys_own_ca_serves(tmp_path: Path, key: CaKey) -> None:
    paths = store(tmp_path, key, certificate(key))
    served(CertificateAuthority.load(*paths), paths[0], "any.example")


def test_an_intermediate_is_sent_along_so_that_the_root_is_enough(tmp_path: Path) -> None:
    root_key, key = p256(), p256()
    root = certificate(root_key, name="Root", issuer="Root")
    authority = CertificateAuthority.load(*store(tmp_path, key, certificate(key, signer=root_key, issuer="Root"), root))
    trusted = tmp_path / "root.pem"
    trusted.write_bytes(root.public_bytes(Encoding.PEM))
    served(authority, trusted, "any.example")


def test_a_key_of_another_certificate(paths: tuple[Path, Path], tmp_path: Path) -> None:
    other = make_ca(tmp_path / "other", [])
    assert [path for path, _ in faults_of(paths[0], other[1])] == ["key"]


@pytest.mark.parametrize("ca", [False, None])
def test_a_certificate_that_may_not_sign(tmp_path: Path, ca: bool | None) -> None:
    key = p256()
    ((path, sentence),) = faults_of(*store(tmp_path, key, certificate(key, ca=ca)))
    assert path == "certificate"
    assert "may sign" in sentence


@pytest.mark.parametrize("days", [-11, 11])
def test_a_certificate_out_of_its_time(tmp_path: Path, clock: Clock, days: int) -> None:
    key = p256()
    clock.now += days * DAY
    ((path, sentence),) = faults_of(*store(tmp_path, key, certificate(key)), clock)
    assert path == "certificate"
    assert "expired" in sentence


def test_every_fault_is_told_at_once(tmp_path: Path, clock: Clock) -> None:
    clock.now += 11 * DAY
    faults = faults_of(*store(tmp_path, p256(), certificate(p256(), ca=False)), clock)
    assert [path for path, _ in faults] == ["key", "certificate", "certificate"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read(paths: tuple[Path, Path], mode: int) -> None:
    paths[1].chmod(mode)
    ((path, sentence),) = faults_of(*paths)
    assert path == "key"
    assert "chmod" in sentence


@pytest.mark.parametrize(
    "content", [b"", b"not PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_files_that_hold_something_else(paths: tuple[Path, Path], content: bytes) -> None:
    key = paths[1].read_bytes()
    paths[1].write_bytes(content)
    assert faults_of(*paths) == [("key", "The file holds no private key in PEM.")]
    paths[1].write_bytes(key)
    paths[0].write_bytes(content)
    assert faults_of(*paths) == [("certificate", "The file holds no certificate in PEM.")]


def test_files_that_are_not_there(paths: tuple[Path, Path], tmp_path: Path) -> None:
    assert faults_of(paths[0], tmp_path / "none") == [("key", "The file cannot be read.")]
    assert faults_of(tmp_path / "none", paths[1]) == [("certificate", "The file cannot be read.")]


def test_a_key_with_a_passphrase(tmp_path: Path) -> None:
    key = p256()
    paths = store(tmp_path, key, certificate(key))
    paths[1].write_bytes(pem(key, BestAvailableEncryption(b"word")))
    ((path, sentence),) = faults_of(*paths)
    assert path == "key"
    assert "passphrase" in sentence


def test_a_key_that_cannot_sign(tmp_path: Path) -> None:
    ((path, sentence),) = faults_of(*store(tmp_path, x25519.X25519PrivateKey.generate(), certificate(p256())))
    assert path == "key"
    assert "cannot sign" in sentence
