"""The trail as syslog messages (RFC 5424): datagrams, or frames on a stream (RFC 6587) that may be TLS (RFC 5425).

A datagram may get lost, and so may what a stream's peer had not read when it died: syslog acknowledges nothing.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Sequence
from typing import Literal

from maskproxy.audit.rfc5424 import FACILITIES, framed, message
from maskproxy.service.auditing.outbox import Entry, NotDelivered

_CONNECT_S = 10.0
_SEND_S = 10.0
_CLOSE_S = 2.0
_AT_A_TIME = 50
Transport = Literal["udp", "tcp", "tls"]


class SyslogSink:
    """One connection, opened with the first message and again after it broke."""

    name = "syslog"

    def __init__(
        self, transport: Transport, host: str, port: int, facility: str, node: str, trust: ssl.SSLContext | None
    ) -> None:
        self._transport = transport
        self._place = host, port
        self._facility = FACILITIES[facility]
        self._node = node
        self._trust = trust
        self._datagrams: asyncio.DatagramTransport | None = None
        self._errors = _Errors()
        self._stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def takes(self, entry: Entry) -> bool:  # noqa: ARG002 - syslog has all events
        return True

    def reopen(self) -> None:
        """A connection is opened anew when it breaks."""

    async def deliver(self, batch: Sequence[Entry]) -> None:
        send = self._send_datagrams if self._transport == "udp" else self._send_frames
        for start in range(0, len(batch), _AT_A_TIME):
            try:
                await send([self._message(entry) for entry in batch[start : start + _AT_A_TIME]])
            except (OSError, TimeoutError, ssl.SSLError) as error:
                await self.close()
                raise NotDelivered("The syslog server cannot be reached, or does not read.", done=start) from error

    def _message(self, entry: Entry) -> bytes:
        return message(self._facility, entry.severity, entry.time, self._node, os.getpid(), entry.event, entry.line)

    async def _send_datagrams(self, messages: Sequence[bytes]) -> None:
        if self._datagrams is None or self._datagrams.is_closing():
            loop = asyncio.get_running_loop()
            self._errors = _Errors()
            async with asyncio.timeout(_CONNECT_S):
                self._datagrams, _ = await loop.create_datagram_endpoint(lambda: self._errors, remote_addr=self._place)
        for one in messages:
            self._datagrams.sendto(one)
        await asyncio.sleep(0)
        if self._errors.last is not None:
            raise self._errors.last

    async def _send_frames(self, messages: Sequence[bytes]) -> None:
        if self._stream is not None and (self._stream[0].at_eof() or self._stream[1].is_closing()):
            await self.close()
        if self._stream is None:
            async with asyncio.timeout(_CONNECT_S):
                self._stream = await asyncio.open_connection(*self._place, ssl=self._trust)
        writer = self._stream[1]
        writer.write(b"".join(map(framed, messages)))
        async with asyncio.timeout(_SEND_S):
            await writer.drain()

    async def close(self) -> None:
        datagrams, self._datagrams = self._datagrams, None
        stream, self._stream = self._stream, None
        if datagrams is not None:
            datagrams.close()
        if stream is not None:
            stream[1].close()
            try:
                async with asyncio.timeout(_CLOSE_S):
                    await stream[1].wait_closed()
            except (OSError, TimeoutError):
                stream[1].transport.abort()


class _Errors(asyncio.DatagramProtocol):
    """What the system told of datagrams that were sent before."""

    def __init__(self) -> None:
        self.last: Exception | None = None

    def error_received(self, exc: Exception) -> None:
        self.last = exc
