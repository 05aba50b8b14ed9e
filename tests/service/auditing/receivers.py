"""Scripted receivers of the audit trail: a syslog server for each transport, and a webhook's."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from maskproxy.audit import AuditEvent
from maskproxy.service import logs
from maskproxy.service.auditing.audit import Audit
from maskproxy.service.auditing.outbox import Outbox, Sink
from maskproxy.service.metrics import Metrics

WAIT_S = 10.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)


@dataclass
class Trail:
    """An audit trail with one sink, and what it says about itself."""

    audit: Audit
    outbox: Outbox
    metrics: Metrics
    log: io.StringIO

    async def tell(self, *actions: str) -> None:
        for action in actions:
            await self.audit.tell(AuditEvent("replay", action))

    def measured(self, outcome: str) -> float:
        labels = {"sink": self.outbox.sink.name, "outcome": outcome}
        return self.metrics.registry.get_sample_value("maskproxy_audit_events_total", labels) or 0.0

    @property
    def alarms(self) -> float:
        return self.metrics.registry.get_sample_value("maskproxy_alarms_total", {"kind": "audit"}) or 0.0


@asynccontextmanager
async def trail(
    sink: Sink, *, most: int = 100, waits: bool = False, life_s: float | None = None
) -> AsyncIterator[Trail]:
    stream, metrics = io.StringIO(), Metrics(CollectorRegistry())
    log, net = logs.start("info", "json", stream=stream)
    outbox = Outbox(sink, metrics, log, most=most, waits=waits, life_s=life_s)
    outbox.start()
    audit = Audit(net)
    audit.use([outbox], "node-1")
    yield Trail(audit, outbox, metrics, stream)
    await outbox.close()


@dataclass
class SyslogServer:
    """`text` of every message; `cut` ends the streams that are open."""

    messages: list[bytes] = field(default_factory=list)
    port: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _server: asyncio.Server | asyncio.DatagramTransport | None = None

    async def listen_udp(self) -> None:
        received = self.messages

        class Protocol(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                received.append(data)

        loop = asyncio.get_running_loop()
        self._server, _ = await loop.create_datagram_endpoint(Protocol, local_addr=("127.0.0.1", self.port))
        self.port = self._server.get_extra_info("sockname")[1]

    async def listen(self, context: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._read, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                size = int(await reader.readuntil(b" "))
                self.messages.append(await reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    @property
    def actions(self) -> list[str]:
        return [json.loads(message.partition(b" - ")[2])["action"] for message in self.messages]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.02)


@dataclass
class Receiver:
    """A webhook's: answers with `statuses` one after the other, and then with 204."""

    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hooks/rotate"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        fields = {name.lower(): value for name, _, value in lines}
        self.received.append((fields, await reader.readexactly(int(fields["content-length"]))))
        status = self.statuses.pop(0) if self.statuses else 204
        writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.received]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
