"""The trail as lines of a file, or of standard output, which systemd takes into its journal.

A file is appended to, its owner's alone, and opened anew after `reopen`. Each batch is one write and, with `fsync`, on
the disk before it counts as delivered. Everything that may block happens in a thread.
"""

from __future__ import annotations

import asyncio
import os
import select
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from maskproxy.errors import StartFailed
from maskproxy.service.auditing.outbox import Entry, NotDelivered

_MODE = 0o600
_STALLED_S = 1.0
_CLOSE_S = 2.0


class FileSink:
    name = "file"

    def __init__(self, path: Path, *, fsync: bool, create: bool = True) -> None:
        """Raises StartFailed."""
        self._path = path
        self._fsync = fsync
        self._create = create
        self._reopen = False
        self._torn = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit")
        try:
            self._descriptor = self._opened()
        except FileNotFoundError:
            sentence = "The audit file does not exist; the daemon makes it when it starts."
            raise StartFailed(sentence if not create else "The audit file's directory does not exist.") from None
        except OSError as error:
            raise StartFailed("The audit file cannot be written.", detail=os.strerror(error.errno or 0)) from error

    def _opened(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self._path, flags | (os.O_CREAT if self._create else 0), _MODE)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            os.close(descriptor)
            raise StartFailed(
                "The audit file must be a regular file that only its owner has rights to; chmod it to 600."
            )
        return descriptor

    def takes(self, entry: Entry) -> bool:  # noqa: ARG002 - the file has all events
        return True

    def reopen(self) -> None:
        self._reopen = True

    async def deliver(self, batch: Sequence[Entry]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, [entry.line for entry in batch])

    def _write(self, lines: Sequence[bytes]) -> None:
        try:
            self._renew()
            # After a write that stopped inside a line, the next one begins on a line of its own.
            data = (b"\n" if self._torn else b"") + b"".join(line + b"\n" for line in lines)
            written = os.write(self._descriptor, data)
            if written < len(data):
                done = data[:written].count(b"\n") - self._torn
                self._torn = not data[:written].endswith(b"\n")
                raise NotDelivered("The audit file takes no more; look at the space on its disk.", done=max(done, 0))
            self._torn = False
            if self._fsync:
                os.fsync(self._descriptor)
        except (OSError, StartFailed) as error:
            raise NotDelivered("The audit file cannot be written.") from error

    def _renew(self) -> None:
        if self._reopen:
            new = self._opened()
            os.close(self._descriptor)
            self._descriptor, self._reopen, self._torn = new, False, False

    async def close(self) -> None:
        """A disk that hangs is not waited for."""
        closed = asyncio.get_running_loop().run_in_executor(self._thread, os.close, self._descriptor)
        await asyncio.wait({closed}, timeout=_CLOSE_S)
        self._thread.shutdown(wait=False)


class OutputSink:
    """Standard output. It is asked for room first, so that a reader that stopped reading does not hold the thread."""

    name = "stdout"

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit")

    def takes(self, entry: Entry) -> bool:  # noqa: ARG002 - it has all events
        return True

    def reopen(self) -> None:
        """There is nothing to open."""

    async def deliver(self, batch: Sequence[Entry]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, [entry.line for entry in batch])

    def _write(self, lines: Sequence[bytes]) -> None:
        for done, line in enumerate(lines):
            data = self._rest or line + b"\n"
            while data:
                _, writable, _ = select.select([], [self._descriptor], [], _STALLED_S)
                if not writable:
                    self._rest = data if len(data) <= len(line) else b""
                    raise NotDelivered("Nobody reads standard output.", done=done)
                try:
                    # A pipe that has room has it for so much.
                    data = data[os.write(self._descriptor, data[: select.PIPE_BUF]) :]
                except OSError as error:
                    self._rest = b""
                    raise NotDelivered("Standard output cannot be written.", done=done) from error
            self._rest = b""

    async def close(self) -> None:
        self._thread.shutdown(wait=False)
