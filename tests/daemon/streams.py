"""Server-sent events as Claude sends them, from an origin that a test holds by a string, and read as they come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

from tests.daemon.place import Streams
from tests.daemon.program import WAIT_S
from tests.gateway.house import Received, Reply


def event(data: Mapping[str, object]) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


def begin() -> bytes:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": {}}
    return event({"type": "message_start", "message": message})


def block(index: int, deltas: Sequence[str]) -> bytes:
    """One text block, whole."""
    start = {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
    stop = {"type": "content_block_stop", "index": index}
    return b"".join([event(start), *(delta(text, index) for text in deltas), event(stop)])


def delta(text: str, index: int = 0) -> bytes:
    data = {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}
    return event(data)


def end() -> bytes:
    return event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}) + event({"type": "message_stop"})


def texts(body: bytes) -> dict[int, str]:
    """What the text blocks of an answer say, by index."""
    said: dict[int, str] = {}
    for line in body.splitlines():
        if line.startswith(b"data: "):
            data = json.loads(line.removeprefix(b"data: "))
            if data["type"] == "content_block_delta":
                said[data["index"]] = said.get(data["index"], "") + data["delta"]["text"]
    return said


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def held(gate: asyncio.Event, *, say: str = "hello ") -> Reply:
    """A message that begins at once and ends when `gate` is set. A request that says `forever` never gets its end."""

    async def reply(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        writer.write(chunk(begin() + event(start) + delta(say)))
        await writer.drain()
        await gate.wait()
        while b"forever" in received.body and not writer.is_closing():
            await asyncio.sleep(0.05)
        writer.write(
            chunk(delta("and good-bye") + event({"type": "content_block_stop", "index": 0}) + end()) + chunk(b"")
        )

    return reply


class Listening:
    """A client amid an answer: the head and the first events have come."""

    def __init__(self, streams: Streams) -> None:
        self._reader, self.writer = streams
        self.head = b""
        self.body = b""

    async def begin(self, until: bytes = b"hello") -> None:
        async with asyncio.timeout(WAIT_S):
            self.head = await self._reader.readuntil(b"\r\n\r\n")
            while until not in self.body:
                assert await self._next(), self.head + self.body

    @property
    def said(self) -> str:
        """The first block's text so far."""
        return texts(self.body)[0]

    @property
    def session(self) -> str:
        fields = dict(line.split(": ", 1) for line in self.head.decode().splitlines()[1:] if line)
        return fields["x-maskproxy-session"]

    async def rest(self) -> bool:
        """Read on to the end; True if the answer says that it is whole."""
        try:
            async with asyncio.timeout(WAIT_S):
                while await self._next():
                    pass
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            return False
        return True

    async def _next(self) -> bool:
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        self.body += await self._reader.readexactly(size)
        assert await self._reader.readexactly(2) == b"\r\n"
        return size > 0
