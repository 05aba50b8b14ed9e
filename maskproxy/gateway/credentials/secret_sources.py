"""Where a secret comes from: a file, an environment variable, systemd's credentials directory, or a command.

Promises: a secret is one line of visible ASCII, so that it can stand in a header field and can add nothing to it; key
files are their owner's alone; a command runs without a shell, is bounded in time and output, and is gone, with what it
started, when `read` returns. Every failure is `SourceFailed` with a sentence without the secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from maskproxy.gateway.credentials.command import SourceFailed, printed_by
from maskproxy.gateway.private_files import NotPrivate, read_private

LONGEST_SECRET_BYTES = 16 * 1024
REREAD_S = 300.0

# Spaces inside are for values with a scheme, such as `Basic abc`.
_SECRET = re.compile(r"[!-~]+(?: [!-~]+)*")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class Reading(NamedTuple):
    """A secret as it was read. Seconds count from the reading."""

    secret: str
    fresh_s: float = REREAD_S
    """When to read again."""
    valid_s: float | None = None
    """When it ends of itself; None: it serves until it is refused."""


class SecretSource(Protocol):
    async def read(self) -> Reading:
        """Read the secret anew. Raises `SourceFailed`."""

    def known_secrets(self) -> tuple[bytes, ...]:
        """What else this source holds that must be masked, such as a client's secret; not what `read` returns."""


def one_line(data: bytes) -> str:
    """The secret in `data`, without white space around it. Raises `SourceFailed` for anything but one visible line."""
    try:
        text = data.strip(b" \t\r\n").decode("ascii")
    except UnicodeDecodeError:
        raise SourceFailed("the secret holds characters other than ASCII") from None
    if not text:
        raise SourceFailed("the secret is empty")
    if len(data) > LONGEST_SECRET_BYTES:
        raise SourceFailed("the secret is too long")
    if not _SECRET.fullmatch(text):
        raise SourceFailed("the secret is not one line of visible characters")
    return text


class FileSource:
    def __init__(self, path: Path, environ: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._environ = environ

    async def read(self) -> Reading:
        return Reading(one_line(_content(self._path, self._environ)))

    def known_secrets(self) -> tuple[bytes, ...]:
        return ()


class EnvironmentSource:
    def __init__(self, name: str, environ: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._environ = os.environ if environ is None else environ

    async def read(self) -> Reading:
        value = self._environ.get(self._name)
        if value is None:
            raise SourceFailed(f"the environment variable {self._name} is not set")
        return Reading(one_line(value.encode("utf-8", "surrogateescape")))

    def known_secrets(self) -> tuple[bytes, ...]:
        return ()


class SystemdSource:
    """A credential that systemd passed (LoadCredential, SetCredentialEncrypted), by its name."""

    def __init__(self, name: str, environ: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._environ = os.environ if environ is None else environ

    async def read(self) -> Reading:
        directory = self._environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            raise SourceFailed("there is no credentials directory; systemd sets one for a unit with LoadCredential")
        if not _NAME.fullmatch(self._name):
            raise SourceFailed("the credential's name is not a plain name")
        return Reading(one_line(_content(Path(directory) / self._name, self._environ)))

    def known_secrets(self) -> tuple[bytes, ...]:
        return ()


class CommandSource:
    """A program whose output is the secret. It gets no input, and our own environment."""

    def __init__(self, argv: Sequence[str], *, deadline_s: float = 10) -> None:
        self._argv = tuple(argv)
        self._deadline_s = deadline_s

    async def read(self) -> Reading:
        return Reading(one_line(await printed_by(self._argv, self._deadline_s, LONGEST_SECRET_BYTES)))

    def known_secrets(self) -> tuple[bytes, ...]:
        return ()


def _content(path: Path, environ: Mapping[str, str] | None) -> bytes:
    try:
        return read_private(path, limit_bytes=LONGEST_SECRET_BYTES, environ=environ)
    except NotPrivate as fault:
        raise SourceFailed(f"{path}: {fault}") from None
    except OSError as fault:
        raise SourceFailed(f"{path}: {os.strerror(fault.errno or 0)}") from None
