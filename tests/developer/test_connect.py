"""The loopback proxy against a whole gateway: routed hosts, other hosts, the previous proxy, and what it refuses."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from maskproxy.developer import connect as connecting
from maskproxy.developer import piping
from maskproxy.developer.connect import Connect, Tokens
from maskproxy.developer.links import Link
from maskproxy.developer.previous import previous
from maskproxy.developer.routed import Routed
from maskproxy.developer.running import make_ready
from maskproxy.errors import StartFailed, Unavailable
from tests.developer.machine import Machine
from tests.gateway.house import HOST, Answer, read_answer
from tests.gateway.test_exchange import messages
from tests.signin.surfing import Front

SECRET = "a-secret-of-the-loopback-proxy"


def proof(secret: str = SECRET, user: str = "maskproxy") -> str:
    return f"Proxy-Authorization: Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}\r\n"


@contextlib.asynccontextmanager
async def running(machine: Machine, **environ: str) -> AsyncIterator[tuple[Connect, list[str]]]:
    told: list[str] = []
    ready = await asyncio.to_thread(
        make_ready, machine.places, machine.session, machine.environ | environ, SECRET, told.append
    )
    async with ready.connect.listening():
        yield ready.connect, told


@contextlib.asynccontextmanager
async def without_gateway(directory: Path, **environ: str) -> AsyncIterator[Connect]:
    """For what has nothing to do with it."""
    machine = Machine(directory, "http://127.0.0.1:1", None)
    one = machine.sign_in({"access_token": "a", "refresh_token": "", "expires_in": 900})
    told: list[str] = []
    tokens, hosts = Tokens(machine.session, one, told.append), Routed(frozenset({HOST}), False, None)
    proxy = Connect(machine.gateway, tokens, hosts, previous(environ), SECRET, told.append)
    async with proxy.listening():
        yield proxy


@contextlib.asynccontextmanager
async def opened(proxy: Connect) -> AsyncIterator[Link]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        async with asyncio.timeout(20):
            yield Link(reader, writer)
    finally:
        writer.close()


async def sent(proxy: Connect, data: str) -> Answer:
    async with opened(proxy) as link:
        link.writer.write(data.encode())
        return await read_answer(link.reader)


async def connected(link: Link, target: str) -> bytes:
    link.writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{proof()}\r\n".encode())
    return await link.reader.readuntil(b"\r\n\r\n")


async def asked_claude(front: Front, proxy: Connect, text: str, target: str = f"{HOST}:443") -> Answer:
    async with opened(proxy) as link:
        assert (await connected(link, target)).startswith(b"HTTP/1.1 200 ")
        await link.writer.start_tls(front.inner_context(), server_hostname=HOST)
        body = messages(text)
        head = f"POST /v1/messages HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer maskproxy\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        link.writer.write(head.encode() + body)
        return await read_answer(link.reader)


class Elsewhere:
    """A server of the world outside: it echoes in a tunnel, and answers plain requests with what they were."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.port = 0
        self.keeps_open = False

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Elsewhere]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            first = await reader.read(4)
            if first not in {b"GET ", b"POST", b"CONN"}:
                while first:
                    writer.write(first)
                    first = await reader.read(65536)
                writer.close()
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            if head.startswith("CONNECT"):
                writer.write(b"HTTP/1.1 200 Fine\r\n\r\n")
                await self._serve(reader, writer)
                return
            if "chunked" in head:
                self.bodies.append(await reader.readuntil(b"0\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello")
            await writer.drain()
            if self.keeps_open:
                await reader.read(1)
        writer.close()


async def test_a_routed_host_goes_through_the_gateway_with_the_persons_token(front: Front, machine: Machine) -> None:
    async with running(machine) as (proxy, told):
        assert proxy.routed.hosts == {HOST, "telemetry.example.com"}
        token = machine.session.kept().access_token
        assert (await asked_claude(front, proxy, f"my token {token}")).status == 200
        assert (await asked_claude(front, proxy, "on another port", f"{HOST.upper()}:8443")).status == 200
    (first, _) = front.origin.received
    assert b"MASKED_CALLER_TOKEN_" in first.body
    assert token.encode() not in first.body
    people = {frame.data["person_name"] for frame in await front.frames() if frame.kind == "request"}
    assert people == {"Ada Lovelace"}
    assert told == []


async def test_an_unrouted_host_is_reached_directly_and_knows_nothing_of_us(front: Front, machine: Machine) -> None:
    async with running(machine) as (proxy, _), Elsewhere().listening() as there, opened(proxy) as link:
        assert (await connected(link, f"127.0.0.1:{there.port}")).startswith(b"HTTP/1.1 200 ")
        blob = bytes(range(256)) * 4096
        link.writer.write(blob)
        link.writer.write_eof()
        assert await link.reader.read(-1) == blob, "what is half closed still answers"
        assert there.heads == []
    assert front.origin.received == []


async def test_plain_requests_are_passed_without_what_is_ours(front: Front, machine: Machine) -> None:
    async with running(machine) as (proxy, _), Elsewhere().listening() as there:
        there.keeps_open = True
        url = f"http://127.0.0.1:{there.port}/a/b?c=d"
        more = "Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nProxy-Connection: keep-alive\r\nX-Kept: 2\r\n"
        answer = await sent(proxy, f"GET {url} HTTP/1.1\r\nHost: evil.example.com\r\n{proof()}{more}\r\n")
        assert (answer.status, answer.body, answer.value("connection")) == (200, b"hello", "close")
        chunks = "4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\n\r\n"
        head = f"POST {url} HTTP/1.1\r\n{proof()}Transfer-Encoding: chunked\r\n\r\n"
        assert (await sent(proxy, head + chunks + "GET http://evil.example.com/ HTTP/1.1\r\n\r\n")).status == 200
    get, post = there.heads
    assert get == (f"GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:{there.port}\r\nX-Kept: 2\r\nConnection: close\r\n\r\n")
    assert post.startswith("POST /a/b?c=d HTTP/1.1\r\n")
    assert there.bodies == [b"4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n"]


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ("Transfer-Encoding: chunked\r\n", "zz\r\n"),
        ("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "-1\r\n"),
        ("Transfer-Encoding: chunked\r\n", f"{'0' * 70_000}\r\n"),
        ("Transfer-Encoding: chunked\r\n", "5\r\nab"),
    ],
)
async def test_a_body_that_cannot_be_read_gets_no_answer(tmp_path: Path, fields: str, body: str) -> None:
    async with without_gateway(tmp_path) as proxy, Elsewhere().listening() as there, opened(proxy) as link:
        head = f"POST http://127.0.0.1:{there.port}/ HTTP/1.1\r\n{proof()}{fields}\r\n"
        link.writer.write((head + body).encode())
        link.writer.write_eof()
        with contextlib.suppress(ConnectionError):
            assert await link.reader.read(-1) == b""
    assert there.bodies == []


