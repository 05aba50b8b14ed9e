"""One connection to upstream: a request out, an answer in, one at a time.

Whatever goes wrong aborts the connection at once and gives its slot back to the owner; only an exchange that ended
exactly where its framing says, both ways, leaves a connection that may carry another. Deadlines are kept as one point
in time (`deadline`), which the owner's sweep compares: a timer per wait would cost more than the wait.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Final, Protocol, cast

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.answer import UpstreamAnswer
from maskproxy.gateway.upstream.answer_reader import AnswerReader
from maskproxy.masking.masked import Masked

SLICE_BYTES: Final = 64 * 1024
_WRITE_HIGH_BYTES: Final = 128 * 1024
_LET_GO: Final = "The connection to upstream was closed before the answer's end."
_TOO_LATE: Final = {
    "head": "Upstream did not answer in time.",
    "write": "Upstream stopped reading the request.",
    "read": "Upstream went silent in the middle of its answer.",
}


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each wait on upstream may take."""

    head_s: float = 600.0
    idle_read_s: float = 300.0
    write_s: float = 60.0
    idle_s: float = 30.0


class ConnectionOwner(Protocol):
    """The pool's side of a connection."""

    def released(self, connection: UpstreamConnection) -> None:
        """An exchange ended cleanly: the connection can carry another."""

    def lost(self, connection: UpstreamConnection) -> None:
        """The connection is of no more use and its slot is free. Called once."""

    def gone(self, connection: UpstreamConnection) -> None:
        """The transport is closed. Called once, after `lost`."""


class _State(Enum):
    IDLE = "idle"
    BUSY = "busy"
    DEAD = "dead"


