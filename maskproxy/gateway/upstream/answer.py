"""Upstream's answer as the exchange reads it: a head, and a body that arrives while it is read.

The connection puts pieces in, the exchange takes chunks out. What waits in between is bounded: the connection stops
reading above one mark and goes on below another. A body that did not end as its framing says raises, it never just
stops.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

from maskproxy.errors import UpstreamFailed

CHUNK_LIMIT_BYTES: Final = 64 * 1024
PAUSE_ABOVE_BYTES: Final = 256 * 1024
RESUME_BELOW_BYTES: Final = 64 * 1024


class AnswerSource(Protocol):
    """What an answer asks of the connection that feeds it."""

    def resume_answer(self, answer: UpstreamAnswer) -> None:
        """Read on: the queue is short again."""

    def drop_answer(self, answer: UpstreamAnswer) -> None:
        """Abort: nobody wants the rest."""


class UpstreamAnswer:
    """One answer. `close` it in a `finally`: before its end that aborts the connection, after it nothing happens."""

    __slots__ = (
        "_ended",
        "_failure",
        "_pieces",
        "_queued_bytes",
        "_source",
        "_throttled",
        "_wake",
        "fields",
        "reason",
        "status",
    )

    def __init__(self, status: int, reason: str, fields: list[tuple[str, str]], source: AnswerSource) -> None:
        self.status = status
        self.reason = reason
        self.fields = fields
        """Every field that upstream sent, hop-by-hop ones included: the exchange strips them."""
        self._source: AnswerSource | None = source
        self._pieces: deque[bytes] = deque()
        self._queued_bytes = 0
        self._throttled = False
        self._ended = False
        self._failure: UpstreamFailed | None = None
        self._wake: asyncio.Future[None] | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the body as it arrives, at most 64 KiB at a time and never an empty chunk.

        Raises UpstreamFailed where upstream failed before the body's end, after what arrived until then.
        """
        while True:
            while self._pieces:
                piece = self._take()
                if len(piece) <= CHUNK_LIMIT_BYTES:
                    yield piece
                    continue
                for start in range(0, len(piece), CHUNK_LIMIT_BYTES):
                    yield piece[start : start + CHUNK_LIMIT_BYTES]
            if self._failure is not None:
                raise self._failure
            if self._ended:
                return
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None

    async def close(self) -> None:
        """Let go of the answer. What is left of it is dropped."""
        source, self._source = self._source, None
        self._pieces.clear()
        if source is not None:
            self.fail(UpstreamFailed("The answer was let go before its end."))
            source.drop_answer(self)

    def _take(self) -> bytes:
        """Take the next piece, small ones joined: what stands behind a chunk costs more than a copy."""
        pieces = self._pieces
        piece = pieces.popleft()
        size = len(piece)
        if pieces and size + len(pieces[0]) <= CHUNK_LIMIT_BYTES:
            joined = [piece]
            while pieces and size + len(pieces[0]) <= CHUNK_LIMIT_BYTES:
                joined.append(pieces.popleft())
                size += len(joined[-1])
            piece = b"".join(joined)
        self._queued_bytes -= size
        if self._throttled and self._queued_bytes < RESUME_BELOW_BYTES:
            self._throttled = False
            if self._source is not None:
                self._source.resume_answer(self)
        return piece

    # What follows is for the connection.

    def feed(self, pieces: Sequence[bytes], size: int) -> bool:
        """Queue pieces of the body. True asks the connection to stop reading until `resume_answer`."""
        self._pieces.extend(pieces)
        self._queued_bytes += size
        self._notify()
        if self._throttled or self._queued_bytes <= PAUSE_ABOVE_BYTES:
            return False
        self._throttled = True
        return True

    def finish(self) -> None:
        """Mark the body as whole: the connection is no longer this answer's."""
        self._ended = True
        self._source = None
        self._notify()

    def fail(self, failure: UpstreamFailed) -> None:
        """Mark the body as torn."""
        if self._failure is None:
            self._failure = failure
        self._source = None
        self._notify()

    def _notify(self) -> None:
        wake = self._wake
        if wake is not None and not wake.done():
            wake.set_result(None)