async def test_the_previous_proxy_gets_what_it_got_before(front: Front, machine: Machine) -> None:
    async with Elsewhere().listening() as before, Elsewhere().listening() as there:
        url = f"http://me:p%40ss@127.0.0.1:{before.port}"
        environ = {"HTTPS_PROXY": url, "http_proxy": url, "NO_PROXY": "near.example.com, 127.0.0.0/8"}
        async with running(machine, **environ) as (proxy, _):
            async with opened(proxy) as link:
                assert (await connected(link, "far.example.com:443")).startswith(b"HTTP/1.1 200 ")
                link.writer.write(b"through")
                assert await link.reader.readexactly(7) == b"through"
            answer = await sent(proxy, f"GET http://far.example.com/x HTTP/1.1\r\nHost: a\r\n{proof()}\r\n")
            assert answer.status == 200
            async with opened(proxy) as link:
                await connected(link, f"127.0.0.1:{there.port}")
                link.writer.write(b"direct")
                assert await link.reader.readexactly(6) == b"direct"
            assert (await asked_claude(front, proxy, "hello")).status == 200, "the gateway is reached without it"
    ours = f"Proxy-Authorization: Basic {base64.b64encode(b'me:p@ss').decode()}\r\n"
    tunnel, plain = before.heads
    assert tunnel == f"CONNECT far.example.com:443 HTTP/1.1\r\nHost: far.example.com:443\r\n{ours}\r\n"
    assert plain.startswith("GET http://far.example.com/x HTTP/1.1\r\nHost: far.example.com\r\n")
    assert ours in plain
    assert SECRET not in plain


