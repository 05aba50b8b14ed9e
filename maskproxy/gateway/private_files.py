"""Read a file that must be its owner's alone: a key, a credential.

Promises: only a regular file, opened once and judged by what was opened; rights of group or others are a refusal, but
in systemd's credentials directory, which systemd itself guards (there an access list shows as rights of the group);
never more than the limit is read. Symbolic links are followed: orchestrators place secrets by them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path


class NotPrivate(Exception):
    """The file must not be used. The message is a constant sentence."""


def read_private(path: Path, *, limit_bytes: int, environ: Mapping[str, str] | None = None) -> bytes:
    """The file's whole content. Raises `NotPrivate` or `OSError`."""
    # Non-blocking, so that a pipe in the file's place does not hang us.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise NotPrivate("This is not a regular file.")
        if mode & 0o077 and not _is_guarded(path, os.environ if environ is None else environ):
            raise NotPrivate("Others than the owner have rights to this key file; chmod it to 600.")
        data = b""
        while len(data) <= limit_bytes and (piece := os.read(descriptor, limit_bytes + 1 - len(data))):
            data += piece
    finally:
        os.close(descriptor)
    if len(data) > limit_bytes:
        raise NotPrivate("The file is too large for what it should hold.")
    return data


def _is_guarded(path: Path, environ: Mapping[str, str]) -> bool:
    directory = environ.get("CREDENTIALS_DIRECTORY")
    return bool(directory) and path.resolve().is_relative_to(Path(str(directory)).resolve())
