"""TLS contexts: whom the gateway believes, and how it shows itself."""

from __future__ import annotations

import ssl
from pathlib import Path

from maskproxy.config import model


def client_context(trust: Path | None) -> ssl.SSLContext:
    """For connections that the gateway opens: the system's roots, or only those in `trust`."""
    context = ssl.create_default_context(cafile=str(trust) if trust is not None else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def listener_context(tls: model.Tls | None) -> ssl.SSLContext | None:
    """For a listener. With `client_ca`, a client must show a certificate of that authority."""
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls.certificate, tls.key)
    context.set_alpn_protocols(["http/1.1"])
    if tls.client_ca is not None:
        context.load_verify_locations(tls.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
