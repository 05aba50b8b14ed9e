"""A whole gateway in this process, with real sockets and real TLS on every side, for tests that speak to it."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
import yaml

from maskproxy.gateway.handler import Exchanges
from maskproxy.gateway.interception.certificates import make_ca
from maskproxy.gateway.listener import Binding, Listeners
from maskproxy.recording.reader import Reader
from maskproxy.service import logs
from maskproxy.service.build import Parts, build
from maskproxy.service.daemon import checked
from maskproxy.service.trust import listener_context
from maskproxy.signin.provider import Provider
from tests import fakes_tokens

HOST = "api.anthropic.com"
SERVICE_KEY = "service" + "-credential-" + "0123456789abcdef"
Reply = Callable[["Received", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Received:
    """A request as the origin saw it."""

    line: str
    fields: list[tuple[str, str]]
    body: bytes

    def value(self, name: str) -> str | None:
        return next((v for n, v in self.fields if n.lower() == name), None)


def plain(body: bytes, content_type: str = "application/json", status: str = "200 OK", more: str = "") -> Reply:
    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        writer.write(head.encode() + body)

    return reply


def streaming(pieces: list[bytes], content_type: str = "text/event-stream", *, finish: bool = True) -> Reply:
    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for piece in pieces:
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.001)
        if finish:
            writer.write(b"0\r\n\r\n")
        else:
            writer.close()

    return reply


@dataclass
class Origin:
    """An HTTPS server that keeps what it got and answers as told."""

    reply: Reply = field(default_factory=lambda: plain(b'{"ok":true}'))
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    server: asyncio.Server | None = None
    port: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self, context: ssl.SSLContext) -> None:
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self.server is not None
        self.server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.serve(reader, writer)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection. A test may put something else here."""
        self.connections += 1
        self._writers.add(writer)
        try:
            while not writer.is_closing():
                received = await self._read(reader)
                self.received.append(received)
                await self.reply(received, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Received:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
        fields = [(n, v.strip()) for n, _, v in (f.partition(":") for f in rest)]
        received = Received(line, fields, b"")
        if received.value("transfer-encoding") == "chunked":
            while size := int(await reader.readline(), 16):
                received.body += await reader.readexactly(size)
                await reader.readexactly(2)
            await reader.readline()
        else:
            received.body = await reader.readexactly(int(received.value("content-length") or 0))
        return received


@dataclass
class Answer:
    status: int
    fields: list[tuple[str, str]]
    body: bytes
    complete: bool

    def value(self, name: str) -> str | None:
        return next((v for n, v in self.fields if n.lower() == name), None)

    @property
    def message(self) -> str:
        return str(json.loads(self.body)["error"]["message"])


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """One answer off the wire, read without an HTTP library, so that its framing is seen as it is."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
    fields = [(n, v.strip()) for n, _, v in (f.partition(":") for f in rest)]
    answer = Answer(int(line.split(" ")[1]), fields, b"", complete=True)
    try:
        if answer.value("transfer-encoding") == "chunked":
            while size := int(await reader.readline() or b"x", 16):
                answer.body += await reader.readexactly(size)
                await reader.readexactly(2)
            await reader.readexactly(2)
        else:
            answer.body = await reader.readexactly(int(answer.value("content-length") or 0))
    except (asyncio.IncompleteReadError, ValueError, ConnectionError):
        answer.complete = False
    return answer


class Issuer:
    """Discovery and JWKS over HTTP on loopback, and tokens to go with them."""

    def __init__(self) -> None:
        self.key = fakes_tokens.ec_key("house-1")
        self.url = ""
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        document: dict[str, Any] = {"keys": [self.key.jwk()]}
        if b"openid-configuration" in head:
            document = {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
        body = json.dumps(document).encode()
        top = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{top}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    def token(self, subject: str = "ada", **changes: object) -> str:
        now = int(time.time())
        more = {"iss": self.url, "sub": subject, "iat": now - 5, "exp": now + 3600} | changes
        return fakes_tokens.token(self.key, fakes_tokens.claims(**more))

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()


class House:
    """Issuer, origin and gateway, started by `start` and ended by `close`."""

    def __init__(self, directory: Path, **limits: object) -> None:
        self.directory = directory
        self.limits = limits
        self.origin = Origin()
        self.issuer = Issuer()
        self.other = trustme.CA()
        self.log = io.StringIO()
        self.ports: list[int] = []
        self.config: Path
        self.parts: Parts
        self.listeners: Listeners
        self.changes: dict[str, Any] = {}
        self.providers: dict[str, Provider] | None = {}
        """None: those of the configuration."""

    async def start(self) -> None:
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.other.issue_cert("127.0.0.1", "localhost").configure_cert(server_context)
        await self.origin.start(server_context)
        await self.issuer.start()
        self.config = self._write_configuration()
        await self._start_gateway()

    async def _start_gateway(self) -> None:
        config = checked(self.config)
        log, net = logs.start("info", "json", stream=self.log)
        self.parts = await build(config, log, net, providers=self.providers)
        self.listeners = Listeners(self.parts.gateway, Exchanges(self.parts.gateway))
        bindings = [Binding(b.address.host, b.address.port, listener_context(b.tls)) for b in config.listeners]
        self.ports = [port for _, port in await self.listeners.start(bindings)]

    async def restart(self) -> None:
        """Another gateway on the same files."""
        await self._stop_gateway()
        await self._start_gateway()

    async def _stop_gateway(self) -> None:
        await self.listeners.close()
        await self.parts.close()

    async def close(self) -> None:
        await self._stop_gateway()
        await self.origin.close()
        await self.issuer.close()

    def measured(self, name: str, **labels: str) -> float:
        return self.parts.metrics.registry.get_sample_value(name, labels) or 0.0

    def _write_configuration(self) -> Path:
        directory = self.directory
        make_ca(directory / "ca", [HOST, "telemetry.example.com"])
        self.other.cert_pem.write_to_path(str(directory / "other.pem"))
        front = self.other.issue_cert("localhost", "127.0.0.1")
        front.cert_chain_pems[0].write_to_path(str(directory / "tls.pem"))
        front.private_key_pem.write_to_path(str(directory / "tls.key"))
        (directory / "tls.key").chmod(0o600)
        (directory / "service.key").write_text(SERVICE_KEY)
        (directory / "service.key").chmod(0o600)
        document: dict[str, Any] = {
            "listeners": [
                {"address": "127.0.0.1:0"},
                {"address": "127.0.0.1:0", "tls": {"certificate": "tls.pem", "key": "tls.key"}},
            ],
            "interception": {"ca": {"certificate": "ca/ca.pem", "key": "ca/ca.key"}},
            "routes": [
                {
                    "name": "claude",
                    "hosts": [HOST],
                    "upstream": f"https://127.0.0.1:{self.origin.port}",
                    "trust": "other.pem",
                    "base_url": True,
                    "api": "anthropic",
                    "credential": {"header": "x-api-key", "from": {"file": "service.key"}},
                },
                {"name": "telemetry", "hosts": ["telemetry.example.com"], "refuse": "Telemetry stays at home."},
            ],
            "tunnels": [f"127.0.0.1:{self.origin.port}", "localhost.example:9"],
            "identity": {"issuers": [{"issuer": self.issuer.url, "audience": fakes_tokens.AUDIENCE}]},
            "grants": [
                {"name": "developers", "groups": ["engineering"], "routes": ["claude", "telemetry"], "for": "8h"},
                {"name": "watched", "groups": ["observed"], "routes": ["claude"], "mode": "observe"},
            ],
            "masking": {"key": {"file": "masking.key"}},
            "recording": {"directory": "recordings"},
            "limits": {"head_s": 2, "body_s": 3, "handshake_s": 2, **self.limits},
        }
        path = directory / "maskproxy.yaml"
        path.write_text(yaml.safe_dump(document | self.changes))
        return path

    def token(self, subject: str = "ada", **changes: object) -> str:
        return self.issuer.token(subject, **changes)

    async def connect(self, *, tls: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if not tls:
            return await asyncio.open_connection("127.0.0.1", self.ports[0])
        context = ssl.create_default_context()
        self.other.configure_trust(context)
        return await asyncio.open_connection("localhost", self.ports[1], ssl=context)

    def inner_context(self, *, alpn: list[str] | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.directory / "ca" / "ca.pem"))
        context.set_alpn_protocols(["http/1.1"] if alpn is None else alpn)
        return context

    async def tunnel(
        self,
        token: str | None,
        *,
        host: str = HOST,
        sni: str | None = None,
        tls: bool = False,
        context: ssl.SSLContext | None = None,
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """CONNECT and the inner handshake."""
        reader, writer = await self.connect(tls=tls)
        proof = f"Proxy-Authorization: Bearer {token}\r\n" if token is not None else ""
        writer.write(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n{proof}\r\n".encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        await writer.start_tls(context or self.inner_context(), server_hostname=sni or host)
        return reader, writer

    async def raw(self, data: bytes) -> bytes:
        """Everything that the loopback listener answers to these bytes, until it closes."""
        reader, writer = await self.connect()
        try:
            writer.write(data)
            async with asyncio.timeout(10):
                return await reader.read(-1)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    async def post(
        self, path: str, body: bytes, token: str | None = None, more: str = "", *, tunnel: bool = False
    ) -> Answer:
        """One POST of a JSON body, by base URL or through a tunnel."""
        token = self.token() if token is None else token
        reader, writer = await (self.tunnel(token) if tunnel else self.connect())
        proof = "Authorization: Bearer maskproxy" if tunnel else f"Authorization: Bearer {token}"
        content_type = "" if "content-type" in more.lower() else "Content-Type: application/json\r\n"
        head = f"POST {path} HTTP/1.1\r\nHost: {HOST if tunnel else 'localhost'}\r\n{proof}\r\n{content_type}"
        writer.write(f"{head}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        try:
            async with asyncio.timeout(10):
                return await read_answer(reader)
        finally:
            writer.close()

    async def recorded(self) -> bytes:
        """Every byte of the recording so far."""
        await self.parts.recorder.drain()  # type: ignore[union-attr] # the house records
        return b"".join(p.read_bytes() for p in sorted((self.directory / "recordings").rglob("*")) if p.is_file())

    async def frames(self) -> list[Any]:
        await self.parts.recorder.drain()  # type: ignore[union-attr] # the house records
        return list(Reader(self.directory / "recordings"))
