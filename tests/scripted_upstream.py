"""A peer for tests that speaks raw bytes over real sockets and real TLS: it says exactly what its script says.

    async with ScriptedUpstream(replies(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")) as upstream:
        answer = await pool.send(upstream.origin, "GET", "/", [], None)

A script is called once for each connection. `replies` and `says` make the common ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Self

import trustme

from maskproxy.gateway.upstream.origin import Origin

Script = Callable[["Peer"], Awaitable[None]]


@functools.cache
def authority() -> trustme.CA:
    return trustme.CA()


@functools.cache
def server_context(*names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(*(names or ("127.0.0.1", "localhost"))).configure_cert(context)
    return context


@functools.cache
def trusting_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


class Received(NamedTuple):
    """A request as it came over the wire, its body unframed."""

    head: bytes
    body: bytes

    @property
    def line(self) -> bytes:
        return self.head.split(b"\r\n", 1)[0]

    def field(self, name: bytes) -> list[bytes]:
        lines = [line.partition(b":") for line in self.head.split(b"\r\n")[1:]]
        return [value.strip() for key, _, value in lines if key.lower() == name.lower()]


class Peer:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader = reader
        self.writer = writer
        self.number = number
        """0 for the first connection of the upstream."""

    async def head(self) -> bytes:
        """Read a request's head. Raises EOFError when the client has closed instead."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def body(self, head: bytes) -> bytes:
        if b"transfer-encoding: chunked" in head.lower():
            parts = []
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                parts.append(await self.reader.readexactly(size))
                assert await self.reader.readexactly(2) == b"\r\n"
            assert await self.reader.readexactly(2) == b"\r\n"
            return b"".join(parts)
        lengths = Received(head, b"").field(b"content-length")
        return await self.reader.readexactly(int(lengths[0])) if lengths else b""

    async def request(self) -> Received:
        head = await self.head()
        return Received(head, await self.body(head))

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def ended(self) -> bytes:
        """Read until the client closes. Gives what came before."""
        return await self.reader.read(-1)

    def reset(self) -> None:
        """Tear the connection with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def tear(self) -> None:
        """End the TCP connection, without TLS's goodbye."""
        self.writer.transport.abort()


class ScriptedUpstream:
    """Listens on a free loopback port. `failures` are what scripts raised, other than for a client that went away."""

    def __init__(self, script: Script, *, tls: bool = True, context: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._context = context or (server_context() if tls else None)
        self._peers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.open = 0
        self.requests: list[Received] = []
        self.failures: list[Exception] = []
        self._changed = asyncio.Event()

    @property
    def origin(self) -> Origin:
        if self._context is None:
            return Origin("http", "127.0.0.1", self.port)
        return Origin("https", "127.0.0.1", self.port, trusting_context())

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context, limit=1 << 20)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._peers):
            writer.transport.abort()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.failures:
            raise self.failures[0]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on `requests`, `connections` or `open` holds."""
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        peer = Peer(reader, writer, self.connections)
        self.connections += 1
        self.open += 1
        self._changed.set()
        original = peer.request

        async def request() -> Received:
            received = await original()
            self.requests.append(received)
            self._changed.set()
            return received

        peer.request = request  # type: ignore[method-assign]
        try:
            await self._script(peer)
            writer.close()
        except (EOFError, OSError):
            writer.transport.abort()
        except Exception as failure:  # noqa: BLE001  # handed to the test that owns the script
            self.failures.append(failure)
            writer.transport.abort()
        finally:
            self.open -= 1
            self._changed.set()
            with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(writer.wait_closed(), 1)
            self._peers.discard(writer)


def replies(*answers: bytes) -> Script:
    """Answer each request with the next of `answers`, the last one for ever; keep the connection."""

    async def script(peer: Peer) -> None:
        number = 0
        while True:
            await peer.request()
            await peer.say(answers[min(number, len(answers) - 1)])
            number += 1

    return script


def says(*parts: bytes, then: str = "close", every_s: float = 0.0) -> Script:
    """Answer the first request with `parts`, then close, reset, tear, or hold until the client goes."""

    async def script(peer: Peer) -> None:
        await peer.request()
        for number, part in enumerate(parts):
            if number:
                await asyncio.sleep(every_s)
            await peer.say(part)
        if then == "hold":
            await peer.ended()
        elif then == "reset":
            await asyncio.sleep(0.02)
            peer.reset()
        elif then == "tear":
            peer.tear()

    return script


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
"""A small answer that keeps the connection."""
