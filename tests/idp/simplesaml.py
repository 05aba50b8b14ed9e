"""SimpleSAMLphp as an identity provider on loopback: Debian's package under PHP's own server, with a folder of ours."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import secrets
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.signin.surfing import free_port

INSTALLED = (Path("/"), Path(__file__).parents[2] / ".idp")
"""Under which of these `make test-idp` may find, or has put, the package."""
WAIT_S = 20


def key_pair(directory: Path, name: str) -> None:
    """An RSA key and a certificate of its own, as NAME.key and NAME.pem."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    held = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / f"{name}.key").write_bytes(held)
    (directory / f"{name}.key").chmod(0o600)
    (directory / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


class SimpleSaml:
    """One identity provider with one person, and with one service provider by its metadata, which is us."""

    def __init__(self, directory: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.entity_id = f"{self.url}/saml2/idp/metadata.php"
        self.password = secrets.token_urlsafe(12)
        self._directory = directory
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> Self:
        roots = [root for root in INSTALLED if (root / "usr/share/simplesamlphp/www").exists()]
        assert roots, "SimpleSAMLphp is not installed. Run `make test-idp`."
        for name in ("data", "temporary", "sessions", "metadata", "log"):
            (self._directory / name).mkdir()
        key_pair(self._directory, "idp")
        for name, text in (
            ("config.php", self._config(roots[0])),
            ("authsources.php", self._people()),
            ("metadata/saml20-idp-hosted.php", self._hosted()),
        ):
            (self._directory / name).write_text(text)
        self.trust(b"")
        with (self._directory / "php.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                "php",
                *("-d", f"session.save_path={self._directory}/sessions", "-d", "display_errors=stderr"),
                *("-S", self.url.removeprefix("http://"), "-t", str(roots[0] / "usr/share/simplesamlphp/www")),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "SIMPLESAMLPHP_CONFIG_DIR": str(self._directory)},
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        async with asyncio.timeout(WAIT_S):
            await self._process.wait()

    async def metadata(self) -> bytes:
        """What it says of itself, once it answers."""
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    return await asyncio.to_thread(_fetched, self.entity_id, None)
                except urllib.error.HTTPError as refused:
                    raise AssertionError(refused.read().decode()) from None
                except OSError:
                    assert self._process.returncode is None, (self._directory / "php.log").read_text()
                    await asyncio.sleep(0.05)

    def trust(self, metadata: bytes) -> None:
        """Know the service provider that `metadata` describes."""
        nobody = b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"/>'
        (self._directory / "service.xml").write_bytes(metadata or nobody)

    def _config(self, root: Path) -> str:
        directory = self._directory
        return f"""<?php
$config = [
    'baseurlpath' => '{self.url}/',
    'certdir' => '{directory}/',
    'datadir' => '{directory}/data/',
    'tempdir' => '{directory}/temporary',
    'loggingdir' => '{directory}/log/',
    'metadatadir' => '{directory}/metadata/',
    'attributenamemapdir' => '{root / "etc/simplesamlphp/attributemap"}/',
    'secretsalt' => '{secrets.token_hex(16)}',
    'auth.adminpassword' => '{secrets.token_hex(16)}',
    'timezone' => 'UTC',
    'logging.handler' => 'file',
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
    'session.cookie.secure' => false,
    'session.cookie.samesite' => 'Lax',
    'language.cookie.secure' => false,
    'language.cookie.samesite' => 'Lax',
    'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => '{directory}/service.xml']],
    'store.type' => 'phpsession',
    'admin.checkforupdates' => false,
    'production' => true,
];
"""

    def _people(self) -> str:
        return f"""<?php
$config = [
    'people' => [
        'exampleauth:UserPass',
        'ada:{self.password}' => [
            'uid' => ['ada'], 'displayName' => ['Ada Lovelace'], 'mail' => ['ada@example.com'],
            'groups' => ['engineering', 'platform'],
        ],
    ],
];
"""

    def _hosted(self) -> str:
        """It wants every request signed, and takes it by both bindings."""
        return f"""<?php
$metadata['{self.entity_id}'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.pem',
    'auth' => 'people',
    'validate.authnrequest' => true,
    'redirect.validate' => true,
    'SingleSignOnServiceBinding' => [
        'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    ],
    'authproc' => [10 => ['class' => 'saml:PersistentNameID', 'attribute' => 'uid']],
];
"""


async def fetched(url: str, trust: ssl.SSLContext) -> bytes:
    return await asyncio.to_thread(_fetched, url, trust)


def _fetched(url: str, trust: ssl.SSLContext | None) -> bytes:
    with urllib.request.urlopen(url, timeout=WAIT_S, context=trust) as answer:
        data: bytes = answer.read()
        return data
