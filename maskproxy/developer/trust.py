"""Files by which programs come to trust the gateway's interception CA besides whom they trust already.

Node adds its file to its own roots. Python's programs take theirs instead of all others, so that one holds the
system's roots too.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path

from maskproxy.developer.private import write_private

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
_LIMIT_BYTES = 8 << 20


def certificates(text: str) -> list[str]:
    return _PEM.findall(text)


def system_roots() -> str:
    """In PEM, or no text where they lie in no file that can be read; whatever the environment says."""
    places = ssl.get_default_verify_paths()
    folder = Path(places.openssl_capath)
    for file in (Path(places.openssl_cafile), folder / "ca-certificates.crt", folder.parent / "cert.pem"):
        if text := read_text(file):
            return text
    return ""


def read_text(path: Path) -> str:
    """No text where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_LIMIT_BYTES).decode("ascii", "replace")
    except OSError:
        return ""


def write_trust(ca: str, before: Mapping[str, str], added: Path, whole: Path) -> dict[str, str]:
    """Write the files; gives what the environment is to say. Raises Unavailable.

    Where the system's roots cannot be found, Python's programs are left alone: they would trust nobody else.
    """
    _write(added, [read_text(Path(before.get("NODE_EXTRA_CA_CERTS", "") or "/nonexistent")), ca])
    said = {"NODE_EXTRA_CA_CERTS": str(added)}
    named = [before[name] for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE") if name in before]
    roots = [read_text(Path(name)) for name in named] if named else [system_roots()]
    if any(certificates(text) for text in roots):
        _write(whole, [*roots, ca])
        said |= {"SSL_CERT_FILE": str(whole), "REQUESTS_CA_BUNDLE": str(whole)}
    return said


def _write(path: Path, texts: Iterable[str]) -> None:
    found = dict.fromkeys(one for text in texts for one in certificates(text))
    write_private(path, ("\n".join(found) + "\n").encode())