class UpstreamConnection(asyncio.Protocol):
    """A connection, from its handshake to its end."""

    def __init__(self, deadlines: Deadlines) -> None:
        self.deadline = inf
        self.reused = False
        """Has waited for an exchange: the peer may have closed it meanwhile."""
        self._owner: ConnectionOwner | None = None
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        self._state = _State.IDLE
        self._poll = select.poll()
        self._read_paused = False
        self._write_blocked = False
        self._room: asyncio.Future[None] | None = None
        self._waiter: asyncio.Future[UpstreamAnswer] | None = None
        self._reader = AnswerReader("")
        self._answer: UpstreamAnswer | None = None
        self._answered = False
        self._sent = False

    # What the pool calls.

    def adopt(self, owner: ConnectionOwner) -> None:
        """Tell `owner` from here on what becomes of the connection. Raises UpstreamFailed if it is lost already."""
        if not self.usable():
            self.abort()
            raise UpstreamFailed("Upstream closed a new connection.", retry=True)
        self._owner = owner

    def usable(self) -> bool:
        """Tell whether the peer still keeps the connection open and has said nothing on it since the last exchange.

        After the first answer it asks the kernel, since the loop may not have seen yet what came: a request that is
        never sent on a closed connection need not be repeated. Before it, what waits may be TLS session tickets.
        """
        if self._state is not _State.IDLE or self._transport.is_closing():
            return False
        return not (self._answered and self._poll.poll(0))

    def park(self) -> None:
        """Wait for an exchange, for at most `idle_s`."""
        self.reused = True
        self.deadline = self._loop.time() + self._deadlines.idle_s

    def expire(self) -> None:
        """The deadline has passed."""
        if self._state is _State.IDLE:
            self.retire()
        elif self._answer is not None:
            self._fail(UpstreamFailed(_TOO_LATE["read"]))
        else:
            self._fail(UpstreamFailed(_TOO_LATE["write" if self._room is not None else "head"]))

    def retire(self) -> None:
        """Close an idle connection politely."""
        if self._die():
            self._transport.close()

    def shut(self) -> None:
        """Close: politely when idle, else at once."""
        if self._state is _State.IDLE:
            self.retire()
        else:
            self.abort()

    def abort(self) -> None:
        """Close at once, whatever is in flight."""
        if self._die():
            self._transport.abort()

    def cut(self) -> None:
        """Abort also a connection that is closing politely already."""
        self._die()
        self._transport.abort()

    async def exchange(self, method: str, head: bytes, body: Masked | AsyncIterator[Masked] | None) -> UpstreamAnswer:
        """Send a request and wait for the answer's head. Cancelled or failed, the connection is aborted."""
        waiter: asyncio.Future[UpstreamAnswer] = self._loop.create_future()
        self._waiter = waiter
        self._state = _State.BUSY
        self._reader = AnswerReader(method)
        self._sent = False
        self.deadline = inf
        try:
            if body is None:
                self._write_all(head)
            elif not isinstance(body, bytes):
                return await self._exchange_stream(head, body, waiter)
            elif len(body) <= SLICE_BYTES:
                self._write_all(head + body)
            else:
                await self._write_slices(head, body, waiter)
            return await waiter
        except BaseException:
            if self._waiter is waiter:
                self.abort()
            if waiter.done() and not waiter.cancelled():
                waiter.exception()  # seen: a failure that a cancellation overtook is not worth a warning
            raise

    # Sending.

    def _write_all(self, data: bytes) -> None:
        """Write the rest of the request. From here on the answer's head is due."""
        self._transport.write(data)
        self._sent = True
        self.deadline = self._loop.time() + self._deadlines.head_s

    async def _write_slices(self, head: bytes, body: bytes, waiter: asyncio.Future[UpstreamAnswer]) -> None:
        self._transport.write(head)
        last = (len(body) - 1) // SLICE_BYTES * SLICE_BYTES
        for start in range(0, last, SLICE_BYTES):
            self._transport.write(body[start : start + SLICE_BYTES])
            await self._wait_for_room()
            if waiter.done():
                return
        self._write_all(body[last:])

    async def _exchange_stream(
        self, head: bytes, body: AsyncIterator[Masked], waiter: asyncio.Future[UpstreamAnswer]
    ) -> UpstreamAnswer:
        """Send a body as it is made. An answer that comes before its end stops it: upstream wants no more."""
        pump = self._loop.create_task(self._pump(head, body, waiter))
        try:
            await asyncio.wait((pump, waiter), return_when=asyncio.FIRST_COMPLETED)
            if pump.done() and not waiter.done():
                pump.result()
            return await waiter
        finally:
            pump.cancel()
            await asyncio.wait((pump,))
            if not pump.cancelled():
                pump.exception()  # seen: it was raised above, or the answer made it moot
            aclose = getattr(body, "aclose", None)
            if aclose is not None:
                await aclose()

    async def _pump(self, head: bytes, body: AsyncIterator[Masked], waiter: asyncio.Future[UpstreamAnswer]) -> None:
        pending = head
        async for piece in body:
            for start in range(0, len(piece), SLICE_BYTES):
                part = piece[start : start + SLICE_BYTES]
                if waiter.done():
                    return
                self._transport.write(b"%b%x\r\n%b\r\n" % (pending, len(part), part))
                pending = b""
                await self._wait_for_room()
        if not waiter.done():
            self._write_all(pending + b"0\r\n\r\n")

    async def _wait_for_room(self) -> None:
        """Wait until upstream has read most of what was written, the answer comes, or the connection fails."""
        if not self._write_blocked or self._state is _State.DEAD:
            return
        self.deadline = self._loop.time() + self._deadlines.write_s
        self._room = self._loop.create_future()
        try:
            await self._room
        finally:
            self._room = None
            if self._answer is None:
                self.deadline = inf

    def _wake_writer(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    # The answer asks for these.

    def resume_answer(self, answer: UpstreamAnswer) -> None:
        """Read on."""
        if self._answer is answer:
            self.deadline = self._loop.time() + self._deadlines.idle_read_s
            self._resume_reading()

    def drop_answer(self, answer: UpstreamAnswer) -> None:
        """Abort, if this answer is still the one that arrives."""
        if self._answer is answer:
            self.abort()

    # The loop calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_WRITE_HIGH_BYTES)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        if self._state is not _State.BUSY:
            self.abort()  # nothing was asked
            return
        reader = self._reader
        try:
            pieces = reader.feed(data)
        except UpstreamFailed as failure:
            self._fail(failure)
            return
        if reader.head is None:
            return
        answer = self._answer
        if answer is None:
            head = reader.head
            self._answer = answer = UpstreamAnswer(head.status, head.reason, head.fields, self)
            self._announce(answer)
        elif not pieces and not reader.ended:
            return  # framing alone is no progress
        self._deliver(answer, pieces)

    def _announce(self, answer: UpstreamAnswer) -> None:
        assert self._waiter is not None
        if not self._waiter.done():
            self._waiter.set_result(answer)
        self._wake_writer()

    def _deliver(self, answer: UpstreamAnswer, pieces: list[bytes]) -> None:
        if pieces and answer.feed(pieces, sum(map(len, pieces))) and not self._read_paused:
            self._read_paused = True
            self._transport.pause_reading()
        if self._reader.ended:
            self._complete(answer)
        else:
            # As long as the exchange takes nothing, the silence is not upstream's.
            self.deadline = inf if self._read_paused else self._loop.time() + self._deadlines.idle_read_s

    def _complete(self, answer: UpstreamAnswer) -> None:
        reader = self._reader
        assert reader.head is not None
        keep = reader.head.keep and self._sent and not reader.surplus
        self._answer = self._waiter = None
        answer.finish()
        if not keep:
            self.abort()
            return
        self._resume_reading()
        self._state = _State.IDLE
        self._answered = True
        self.park()
        if self._owner is not None:
            self._owner.released(self)

    def _resume_reading(self) -> None:
        if self._read_paused:
            self._read_paused = False
            self._transport.resume_reading()

    def eof_received(self) -> None:
        self._ended_by_peer(self._said_goodbye(), "end of file")

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended_by_peer(False, type(exc).__name__ if exc is not None else "closed")
        if self._owner is not None:
            self._owner.gone(self)

    def _said_goodbye(self) -> bool:
        """Tell whether the peer itself ended the stream: over TLS anybody on the way can end the TCP connection."""
        tls = self._transport.get_extra_info("ssl_object")
        if tls is None:
            return True
        try:
            return not tls.read(1)  # what close_notify leaves; without one there is nothing to read yet
        except ssl.SSLError:
            return False

    def _ended_by_peer(self, goodbye: bool, detail: str) -> None:
        if self._state is not _State.BUSY:
            self.abort()
            return
        try:
            self._reader.finish(goodbye=goodbye)
        except UpstreamFailed as failure:
            failure.detail = detail
            self._fail(failure)
        else:
            assert self._answer is not None
            self._complete(self._answer)

    def pause_writing(self) -> None:
        self._write_blocked = True

    def resume_writing(self) -> None:
        self._write_blocked = False
        self._wake_writer()

    def _fail(self, failure: UpstreamFailed) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(failure)
        if self._answer is not None:
            self._answer.fail(failure)
        self.abort()

    def _die(self) -> bool:
        """Give up the slot. False if that has happened before."""
        if self._state is _State.DEAD:
            return False
        self._state = _State.DEAD
        self.deadline = inf
        waiter, answer = self._waiter, self._answer
        self._waiter = self._answer = None
        if waiter is not None and not waiter.done():
            waiter.set_exception(UpstreamFailed(_LET_GO))
        if answer is not None:
            answer.fail(UpstreamFailed(_LET_GO))
        self._wake_writer()
        if self._owner is not None:
            self._owner.lost(self)
        return True
