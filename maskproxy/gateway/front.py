"""A connection's first protocol: tells CONNECT from everything else, and keeps the deadline of every head.

    FrontProtocol --CONNECT--> tunnel.py --inner TLS--> HttpProtocol --> Handler (aiohttp)
                  --anything else---------------------> HttpProtocol --> Handler (aiohttp)

aiohttp's server has no deadline for a head, so `HttpProtocol` stands in front of it: from the first byte of a head to
the start of its exchange `head_s` may pass in all, however the bytes drip.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from aiohttp import web

from maskproxy.access.tokens import Person
from maskproxy.errors import BadRequest, MaskproxyError, TimedOut, Unavailable
from maskproxy.gateway.connection import Connection, new_id, peer_of
from maskproxy.gateway.heads import parse_connect
from maskproxy.gateway.refusals import raw_refusal
from maskproxy.gateway.refused_events import refusal_event
from maskproxy.gateway.server import Handler, make_handler
from maskproxy.gateway.state import Gateway
from maskproxy.gateway.tunnel import open_tunnel

if TYPE_CHECKING:
    from maskproxy.gateway.listener import Owner

_CONNECT = b"CONNECT "
_AT_ONCE = struct.pack("ii", 1, 0)
_MAX_CONNECT_BYTES = 32 * 1024
_MAX_EARLY_BYTES = 256 * 1024


def _nothing() -> None:
    """Nobody watches."""


class HttpProtocol(asyncio.Protocol):
    """Feeds aiohttp's handler and holds the deadlines that it lacks."""

    def __init__(self, gateway: Gateway, server: web.Server, connection: Connection, owner: Owner) -> None:
        self._gateway = gateway
        self._server = server
        self._owner = owner
        self.connection = connection
        self._handler: Handler | None = None
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._busy = False
        self._early: list[bytes] = []
        self._early_eof = False
        self.unwatch: Callable[[], None] = _nothing
        """Called at the connection's end: whoever watched its person need not any more."""

    def start(self, transport: asyncio.Transport) -> None:
        """Begin to serve. Inside a tunnel this comes after the handshake, and bytes may have come before it."""
        self._transport = transport
        self._handler = make_handler(self._server, self.connection, idle_s=self._gateway.limits.idle_s)
        self._handler.shim = self
        self._handler.connection_made(transport)
        self._arm()
        early, self._early = self._early, []
        for data in early:
            self.data_received(data)
        if self._early_eof:
            self.eof_received()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Not called by `start_tls`; `start` takes its place on both ways."""

    def data_received(self, data: bytes) -> None:
        if self._handler is None:
            self._early.append(data)
            if sum(map(len, self._early)) > _MAX_EARLY_BYTES:
                self._early.clear()
            return
        if not self._busy and self._deadline is None:
            self._arm()
        self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        if self._handler is None:
            self._early_eof = True
        else:
            self._handler.eof_received()
        return None

    def connection_lost(self, exc: BaseException | None) -> None:
        self._disarm()
        self._flows()
        self.unwatch()
        if self._handler is not None:
            self._handler.connection_lost(exc)
        self._owner.ended(self)

    def pause_writing(self) -> None:
        """The client does not read. It holds a connection to upstream, so it may not do that for ever."""
        self._flows()
        self._stalled = asyncio.get_running_loop().call_later(self._gateway.limits.write_s, self.abort)
        if self._handler is not None:
            self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._flows()
        if self._handler is not None:
            self._handler.resume_writing()

    def exchange_begins(self) -> None:
        """The head is complete; from here the exchange has its own deadlines."""
        self._busy = True
        self._disarm()

    def exchange_ends(self) -> None:
        self._busy = False

    def abort(self) -> None:
        """Cut the connection with a reset: HTTP/1.0 would take a plain close for the answer's end."""
        if self._transport is not None:
            connection = self._transport.get_extra_info("socket")
            if connection is not None and not self._transport.is_closing():
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self._transport.abort()

    def refuse(self, error: MaskproxyError, exchange_id: str) -> None:
        """Answer past aiohttp, and end the connection: for requests whose HTTP version it would repeat."""
        assert self._transport is not None
        self._transport.write(raw_refusal(error, exchange_id))
        self._transport.close()
        self._owner.linger(self._transport)

    def close_when_idle(self) -> None:
        """Take no more requests; end now, or after the running exchange."""
        if self._handler is not None:
            self._handler.close()
        if not self._busy and self._transport is not None:
            self._transport.close()

    def _flows(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._gateway.limits.head_s, self._head_is_late)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_is_late(self) -> None:
        self._deadline = None
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self.refuse(TimedOut("The request's head took too long to arrive. Send it at once."), new_id("req_"))


