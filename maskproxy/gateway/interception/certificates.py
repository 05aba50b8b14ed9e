"""Interception: a TLS context for each host, under the company's own CA.

Promises: no leaf for a host outside the CA's name constraints; leaves live for days and are renewed in time; TLS 1.2
or newer; a client that asked for another name than its tunnel's is known as such, and the certificate does not fit
that name; HTTP/1.1 is all that is offered. A leaf's key touches no disk.

Python's TLS does not end a handshake over ALPN: a client that offers only h2 is connected without a protocol. It
leaves, or its preface, `PRI * HTTP/2.0`, gets a 400 at once.
"""

from __future__ import annotations

import os
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from weakref import WeakSet

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from maskproxy.errors import ConfigurationFault, Misdirected, Unavailable
from maskproxy.gateway.interception.issuing import CaKey, canonical, make_ca, mint_leaf, permits
from maskproxy.gateway.private_files import NotPrivate, read_private

__all__ = ["CertificateAuthority", "asked_for_another", "make_ca"]

_RENEWED_BEFORE = timedelta(days=1)
_MOST_CONTEXTS = 256
_LARGEST_PEM_BYTES = 256 * 1024


_misnamed: WeakSet[ssl.SSLObject] = WeakSet()


def asked_for_another(connection: object) -> bool:
    """Tell whether a client's TLS handshake named another host (SNI) than its certificate was made for."""
    return isinstance(connection, ssl.SSLObject) and connection in _misnamed


class _Held(NamedTuple):
    context: ssl.SSLContext
    good_from: datetime
    good_until: datetime


class CertificateAuthority:
    """`chain` is the CA's certificate and those above it, up to but without the root, if there are any."""

    def __init__(self, chain: Sequence[x509.Certificate], key: CaKey, clock: Callable[[], float] = time.time) -> None:
        self._chain = tuple(chain)
        self._key = key
        self._clock = clock
        self._held: OrderedDict[str, _Held] = OrderedDict()

    @classmethod
    def load(
        cls, certificate_path: Path, key_path: Path, clock: Callable[[], float] = time.time
    ) -> CertificateAuthority:
        """Raises `ConfigurationFault` with paths `certificate` or `key` for whatever cannot be used."""
        try:
            with certificate_path.open("rb") as file:
                chain = x509.load_pem_x509_certificates(file.read(_LARGEST_PEM_BYTES))
        except OSError:
            raise ConfigurationFault([("certificate", "The file cannot be read.")]) from None
        except ValueError:
            raise ConfigurationFault([("certificate", "The file holds no certificate in PEM.")]) from None
        key = _load_key(key_path)
        faults = _faults(chain[0], key, datetime.fromtimestamp(clock(), UTC))
        if faults:
            raise ConfigurationFault(faults)
        return cls(chain, key, clock)

    @property
    def pem(self) -> str:
        """The certificates, for those who are to trust them."""
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in self._chain).decode()

    def permits(self, host: str) -> bool:
        """True if the CA may sign for `host`: a host name or an address, within the constraints of the whole chain."""
        name = canonical(host)
        return name is not None and all(permits(certificate, name) for certificate in self._chain)

    def context_for(self, host: str) -> ssl.SSLContext:
        """A server's context for `host`. Cached; takes about a millisecond when new.

        Raises `Misdirected` for a host that the CA does not permit, `Unavailable` when the CA's own time is over.
        """
        name = host if host in self._held else canonical(host) or ""
        now = datetime.fromtimestamp(self._clock(), UTC)
        held = self._held.get(name)
        if held is None or not held.good_from <= now < held.good_until:
            if not self.permits(name):
                raise Misdirected("This gateway's certificate authority may not speak for that host.")
            held = self._held[name] = self._make(name, now)
            while len(self._held) > _MOST_CONTEXTS:
                self._held.popitem(last=False)
        self._held.move_to_end(name)
        return held.context

    def _make(self, host: str, now: datetime) -> _Held:
        ca = self._chain[0]
        if not ca.not_valid_before_utc <= now < ca.not_valid_after_utc:
            raise Unavailable("The gateway's certificate authority has expired. Its operators must renew it.")
        key, leaf = mint_leaf(host, ca, self._key, now)
        above = [one for one in self._chain if one.issuer != one.subject]
        ends = leaf.not_valid_after_utc
        # A leaf that ends with the CA cannot be renewed, so it serves to its end.
        good_until = ends if ends == ca.not_valid_after_utc else ends - _RENEWED_BEFORE
        return _Held(_server_context(host, key, [leaf, *above]), leaf.not_valid_before_utc, good_until)


def _server_context(host: str, key: ec.EllipticCurvePrivateKey, chain: Sequence[x509.Certificate]) -> ssl.SSLContext:
    def check_name(connection: ssl.SSLObject, asked: str | None, _: ssl.SSLContext) -> None:
        # No name is fine: clients send none for an address, and the tunnel has said where it goes. Another name ends in
        # no alert, which asyncio and uvloop would drop with the connection: requests are refused in words.
        if asked is not None and canonical(asked) != host:
            _misnamed.add(connection)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    context.sni_callback = check_name
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem += b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in chain)
    # Python loads certificates from files only. This one is memory that nobody else can open by a name.
    descriptor = os.memfd_create("leaf", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    return context


def _load_key(path: Path) -> CaKey:
    try:
        key = serialization.load_pem_private_key(read_private(path, limit_bytes=_LARGEST_PEM_BYTES), password=None)
    except NotPrivate as fault:
        raise ConfigurationFault([("key", str(fault))]) from None
    except OSError:
        raise ConfigurationFault([("key", "The file cannot be read.")]) from None
    except TypeError:
        raise ConfigurationFault(
            [("key", "The key has a passphrase; store it without one, readable by us alone.")]
        ) from None
    except ValueError:
        raise ConfigurationFault([("key", "The file holds no private key in PEM.")]) from None
    if not isinstance(key, CaKey):
        raise ConfigurationFault([("key", "The key is of a kind that cannot sign here; use ECDSA, RSA or Ed25519.")])
    return key


def _faults(ca: x509.Certificate, key: CaKey, now: datetime) -> list[tuple[str, str]]:
    faults = []
    if ca.public_key() != key.public_key():
        faults.append(("key", "The key does not belong to the certificate."))
    if not _may_sign(ca):
        faults.append(("certificate", "The certificate is not one of a certificate authority that may sign."))
    if not ca.not_valid_before_utc <= now < ca.not_valid_after_utc:
        faults.append(("certificate", "The certificate has expired, or is not valid yet."))
    return faults


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as absent:
        # Key usage may be left out; basic constraints may not.
        return absent.oid == x509.KeyUsage.oid
    except ValueError:
        return False
