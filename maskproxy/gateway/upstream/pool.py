"""The client side: a pool of connections to each origin, and `send`, which turns a request into an answer.

HTTP/1.1 only; no redirects, cookies, decoding or proxies from the environment. What goes out is `Masked`. Each wait has
a deadline, each origin a bound of connections, and a cancelled or closed exchange gives its slot back at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.answer import UpstreamAnswer
from maskproxy.gateway.upstream.origin import Origin, dial
from maskproxy.gateway.upstream.protocol import Deadlines, UpstreamConnection
from maskproxy.gateway.upstream.request_head import write_request_head
from maskproxy.gateway.upstream.slots import CLOSED, OriginSlots
from maskproxy.masking.masked import Masked

__all__ = ["Origin", "PoolCounts", "UpstreamAnswer", "UpstreamPool"]

_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""RFC 9110, 9.2.2: sent twice, they do what they do once."""
_CLOSE_S: Final = 2.0


class PoolCounts(NamedTuple):
    """For metrics and tests: connections and waiting requests, all origins together."""

    open: int
    """Slots in use: connecting, busy or idle."""
    idle: int
    waiting: int


class UpstreamPool:
    """Connections to all origins. `close` it at the end."""

    def __init__(
        self,
        *,
        limit_per_origin: int = 1024,
        idle_s: float = 30.0,
        connect_timeout_s: float = 10.0,
        head_timeout_s: float = 600.0,
        idle_read_s: float = 300.0,
        write_timeout_s: float = 60.0,
        wait_timeout_s: float = 10.0,
    ) -> None:
        self._limit = limit_per_origin
        self._connect_timeout_s = connect_timeout_s
        self._wait_timeout_s = wait_timeout_s
        self._deadlines = Deadlines(head_timeout_s, idle_read_s, write_timeout_s, idle_s)
        shortest = min(idle_s, head_timeout_s, idle_read_s, write_timeout_s)
        self._sweep_s = min(max(shortest / 8, 0.01), 1.0)
        self._origins: dict[Origin, OriginSlots] = {}
        self._transports: set[UpstreamConnection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Event = asyncio.Event()
        self._closed = False

    async def send(
        self,
        origin: Origin,
        method: str,
        target: str,
        fields: Sequence[tuple[str, str]],
        body: Masked | AsyncIterator[Masked] | None,
    ) -> UpstreamAnswer:
        """Send a request and return the answer once its head is here.

        `fields` are end-to-end ones; Host, framing and connection fields are ours. Raises UpstreamFailed, with `retry`
        where nothing was sent or nothing came back; BadRequest for a head that cannot be sent; whatever `body` raises.
        """
        slots = self._slots(origin)
        streamed = body is not None and not isinstance(body, bytes)
        length = len(body) if isinstance(body, bytes) else None
        head = write_request_head(method, target, slots.authority, fields, length=length, chunked=streamed)
        connection = slots.take() or await slots.acquire()
        try:
            return await connection.exchange(method, head, body)
        except UpstreamFailed as failure:
            if not failure.retry or not connection.reused or streamed or method not in _REPEATABLE:
                raise
        # The peer closed its end while the request was on its way. What else is idle is as old, or older.
        slots.drop_idle()
        connection = await slots.acquire()
        return await connection.exchange(method, head, body)

    async def warm(self, origin: Origin, n: int) -> int:
        """Open connections until `n` are idle, as far as the limit allows. Returns how many are."""
        slots = self._slots(origin)
        return await slots.warm(n)

    async def close(self) -> None:
        """Abort what is in flight, close what is idle, and wait, briefly, until every transport is closed."""
        self._closed = True
        for slots in self._origins.values():
            slots.refuse_waiters()
        for connection in list(self._transports):
            connection.shut()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        await self._wait_until_empty()
        for connection in list(self._transports):
            connection.cut()
        await self._wait_until_empty()

    def counts(self) -> PoolCounts:
        """Count what is open now."""
        origins = self._origins.values()
        return PoolCounts(
            open=sum(slots.open for slots in origins),
            idle=sum(len(slots.idle) for slots in origins),
            waiting=sum(slots.waiting for slots in origins),
        )

    def _check_open(self) -> None:
        if self._closed:
            raise UpstreamFailed(CLOSED, retry=True)

    def _slots(self, origin: Origin) -> OriginSlots:
        self._check_open()
        slots = self._origins.get(origin)
        if slots is None:
            slots = OriginSlots(origin, self._limit, self._wait_timeout_s, self._open, self._gone)
            self._origins[origin] = slots
        return slots

    async def _wait_until_empty(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                while self._transports:
                    self._emptied.clear()
                    await self._emptied.wait()

    def _sweep(self) -> None:
        """Expire what is over its deadline. Runs only while there are connections."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [c for c in self._transports if c.deadline <= now]:
            connection.expire()
        self._sweeper = loop.call_later(self._sweep_s, self._sweep) if self._transports else None

    async def _open(self, slots: OriginSlots, context: ssl.SSLContext | None) -> UpstreamConnection:
        """Dial for `slots`, which holds a slot for it."""
        self._check_open()
        factory = functools.partial(UpstreamConnection, self._deadlines)
        _, connection = await dial(slots.origin, context, factory, timeout_s=self._connect_timeout_s)
        try:
            self._check_open()
        except UpstreamFailed:
            connection.cut()
            raise
        connection.adopt(slots)
        self._transports.add(connection)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(self._sweep_s, self._sweep)
        return connection

    def _gone(self, connection: UpstreamConnection) -> None:
        self._transports.discard(connection)
        if not self._transports:
            self._emptied.set()
