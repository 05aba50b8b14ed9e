"""Where a secret comes from: a file, an environment variable, systemd's credentials directory, or a command.

Promises: a secret is one line of visible ASCII, so that it can stand in a header field and can add nothing to it; key
files are their owner's alone; a command runs without a shell, is bounded in time and output, and is gone, with what it
started, when `read` returns. Every failure is `SourceFailed` with a sentence without the secret.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from maskproxy.gateway.private_files import NotPrivate, read_private

LONGEST_SECRET_BYTES = 16 * 1024
REREAD_S = 300.0

# Spaces inside are for values with a scheme, such as `Basic abc`.
_SECRET = re.compile(r"[!-~]+(?: [!-~]+)*")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class SourceFailed(Exception):
    """The secret cannot be had. The message is for operators."""


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
        async with _pipe() as (output, writing_end):
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._argv,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=writing_end,
                    stderr=asyncio.subprocess.DEVNULL,
                    start_new_session=True,
                )
            except (OSError, ValueError) as fault:
                raise SourceFailed(f"the command cannot be started ({type(fault).__name__})") from None
            finally:
                os.close(writing_end)
            try:
                async with asyncio.timeout(self._deadline_s):
                    printed = await _bounded(output)
                    status = await process.wait()
            except TimeoutError:
                raise SourceFailed(f"the command did not end within {self._deadline_s:g} s") from None
            finally:
                await _end(process)
        if status != 0:
            raise SourceFailed(f"the command ended with status {status}")
        return Reading(one_line(printed))

    def known_secrets(self) -> tuple[bytes, ...]:
        return ()


def _content(path: Path, environ: Mapping[str, str] | None) -> bytes:
    try:
        return read_private(path, limit_bytes=LONGEST_SECRET_BYTES, environ=environ)
    except NotPrivate as fault:
        raise SourceFailed(f"{path}: {fault}") from None
    except OSError as fault:
        raise SourceFailed(f"{path}: {os.strerror(fault.errno or 0)}") from None


@asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    """A pipe of our own; the caller closes the writing end.

    With asyncio's, waiting for a killed process also waits for every pipe's end, and that never comes while unread
    output is paused, or while a child that got away holds the pipe open.
    """
    reading_end, writing_end = os.pipe()
    output = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(output), os.fdopen(reading_end, "rb", buffering=0)
    )
    try:
        yield output, writing_end
    finally:
        transport.close()


async def _bounded(output: asyncio.StreamReader) -> bytes:
    printed = bytearray()
    while piece := await output.read(4096):
        printed += piece
        if len(printed) > LONGEST_SECRET_BYTES:
            raise SourceFailed("the command prints too much for a secret")
    return bytes(printed)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of the command's process group, and reap the command."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
