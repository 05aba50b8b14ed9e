"""The file that fingerprints are kept in: sealed (AES-256-GCM) under a key made of the masking key.

    magic    `maskproxy protected 1`, a line feed
    nonce    12 bytes
    sealed   msgpack: {run, stride, files: [str], starts, lines, prints, places: bin of little-endian numbers}

Who has the file and not that key learns nothing but its size. Who has both learns names, line numbers and hashes: the
source itself is not in it.
"""

from __future__ import annotations

import hmac
import os
import sys
from array import array
from pathlib import Path

import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maskproxy.errors import RuleRefused
from maskproxy.protected.prints import MOST_TOKENS, RUN, STRIDE, Printer, Prints

_MAGIC = b"maskproxy protected 1\n"
_NONCE_BYTES = 12
_LIMIT_BYTES = 20 * MOST_TOKENS
_TABLES = (("starts", "I"), ("lines", "I"), ("prints", "Q"), ("places", "I"))


def written(prints: Prints, masking_key: bytes) -> bytes:
    """Give the file's content."""
    content: dict[str, object] = {"run": RUN, "stride": STRIDE, "files": prints.files}
    for (name, _), table in zip(_TABLES, prints.tables, strict=True):
        content[name] = _little_endian(table).tobytes()
    nonce = os.urandom(_NONCE_BYTES)
    return _MAGIC + nonce + _cipher(masking_key).encrypt(nonce, msgpack.packb(content), _MAGIC)


def read(path: Path, masking_key: bytes) -> Prints:
    """Raises RuleRefused, with what to do, for a file that is no such file or was made under another key."""
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise RuleRefused(
            f"The fingerprint file {path.name} cannot be read by this user.", detail=str(error.strerror)
        ) from error
    if len(data) > _LIMIT_BYTES or not data.startswith(_MAGIC):
        raise RuleRefused(f"{path.name} is no fingerprint file of this version. `maskproxy rules protect` makes one.")
    nonce, sealed = data[len(_MAGIC) :][:_NONCE_BYTES], data[len(_MAGIC) + _NONCE_BYTES :]
    try:
        content = msgpack.unpackb(_cipher(masking_key).decrypt(nonce, sealed, _MAGIC))
    except (InvalidTag, ValueError) as error:
        raise RuleRefused(
            f"{path.name} was changed, or made under another masking key. Make it again with "
            "`maskproxy rules protect` and this configuration."
        ) from error
    if (content["run"], content["stride"]) != (RUN, STRIDE):
        raise RuleRefused(f"{path.name} is of another version. Make it again with `maskproxy rules protect`.")
    starts, lines, prints, places = (_table(kind, content[name]) for name, kind in _TABLES)
    return Prints(Printer(masking_key), content["files"], starts, lines, prints, places)


def _cipher(masking_key: bytes) -> AESGCM:
    return AESGCM(hmac.digest(masking_key, b"maskproxy protected 1: file", "sha256"))


def _table(kind: str, data: bytes) -> array[int]:
    table = array(kind)
    table.frombytes(data)
    return _little_endian(table)


def _little_endian(table: array[int]) -> array[int]:
    if sys.byteorder == "big":
        table = table[:]
        table.byteswap()
    return table
