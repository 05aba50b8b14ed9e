"""Bytes passed through unread, both ways, for the tunnels that the configuration lists.

Each side is read only as fast as the other takes it, a half-close is passed on, and a tunnel without a byte for
`idle_s` ends.
"""

from __future__ import annotations

import asyncio


class _Side(asyncio.Protocol):
    """Reads from its own transport, writes to the other."""

    def __init__(self, other: asyncio.Transport, ended: asyncio.Future[None]) -> None:
        self._other = other
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self.seen_at = self._loop.time()
        self.peer: _Side | None = None
        self.eof = False

    def data_received(self, data: bytes) -> None:
        self.seen_at = self._loop.time()
        self._other.write(data)

    def eof_received(self) -> bool:
        self.eof = True
        if self.peer is not None and self.peer.eof:
            self._finish()
            return False
        if self._other.can_write_eof() and not self._other.is_closing():
            self._other.write_eof()
            return True
        self._finish()
        return False

    def pause_writing(self) -> None:
        """Our transport's send buffer is full, so the side that fills it stops reading."""
        if not self._other.is_closing():
            self._other.pause_reading()

    def resume_writing(self) -> None:
        if not self._other.is_closing():
            self._other.resume_reading()

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002 - either way the tunnel is over
        self._finish()

    def _finish(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


async def relay(
    client: asyncio.Transport, upstream: asyncio.Transport, *, first: bytes, opening: bytes, idle_s: float
) -> None:
    """Join two paused transports until one of them ends. `opening` goes to the client, `first` upstream."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    down, up = _Side(upstream, ended), _Side(client, ended)
    down.peer, up.peer = up, down
    try:
        client.set_protocol(down)
        upstream.set_protocol(up)
        client.write(opening)
        if first:
            upstream.write(first)
        client.resume_reading()
        upstream.resume_reading()
        while not ended.done():
            quiet_s = loop.time() - max(down.seen_at, up.seen_at)
            if quiet_s >= idle_s:
                break
            await asyncio.wait({ended}, timeout=idle_s - quiet_s)
    finally:
        client.close()
        upstream.close()
