"""The protected source of a configuration, read from its fingerprint files."""

from __future__ import annotations

from maskproxy.config import model
from maskproxy.protected import Protected, Protection
from maskproxy.protected.sealed_file import read


def configured_protection(masking: model.Masking, key: bytes) -> Protection:
    """Raises `RuleRefused`, with the file's name, where one cannot be used."""
    return Protection(
        tuple(Protected(one.name, read(one.file, key), one.lines, one.action) for one in masking.protected)
    )
