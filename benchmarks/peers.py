"""The other side of the whole-path benchmark: an origin that answers like Claude's API, and the clients that load it.

Both are raw asyncio protocols, so that what is measured is the gateway between them and not they.

    python -m benchmarks.peers TRUST      writes the CA to trust to that file, prints its port, serves until killed
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import cast

from maskproxy.dev.throwaway import server_identity

BODY = json.dumps(
    {"model": "claude", "max_tokens": 64, "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
)
SMALL = json.dumps({"type": "message", "content": [{"type": "text", "text": "Because of Rayleigh scattering. " * 8}]})


def event(kind: str, **more: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()


def delta(text: str) -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


class Origin(asyncio.Protocol):
    """POST /small, /bulk?MB, /stream?events,per_second; each event carries the time when it was sent."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.buffer = b""
        self.room = asyncio.Event()
        self.room.set()
        self.tasks: set[asyncio.Task[None]] = set()

    def pause_writing(self) -> None:
        self.room.clear()

    def resume_writing(self) -> None:
        self.room.set()

    def connection_lost(self, _: BaseException | None) -> None:
        self.room.set()
        for task in self.tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self.buffer) < end + 4 + length:
                return
            target = self.buffer.split(b" ", 2)[1].decode()
            self.buffer = self.buffer[end + 4 + length :]
            self.answer(target)

    def answer(self, target: str) -> None:
        path, _, query = target.partition("?")
        if path.endswith("/bulk"):
            self.spawn(self.bulk(int(query)))
        elif path.endswith("/stream"):
            count, rate = query.split(",")
            self.spawn(self.stream(int(count), float(rate)))
        else:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(SMALL)}\r\n\r\n"
            self.transport.write((head + SMALL).encode())

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def bulk(self, megabytes: int) -> None:
        line = b"def scatter(wavelength: float) -> float:  # blue light is scattered more than red light\n"
        piece = (line * (65536 // len(line) + 1))[:65536]
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {megabytes << 20}\r\n\r\n"
        self.transport.write(head.encode())
        for _ in range(megabytes * 16):
            await self.room.wait()
            self.transport.write(piece)

    async def stream(self, count: int, per_second: float) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        begun = time.monotonic()
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / per_second - time.monotonic()))
            data = delta(f" sky {time.monotonic():.6f} ")
            self.transport.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.transport.write(b"0\r\n\r\n")


async def serve_origin(trust: Path) -> None:
    identity = server_identity()
    trust.write_bytes(identity.ca_pem)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Origin, "127.0.0.1", 0, ssl=identity.context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Client:
    """One keep-alive connection to the origin, direct or through the gateway's tunnel."""

    def __init__(self, port: int, proxy: int | None, token: str, context: ssl.SSLContext, host: str) -> None:
        self.port, self.proxy, self.token, self.context, self.host = port, proxy, token, context, host

    async def open(self) -> None:
        if self.proxy is None:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.port, ssl=self.context, server_hostname=self.host
            )
            return
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.proxy)
        line = f"CONNECT {self.host}:443 HTTP/1.1\r\nProxy-Authorization: Bearer {self.token}\r\n\r\n"
        self.writer.write(line.encode())
        await self.reader.readuntil(b"\r\n\r\n")
        await self.writer.start_tls(self.context, server_hostname=self.host)

    async def ask(self, target: str) -> tuple[bytes, bool]:
        head = f"POST {target} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
        self.writer.write(f"{head}Content-Length: {len(BODY)}\r\n\r\n{BODY}".encode())
        answer = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        assert answer.startswith(b"http/1.1 200"), answer
        return answer, b"chunked" in answer

    async def small(self) -> None:
        answer, _ = await self.ask("/v1/messages")
        await self.reader.readexactly(int(answer.partition(b"content-length:")[2].partition(b"\r\n")[0]))

    async def bulk(self, megabytes: int) -> int:
        _, chunked = await self.ask(f"/v1/bulk?{megabytes}")
        if not chunked:
            await self.reader.readexactly(megabytes << 20)
            return megabytes << 20
        got = 0
        while size := int(await self.reader.readline(), 16):
            got += len(await self.reader.readexactly(size + 2)) - 2
        await self.reader.readline()
        return got

    async def stream(self, count: int, per_second: float) -> list[float]:
        """Seconds from an event's sending to its arrival, for each event."""
        await self.ask(f"/v1/stream?{count},{per_second}")
        delays = []
        while size := int(await self.reader.readline(), 16):
            data = await self.reader.readexactly(size + 2)
            now = time.monotonic()
            delays += [now - float(part.partition(b" ")[0]) for part in data.split(b" sky ")[1:]]
        await self.reader.readline()
        return delays

    def close(self) -> None:
        self.writer.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve_origin(Path(sys.argv[1])))