async def test_what_is_refused_is_refused_in_words(tmp_path: Path) -> None:
    there = "CONNECT 127.0.0.1:9 HTTP/1.1\r\n"
    cases = [
        (there, 407, "serves who knows its secret"),
        (there + proof("another"), 407, "serves who knows its secret"),
        (there + proof(user="me"), 407, "serves who knows its secret"),
        (there + proof() + proof(), 407, "serves who knows its secret"),
        (f"GET / HTTP/1.1\r\n{proof()}", 400, "This address is a proxy"),
        (f"GET http://{HOST}/v1/models HTTP/1.1\r\n{proof()}", 403, "https alone"),
        (f"GET https://example.com/ HTTP/1.1\r\n{proof()}", 400, "This address is a proxy"),
        (f"CONNECT example.com HTTP/1.1\r\n{proof()}", 400, "no host and port"),
        (f"CONNECT {HOST}.:443 HTTP/1.1\r\n{proof()}", 400, "no host and port"),
        (f"CONNECT 127.0.0.1:1 HTTP/1.1\r\n{proof()}", 503, "127.0.0.1:1 does not answer"),
        (f"GET http://127.0.0.1:1/ HTTP/1.1\r\n{proof()}", 503, "127.0.0.1:1 does not answer"),
        (f"POST http://127.0.0.1:1/ HTTP/1.1\r\n{proof()}Content-Length: 1\r\nContent-Length: 2\r\n", 400, "Length"),
        (f"GET http://a/ HTTP/1.1\r\n{proof()}X: {'x' * 70_000}\r\n", 413, "too long"),
    ]
    async with without_gateway(tmp_path) as proxy:
        for data, status, says in cases:
            answer = await sent(proxy, f"{data}\r\n")
            assert (answer.status, says in answer.body.decode()) == (status, True), (data[:80], answer)
            assert (answer.value("proxy-authenticate") is not None) == (status == 407)


async def test_a_token_is_refreshed_before_it_ends(front: Front, machine: Machine) -> None:
    async with running(machine) as (proxy, _):
        first = machine.session.kept().access_token
        machine.let_go_stale()
        for _ in range(2):
            assert (await asked_claude(front, proxy, "hello")).status == 200
        assert machine.session.kept().access_token != first
    assert [what for what, _ in front.provider.asked].count("again") == 1


async def test_when_the_sign_in_is_over_only_routed_hosts_stop_and_the_person_is_told(
    front: Front, machine: Machine
) -> None:
    async with running(machine) as (proxy, told), Elsewhere().listening() as there:
        await asyncio.to_thread(machine.session.end)
        answer = await asked_claude(front, proxy, "hello")
        assert answer.status == 401
        assert "Sign in" in answer.message
        await asked_claude(front, proxy, "hello")
        assert len(told) == 1
        assert "maskproxy login" in told[0]
        assert (await sent(proxy, f"GET http://127.0.0.1:{there.port}/ HTTP/1.1\r\n{proof()}\r\n")).status == 200


async def test_when_the_gateway_is_away_the_rest_goes_on(front: Front, machine: Machine) -> None:
    async with running(machine) as (proxy, _), Elsewhere().listening() as there:
        await front.listeners.close()
        answer = await sent(proxy, f"CONNECT {HOST}:443 HTTP/1.1\r\n{proof()}\r\n")
        assert (answer.status, b"maskproxy doctor" in answer.body) == (503, True)
        assert (await sent(proxy, f"GET http://127.0.0.1:{there.port}/ HTTP/1.1\r\n{proof()}\r\n")).status == 200


