"""Where a daemon under test lives: its folder and configuration, an issuer, an origin, and clients that speak to it."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import trustme
import yaml

from maskproxy.gateway.interception.issuing import make_ca
from maskproxy.recording.frames import Frame
from maskproxy.recording.reader import Reader
from tests import fakes_tokens
from tests.daemon.program import WAIT_S, Program, command, gone
from tests.gateway.house import HOST, SERVICE_KEY, Answer, Issuer, Origin, Received, read_answer

MIB = 1 << 20
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class FailingIssuer(Issuer):
    """An issuer that can be down, and that takes new keys."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.asked = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        if self.down:
            await gone(writer)
            return
        await super()._serve(reader, writer)

    def take_new_key(self, name: str) -> None:
        self.key = fakes_tokens.ec_key(name)


class LargeOrigin(Origin):
    """An origin that takes bodies of any size, and keeps no more than the beginning of a chunked one.

    With `gate` it reads no body until the gate is opened, and then closes.
    """

    gate: asyncio.Event | None = None
    waiting = False

    async def _read(self, reader: asyncio.StreamReader) -> Received:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
        received = Received(line, [(n, v.strip()) for n, _, v in (f.partition(":") for f in rest)], b"")
        if self.gate is not None:
            self.waiting = True
            await self.gate.wait()
            raise ConnectionResetError
        if received.value("transfer-encoding") is None:
            received.body = await reader.readexactly(int(received.value("content-length") or 0))
            return received
        while size := int(await reader.readline(), 16):
            while size > 0:
                data = await reader.read(min(size, MIB))
                if not data:
                    raise ConnectionResetError
                size -= len(data)
                if len(received.body) < MIB:
                    received.body += data
            await reader.readexactly(2)
        await reader.readline()
        return received


