"""The sample configuration with real certificates, keys and rules behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trustme

from maskproxy.gateway.interception.certificates import make_ca
from tests.config.sample import write

ROUTED = ["api.anthropic.com", "statsig.example.com"]


def write_real(directory: Path, document: dict[str, Any]) -> Path:
    """As `write`, and every file holds what it should; rules of one's own are left out."""
    document["masking"]["rules"] = ["builtin:default"]
    path = write(directory, document)
    outer = trustme.CA()
    server = outer.issue_cert("maskproxy.corp.example")
    server.private_key_and_cert_chain_pem.write_to_path(directory / "tls.pem")
    (directory / "tls.key").write_bytes(server.private_key_pem.bytes())
    for name in ("upstream-ca.pem", "idp.pem", "client-ca.pem"):
        outer.cert_pem.write_to_path(directory / name)
    (directory / "ca.pem").unlink()
    (directory / "ca.key").unlink()
    make_ca(directory, ROUTED)
    return path