class FrontProtocol(asyncio.Protocol):
    """The first bytes of a connection, until it is known what they are."""

    def __init__(self, gateway: Gateway, server: web.Server, owner: Owner) -> None:
        self._gateway = gateway
        self._server = server
        self._owner = owner
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._busy = False
        self._refused = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass of asyncio's
        if not self._owner.admit(self):
            self._refuse(Unavailable("Too many connections are open. Try again shortly.", retry=True))
            return
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._gateway.limits.head_s, self._head_is_late)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._busy:
            return
        head = self._buffer[: len(_CONNECT)]
        if head != _CONNECT[: len(head)]:
            self._serve_http()
        elif len(head) == len(_CONNECT):
            self._look_for_connect()

    def _serve_http(self) -> None:
        transport = self._take_transport()
        http = HttpProtocol(self._gateway, self._server, Connection("base_url", peer_of(transport)), self._owner)
        transport.set_protocol(http)
        self._owner.replaced(self, http)
        http.start(transport)
        http.data_received(bytes(self._buffer))

    def _look_for_connect(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_CONNECT_BYTES:
                self._refuse(BadRequest("The CONNECT head is too long."))
            return
        transport = self._take_transport()
        head, rest = bytes(self._buffer[: end + 4]), bytes(self._buffer[end + 4 :])
        transport.pause_reading()
        self._owner.spawn(self._tunnel(transport, head, rest))

    async def _tunnel(self, transport: asyncio.Transport, head: bytes, rest: bytes) -> None:
        known = list[Person]()
        try:
            http_for, is_lost = self._http_for, lambda: self.lost
            await open_tunnel(self._gateway, transport, parse_connect(head), rest, http_for, is_lost, known.append)
        except MaskproxyError as error:
            self._gateway.meters.refused(type(error).__name__)
            self._gateway.log("tunnel refused", peer=peer_of(transport), reason=str(error), detail=error.detail)
            exchange = new_id("req_")
            event = refusal_event(error, known[0] if known else None, exchange, at="tunnel", peer=peer_of(transport))
            await self._gateway.audit.tell(event)
            self._refuse(error, exchange)
        except (OSError, asyncio.CancelledError):
            transport.abort()
            raise
        finally:
            if not self._refused:
                self._owner.ended(self)

    def _http_for(self, connection: Connection) -> HttpProtocol:
        http = HttpProtocol(self._gateway, self._server, connection, self._owner)
        self._owner.replaced(self, http)
        return http

    def _take_transport(self) -> asyncio.Transport:
        """The connection has found its kind: the deadline of its first head ends."""
        assert self._transport is not None
        self._busy = True
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        return self._transport

    def _head_is_late(self) -> None:
        self._deadline = None
        self._refuse(TimedOut("The request's head took too long to arrive. Send it at once."))

    def _refuse(self, error: MaskproxyError, exchange: str = "") -> None:
        transport = self._take_transport()
        self._refused = True
        if not transport.is_closing():
            transport.write(raw_refusal(error, exchange or new_id("req_"), proxy=True))
            transport.close()
            self._owner.linger(transport)

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002 - how it ended changes nothing
        self.lost = True
        if self._deadline is not None:
            self._deadline.cancel()
        self._owner.ended(self)

    def close_when_idle(self) -> None:
        if self._transport is not None and not self._busy:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
