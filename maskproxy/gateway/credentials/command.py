"""Running a program for what it prints: without a shell, bounded in time and output, and gone afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress


class SourceFailed(Exception):
    """What is to be read cannot be had. The message is for operators, and holds nothing of it."""


async def printed_by(argv: Sequence[str], deadline_s: float, limit_bytes: int) -> bytes:
    """Give what the program prints. It gets no input, and our own environment. Raises `SourceFailed`.

    When this returns, the program and what it started are gone.
    """
    async with _pipe() as (output, writing_end):
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
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
            async with asyncio.timeout(deadline_s):
                printed = await _bounded(output, limit_bytes)
                status = await process.wait()
        except TimeoutError:
            raise SourceFailed(f"the command did not end within {deadline_s:g} s") from None
        finally:
            await _end(process)
    if status != 0:
        raise SourceFailed(f"the command ended with status {status}")
    return printed


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


async def _bounded(output: asyncio.StreamReader, limit_bytes: int) -> bytes:
    printed = bytearray()
    while piece := await output.read(4096):
        printed += piece
        if len(printed) > limit_bytes:
            raise SourceFailed("the command prints too much for a secret")
    return bytes(printed)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of the command's process group, and reap the command."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