async def test_what_is_routed_is_asked_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_LOOKS_AGAIN_S", 0.05)
    async with running(machine) as (proxy, _):
        known = proxy.routed
        proxy.routed = replace(known, hosts=frozenset())
        async with asyncio.timeout(10):
            while proxy.routed != known:
                await asyncio.sleep(0.02)


async def test_heads_and_silence_have_deadlines_and_connections_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "HEAD_S", 0.5)
    monkeypatch.setattr(connecting, "Idle", lambda: piping.Idle(0.8))
    async with without_gateway(tmp_path) as proxy, Elsewhere().listening() as there:
        assert (await sent(proxy, "CONNECT a")).status == 408
        async with opened(proxy) as link:
            await connected(link, f"127.0.0.1:{there.port}")
            for _ in range(4):
                await asyncio.sleep(0.3)
                link.writer.write(b"x")
                assert await link.reader.readexactly(1) == b"x"
            begun = time.monotonic()
            with contextlib.suppress(ConnectionError):
                assert await link.reader.read(-1) == b""
            assert time.monotonic() - begun < 5
        monkeypatch.setattr(connecting, "MOST_CONNECTIONS", 0)
        answer = await sent(proxy, f"CONNECT a:1 HTTP/1.1\r\n{proof()}\r\n")
        assert (answer.status, b"Too many" in answer.body) == (503, True)


async def test_it_ends_with_its_tunnels(tmp_path: Path) -> None:
    async with Elsewhere().listening() as there, contextlib.AsyncExitStack() as stack:
        async with without_gateway(tmp_path) as proxy:
            link = await stack.enter_async_context(opened(proxy))
            await connected(link, f"127.0.0.1:{there.port}")
        with contextlib.suppress(ConnectionError):
            assert await link.reader.read(-1) == b""


async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    async with without_gateway(tmp_path) as proxy:
        with pytest.raises(StartFailed, match="taken"):
            async with proxy.listening(proxy.port):
                pass


async def test_a_gateway_that_intercepts_nothing_is_told_at_once(front: Front, machine: Machine) -> None:
    front.parts.gateway.certificates = None
    with pytest.raises(Unavailable, match="--base-url"):
        async with running(machine):
            pass


async def test_no_token_and_no_secret_is_in_a_file_of_trust_or_in_the_log(front: Front, machine: Machine) -> None:
    async with running(machine) as (proxy, told):
        await asked_claude(front, proxy, "hello")
    token = machine.session.kept().access_token
    for path in machine.places.directory.iterdir():
        assert path.stat().st_mode & 0o077 == 0
        if path.suffix != ".json":
            assert token not in path.read_text()
    assert token not in json.dumps(told) + front.log.getvalue()


REFUSALS = [
    (b"HTTP/1.1 403 No\r\nContent-Length: 33\r\n\r\n" + b'{"error":{"message":"Not that."}}', "Not that."),
    (b"HTTP/1.1 407 Who\r\nContent-Length: 4\r\n\r\nwho?", "The proxy on the way refuses this host."),
    (b"HTTP/1.1 502 Bad\r\n\r\n", "The proxy on the way refuses this host."),
    (b"rubbish\r\n\r\n", "cannot be read"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "too long"),
    (b"HTTP/1.1 200", "does not answer"),
    (b"", "does not answer"),
]


@pytest.mark.parametrize(("data", "says"), REFUSALS)
async def test_a_previous_proxy_that_refuses_is_told_of_and_asks_for_no_password(
    tmp_path: Path, data: bytes, says: str
) -> None:
    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(refusing, "127.0.0.1", 0)
    before = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, without_gateway(tmp_path, HTTPS_PROXY=before) as proxy:
        answer = await sent(proxy, f"CONNECT a.example.com:443 HTTP/1.1\r\n{proof()}\r\n")
    assert (answer.status, says in answer.body.decode()) == (503, True), answer
    assert answer.value("proxy-authenticate") is None
