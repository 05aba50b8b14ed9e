"""Sockets, and who owns what stands on them: connections, tunnel tasks, and their end.

`drain` stops accepting, lets running exchanges finish up to a limit, then cuts visibly.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from maskproxy.gateway.front import FrontProtocol, HttpProtocol
from maskproxy.gateway.server import make_server
from maskproxy.gateway.state import Gateway

_LINGER_S = 5.0


class Owner(Protocol):
    """What a connection's protocols ask of whoever owns them."""

    def admit(self, front: FrontProtocol) -> bool: ...
    def replaced(self, old: FrontProtocol, new: HttpProtocol) -> None: ...
    def ended(self, protocol: FrontProtocol | HttpProtocol) -> None: ...
    def spawn(self, work: Coroutine[object, object, None]) -> None: ...
    def linger(self, transport: asyncio.Transport) -> None: ...


@dataclass(frozen=True, slots=True)
class Binding:
    host: str
    port: int
    tls: ssl.SSLContext | None


class Listeners:
    """The `Owner` of every client connection."""

    def __init__(self, gateway: Gateway, exchange: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        self.gateway = gateway
        self._server = make_server(exchange)
        self._servers: list[asyncio.Server] = []
        self._open: set[FrontProtocol | HttpProtocol] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Transport] = set()
        self._changed = asyncio.Event()

    async def start(self, bindings: list[Binding]) -> list[tuple[str, int]]:
        """Listen on all of them or on none. Gives the addresses as bound, so that port 0 can be asked for."""
        loop = asyncio.get_running_loop()
        addresses: list[tuple[str, int]] = []
        try:
            for binding in bindings:
                server = await loop.create_server(
                    lambda: FrontProtocol(self.gateway, self._server, self),
                    binding.host,
                    binding.port,
                    ssl=binding.tls,
                    ssl_handshake_timeout=self.gateway.limits.handshake_s if binding.tls else None,
                    backlog=1024,
                )
                self._servers.append(server)
                name = server.sockets[0].getsockname()
                addresses.append((name[0], name[1]))
        except BaseException:
            await self.close()
            raise
        return addresses

    async def drain(self, timeout_s: float) -> None:
        """Stop accepting; wait for running exchanges, at most `timeout_s`; then cut what is left."""
        self.gateway.draining = True
        for server in self._servers:
            server.close()
        for protocol in list(self._open):
            protocol.close_when_idle()
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while self._open and (left_s := end - loop.time()) > 0:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left_s)
            except TimeoutError:
                break
        await self.close()

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for protocol in list(self._open):
            protocol.abort()
        for transport in list(self._closing):
            transport.abort()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LINGER_S)
        await self._server.shutdown(1.0)
        self._servers.clear()

    def admit(self, front: FrontProtocol) -> bool:
        self._open.add(front)
        self._count()
        return len(self._open) <= self.gateway.limits.connections

    def replaced(self, old: FrontProtocol, new: HttpProtocol) -> None:
        self._open.discard(old)
        self._open.add(new)

    def ended(self, protocol: FrontProtocol | HttpProtocol) -> None:
        self._open.discard(protocol)
        self._changed.set()
        self._count()

    def _count(self) -> None:
        self.gateway.meters.connections(len(self._open) - self.gateway.open_connections)
        self.gateway.open_connections = len(self._open)

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.gateway.log("tunnel failed", error=type(error).__name__)

    def linger(self, transport: asyncio.Transport) -> None:
        """A transport that was closed with bytes still to send: cut it if its peer does not take them in time."""
        self._closing.add(transport)

        def cut() -> None:
            self._closing.discard(transport)
            transport.abort()

        asyncio.get_running_loop().call_later(_LINGER_S, cut)
