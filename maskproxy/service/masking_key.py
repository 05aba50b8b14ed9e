"""The key behind the placeholders: a file that nodes share, made at first start when it is absent.

The file holds the key, 32 bytes or more, in hexadecimal digits. Two daemons that start at once on a new directory agree
on one key.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from maskproxy.errors import StartFailed

MIN_BYTES = 32
LIMIT_BYTES = 4096


def masking_key(path: Path, *, make: bool) -> bytes:
    """Read the key; where there is none, make one or raise StartFailed."""
    try:
        return _read(path)
    except FileNotFoundError:
        if not make:
            raise StartFailed("The masking key does not exist yet; the daemon makes it when it first starts.") from None
    try:
        _make(path)
        return _read(path)
    except OSError as error:
        raise StartFailed("The masking key cannot be made.", detail=str(error.strerror)) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            key = bytes.fromhex(file.read(LIMIT_BYTES).decode("ascii").strip())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StartFailed("The masking key cannot be read.", detail=str(error.strerror)) from error
    except ValueError:
        raise StartFailed("The masking key must be a file of hexadecimal digits.") from None
    if len(key) < MIN_BYTES:
        raise StartFailed(f"The masking key is shorter than {MIN_BYTES} bytes.")
    return key


def _make(path: Path) -> None:
    """Write a new key beside its place and link it there: whole or not at all, and never over another's."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(MIN_BYTES).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()
