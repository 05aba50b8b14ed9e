"""The connections of one origin: how many there may be, which of them wait for work, and who waits for one.

A slot is taken before a connection is dialled and given back once, when the connection is of no more use. A slot or a
connection that comes free goes straight to whoever has waited longest.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.origin import Origin, client_context
from maskproxy.gateway.upstream.protocol import UpstreamConnection

CLOSED: Final = "Connections to upstream are being closed."


class OriginSlots:
    """Slots for connections to one origin. `dialler` opens a connection that is adopted by these slots."""

    def __init__(
        self,
        origin: Origin,
        limit: int,
        wait_s: float,
        dialler: Callable[[OriginSlots, ssl.SSLContext | None], Awaitable[UpstreamConnection]],
        on_gone: Callable[[UpstreamConnection], None],
    ) -> None:
        self.origin = origin
        self.authority = origin.authority
        self.open = 0
        self.idle: list[UpstreamConnection] = []
        """Parked connections, the one used last at the end: it is the least likely to have been closed."""
        self._limit = limit
        self._wait_s = wait_s
        self._context = client_context(origin)
        self._dialler = dialler
        self._on_gone = on_gone
        self._waiters: deque[asyncio.Future[UpstreamConnection | None]] = deque()

    @property
    def waiting(self) -> int:
        """Requests that wait for a connection."""
        return sum(not waiter.done() for waiter in self._waiters)

    def take(self) -> UpstreamConnection | None:
        """Take a parked connection that is still good, if there is one."""
        while self.idle:
            connection = self.idle.pop()
            if connection.usable():
                return connection
            connection.abort()
        return None

    async def acquire(self) -> UpstreamConnection:
        """Take a parked connection, open one, or wait for one. Raises UpstreamFailed, nothing was sent."""
        while True:
            connection = self.take()
            if connection is not None:
                return connection
            if self.open < self._limit:
                self.open += 1
                return await self._open_in_slot()
            connection = await self._wait()
            if connection is None:
                return await self._open_in_slot()
            if connection.usable():
                return connection
            connection.abort()

    async def warm(self, n: int) -> int:
        """Dial, all at once, until `n` are parked or the limit is reached. One that fails is simply not there."""
        missing = min(n - len(self.idle), self._limit - self.open)
        if missing > 0:
            self.open += missing
            outcomes = await asyncio.gather(*(self._open_parked() for _ in range(missing)), return_exceptions=True)
            for outcome in outcomes:
                if outcome is not None and not isinstance(outcome, UpstreamFailed):
                    raise outcome
        return len(self.idle)

    def drop_idle(self) -> None:
        """Close every parked connection."""
        while self.idle:
            self.idle.pop().retire()

    def refuse_waiters(self) -> None:
        """Nothing will come free for them: the pool closes."""
        while waiter := self._next_waiter():
            waiter.set_exception(UpstreamFailed(CLOSED, retry=True))

    async def _open_parked(self) -> None:
        connection = await self._open_in_slot()
        connection.park()
        self.released(connection)

    async def _open_in_slot(self) -> UpstreamConnection:
        """Open a connection in a slot that is ours already."""
        try:
            return await self._dialler(self, self._context)
        except BaseException:
            self._free_slot()
            raise

    async def _wait(self) -> UpstreamConnection | None:
        """Wait for a connection, or for a slot to open one in (None)."""
        waiter: asyncio.Future[UpstreamConnection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(self._wait_s):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give_back(waiter.result())
            with contextlib.suppress(ValueError):
                self._waiters.remove(waiter)
            if isinstance(error, TimeoutError):
                raise UpstreamFailed("Every connection to upstream is busy.", retry=True) from error
            raise

    def _give_back(self, given: UpstreamConnection | None) -> None:
        """What a request was handed and cannot use any more goes to the next one."""
        if given is None:
            self._free_slot()
        elif given.usable():
            self.released(given)
        else:
            given.abort()

    def _next_waiter(self) -> asyncio.Future[UpstreamConnection | None] | None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                return waiter
        return None

    def _free_slot(self) -> None:
        waiter = self._next_waiter()
        if waiter is None:
            self.open -= 1
        else:
            waiter.set_result(None)

    # A connection calls these.

    def released(self, connection: UpstreamConnection) -> None:
        """Hand a connection on, or park it."""
        waiter = self._next_waiter()
        if waiter is not None:
            waiter.set_result(connection)
        else:
            self.idle.append(connection)

    def lost(self, connection: UpstreamConnection) -> None:
        """Give its slot to whoever waits."""
        if connection in self.idle:
            self.idle.remove(connection)
        self._free_slot()

    def gone(self, connection: UpstreamConnection) -> None:
        """Pass on that the transport is closed."""
        self._on_gone(connection)
