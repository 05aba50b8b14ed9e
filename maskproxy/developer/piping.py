"""Bytes passed between two connections, both ways, until both have ended or nothing came for too long."""

from __future__ import annotations

import asyncio

from maskproxy.developer.links import PIECE_BYTES, Link
from maskproxy.errors import BadRequest

IDLE_S = 3600.0
"""Long, since a download may wait in a pipe, and a server may think for a while."""
_HALF_CLOSED_S = 60.0
_LONGEST_CHUNK_LINE = 8


class Idle:
    """The deadline that both directions share: what moves in one keeps the other waiting too."""

    def __init__(self, limit_s: float = IDLE_S) -> None:
        self._limit_s = limit_s
        self._moved_s = asyncio.get_running_loop().time()

    async def read(self, reader: asyncio.StreamReader, most_bytes: int = PIECE_BYTES) -> bytes:
        """Raises TimeoutError."""
        while True:
            try:
                async with asyncio.timeout_at(self._ends_s):
                    data = await reader.read(most_bytes)
            except TimeoutError:
                if asyncio.get_running_loop().time() >= self._ends_s:
                    raise
                continue
            self._moved()
            return data

    async def write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Raises TimeoutError."""
        writer.write(data)
        async with asyncio.timeout(self._limit_s):
            await writer.drain()
        self._moved()

    def half_closed(self) -> None:
        self._limit_s = min(self._limit_s, _HALF_CLOSED_S)
        self._moved()

    def _moved(self) -> None:
        self._moved_s = asyncio.get_running_loop().time()

    @property
    def _ends_s(self) -> float:
        return self._moved_s + self._limit_s


async def both_ways(one: Link, other: Link, idle: Idle) -> None:
    """Raises an ExceptionGroup of OSError and TimeoutError."""
    async with asyncio.TaskGroup() as group:
        group.create_task(one_way(one.reader, other.writer, idle))
        group.create_task(one_way(other.reader, one.writer, idle))


async def one_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, idle: Idle) -> None:
    while data := await idle.read(reader):
        await idle.write(writer, data)
    idle.half_closed()
    if writer.can_write_eof():
        writer.write_eof()
    else:
        # TLS has no half-closed state here: the other direction ends with it.
        writer.close()


async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int, idle: Idle) -> None:
    """Pass exactly so many bytes. Raises EOFError where fewer come."""
    while count:
        data = await idle.read(reader, min(count, PIECE_BYTES))
        if not data:
            raise EOFError
        await idle.write(writer, data)
        count -= len(data)


async def chunked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, idle: Idle) -> None:
    """Pass a chunked body, without its trailers (RFC 9112, 7.1). Raises BadRequest and EOFError."""
    while True:
        size = await _chunk_size(reader)
        if size == 0:
            break
        await idle.write(writer, f"{size:x}\r\n".encode())
        await counted(reader, writer, size, idle)
        async with asyncio.timeout(IDLE_S):
            if await reader.readexactly(2) != b"\r\n":
                raise BadRequest("A chunk of the request's body cannot be read.")
        await idle.write(writer, b"\r\n")
    await idle.write(writer, b"0\r\n\r\n")


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(IDLE_S):
        try:
            line = await reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError:
            line = b""
    digits = line.partition(b";")[0].strip()
    try:
        if not digits.isalnum() or len(digits) > _LONGEST_CHUNK_LINE:
            raise ValueError
        return int(digits, 16)
    except ValueError:
        raise BadRequest("A chunk of the request's body cannot be read.") from None