class Place:
    """`async with Place(folder) as place`, then `await place.run()` as often as needed."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.cache = cache
        self.origin = LargeOrigin()
        self.issuer = FailingIssuer()
        self.authority = trustme.CA()
        self.secrets: list[str] = [SERVICE_KEY]
        self.document: dict[str, Any] = {}
        self.program: Program
        self._programs: list[Program] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        await self.issuer.start()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        await self.origin.start(context)
        self._write_material()
        self.document = self._configuration()
        self.write()
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in self._writers:
            await gone(writer)
        for program in self._programs:
            await program.end()
        await self.origin.close()
        await self.issuer.close()
        said = b"".join(program.said for program in self._programs)
        assert [secret for secret in self.secrets if secret.encode() in said] == [], "a secret stands in the log"

    @property
    def config(self) -> Path:
        return self.folder / "maskproxy.yaml"

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    def write(self) -> None:
        self.config.write_text(yaml.safe_dump(self.document))

    async def run(self, **environ: str) -> Program:
        program = self.start(**environ)
        await program.ready()
        return program

    def start(self, **environ: str) -> Program:
        self.program = Program(self.config, XDG_CACHE_HOME=str(self.cache), **environ)
        self._programs.append(self.program)
        return self.program

    def _write_material(self) -> None:
        make_ca(self.folder / "ca", [HOST, "telemetry.example.com"])
        self.authority.cert_pem.write_to_path(str(self.folder / "other.pem"))
        front = self.authority.issue_cert("localhost", "127.0.0.1")
        front.cert_chain_pems[0].write_to_path(str(self.folder / "tls.pem"))
        front.private_key_pem.write_to_path(str(self.folder / "tls.key"))
        (self.folder / "service.key").write_text(SERVICE_KEY)
        for name in ("tls.key", "service.key"):
            (self.folder / name).chmod(0o600)

    def _configuration(self) -> dict[str, Any]:
        route = {"upstream": f"https://127.0.0.1:{self.origin.port}", "trust": "other.pem"}
        credential = {"header": "x-api-key", "from": {"file": "service.key"}}
        claude = {"name": "claude", "hosts": [HOST], "base_url": True, "api": "anthropic", "credential": credential}
        generic = {"name": "generic", "hosts": ["telemetry.example.com"]}
        return {
            "listeners": [
                {"address": "127.0.0.1:0"},
                {"address": "127.0.0.1:0", "tls": {"certificate": "tls.pem", "key": "tls.key"}},
            ],
            "admin": {"address": "127.0.0.1:0"},
            "interception": {"ca": {"certificate": "ca/ca.pem", "key": "ca/ca.key"}},
            "routes": [claude | route, generic | route],
            "identity": {"issuers": [{"issuer": self.issuer.url, "audience": fakes_tokens.AUDIENCE}]},
            "grants": [
                {
                    "name": "developers",
                    "groups": ["engineering"],
                    "routes": ["claude", "generic"],
                    "limits": {"streams": 1000},  # one person stands for many
                }
            ],
            "masking": {"key": {"file": "masking.key"}},
            "recording": {"directory": "recordings"},
            "limits": {"drain_s": 2},
            "log": {"format": "json"},
        }

    def token(self, subject: str = "ada", **changes: object) -> str:
        token = self.issuer.token(subject, **changes)
        self.secrets.append(token)
        return token

    def client_context(self, *, inner: bool) -> ssl.SSLContext:
        """What a client trusts: the interception CA inside a tunnel, the listener's own authority outside."""
        context = ssl.create_default_context(cafile=str(self.folder / ("ca/ca.pem" if inner else "other.pem")))
        context.set_alpn_protocols(["http/1.1"])
        return context

    async def connect(self, *, tls: bool = False) -> Streams:
        """A connection that is cut at the end of the test, if it has not ended before."""
        host, port = ("localhost", self.program.ports[1]) if tls else ("127.0.0.1", self.program.ports[0])
        context = self.client_context(inner=False) if tls else None
        streams = await asyncio.open_connection(host, port, ssl=context)
        self._writers.append(streams[1])
        return streams

    async def tunnel(self, token: str, *, host: str = HOST, tls: bool = False) -> Streams:
        reader, writer = await self.connect(tls=tls)
        head = f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\nProxy-Authorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        await writer.start_tls(self.client_context(inner=True), server_hostname=host)
        return reader, writer

    @asynccontextmanager
    async def sent(
        self, path: str, body: bytes, token: str, *fields: str, tunnel: str = "", length: int | None = None
    ) -> AsyncIterator[Streams]:
        """A POST on a connection of its own, which is cut at the end. `tunnel` names the host to go through."""
        reader, writer = await (self.tunnel(token, host=tunnel) if tunnel else self.connect())
        try:
            writer.write(head_of(path, len(body) if length is None else length, token, *fields, host=tunnel) + body)
            yield reader, writer
        finally:
            await gone(writer)

    async def post(self, path: str, body: bytes, token: str | None = None, *fields: str, tunnel: str = "") -> Answer:
        async with self.sent(path, body, token or self.token(), *fields, tunnel=tunnel) as (reader, _):
            async with asyncio.timeout(WAIT_S):
                return await read_answer(reader)

    def frames(self) -> list[Frame]:
        """The recording, which must be whole."""
        reader = Reader(self.recordings)
        frames = list(reader)
        assert reader.tears == []
        return frames

    def recorded_bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.recordings.iterdir()))

    def replay(self, session: str) -> subprocess.CompletedProcess[str]:
        arguments = command("replay", session, "--directory", str(self.recordings), "--instant")
        return subprocess.run(arguments, capture_output=True, text=True, timeout=WAIT_S)


def head_of(path: str, length: int, token: str, *fields: str, host: str = "") -> bytes:
    """A POST's head. Inside a tunnel it carries a credential that counts for nothing."""
    own = {field.partition(":")[0].lower() for field in fields}
    lines = [f"POST {path} HTTP/1.1", f"Host: {host or 'localhost'}", f"Content-Length: {length}", *fields]
    lines.append(f"Authorization: Bearer {'maskproxy' if host else token}")
    if "content-type" not in own:
        lines.append("Content-Type: application/json")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
