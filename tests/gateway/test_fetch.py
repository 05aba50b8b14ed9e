from __future__ import annotations

import asyncio
import json
import socket
import ssl
import zlib
from contextlib import suppress

import pytest
import trustme
from aiohttp import web

from maskproxy.gateway.fetch import LARGEST_ANSWER_BYTES, FetchFailed, fetch, fetch_json, is_safe
from tests.fakes_issuer import Answer, FakeIssuer, endless, raw, redirect_to, silent


@pytest.mark.parametrize(
    "url",
    [
        "https://idp.example.com",
        "https://idp.example.com:8443/realms/a?b=c",
        "HTTPS://idp.example.com/",
        "http://127.0.0.1:8080/x",
        "http://127.9.9.9/",
        "http://[::1]:80/",
        "http://localhost:1",
    ],
)
def test_safe_urls(url: str) -> None:
    assert is_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "idp.example.com",
        "//idp.example.com",
        "http://idp.example.com",
        "http://10.0.0.1",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1@evil.example/",
        "https://user:word@idp.example.com",
        "https://idp.example.com/#x",
        "https://idp.example.com/a b",
        "https://idp.example.com/a\r\nX: y",
        "https://idp.example.com\\@evil.example/",
        "https://idp.example.com:99999/",
        "https://idp.exämple.com/",
        "https:///x",
        "file:///etc/passwd",
        "ftp://localhost/x",
        "javascript:alert(1)",
    ],
)
def test_unsafe_urls(url: str) -> None:
    assert not is_safe(url)


async def fetched_json(issuer: FakeIssuer, answer: Answer, deadline_s: float = 5) -> dict[str, object]:
    issuer.instead["/jwks"] = answer
    return await fetch_json(f"{issuer.url}/jwks", trust=None, deadline_s=deadline_s)


async def test_reads_an_object() -> None:
    async with FakeIssuer() as issuer:
        assert await fetched_json(issuer, raw(b' {"a": [1]} ', Content_Type="text/plain")) == {"a": [1]}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (raw(b"{}", status=500), "status 500"),
        (raw(b"{}", status=204), "status 204"),
        (raw(b"{}", status=404), "status 404"),
        (redirect_to("/other"), "status 302"),
        (redirect_to("http://169.254.169.254/"), "status 302"),
        (raw(zlib.compress(b"{}"), Content_Encoding="deflate"), "coding"),
        (raw(b"[]"), "not a JSON object"),
        (raw(b"<html>"), "not JSON"),
        (raw(b'{"a":1,"a":2}'), "twice"),
        (raw(b'{"a":' * 40 + b"1" + b"}" * 40), "too deep"),
        (raw(b"{}" + b" " * LARGEST_ANSWER_BYTES), "larger than"),
        (endless(), "larger than"),
    ],
)
async def test_a_bad_answer_is_refused(answer: Answer, reason: str) -> None:
    async with FakeIssuer() as issuer:
        with pytest.raises(FetchFailed, match=reason):
            await fetched_json(issuer, answer)
        assert issuer.requests == ["/jwks"], "a redirect is not followed"


async def test_silence_ends_at_the_deadline() -> None:
    released = asyncio.Event()
    async with FakeIssuer() as issuer:
        with pytest.raises(FetchFailed, match="no whole answer"):
            await fetched_json(issuer, silent(released), deadline_s=0.1)
        released.set()


async def test_an_answer_that_drips_ends_at_the_deadline() -> None:
    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not reader.at_eof():
            writer.write(b"x")
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.02)
        writer.close()
        gone.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(FetchFailed, match="no whole answer"):
        await fetch_json(f"http://127.0.0.1:{port}/", trust=None, deadline_s=0.3)
    await asyncio.wait_for(gone.wait(), 5)
    server.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nbad\r\n\r\n{}",
    ],
)
async def test_a_broken_answer_fails_without_repeating_it(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(FetchFailed, match="the exchange failed") as caught:
        await fetch_json(f"http://127.0.0.1:{port}/", trust=None, deadline_s=5)
    assert caught.value.__cause__ is None
    server.close()


async def test_nobody_there() -> None:
    async with FakeIssuer() as issuer:
        url = issuer.url
    with pytest.raises(FetchFailed, match="exchange failed"):
        await fetch_json(url, trust=None, deadline_s=5)


async def test_an_unsafe_url_is_never_asked() -> None:
    with pytest.raises(FetchFailed, match="neither https"):
        await fetch_json("http://192.0.2.1/", trust=None, deadline_s=5)


def _contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    return server, client


async def test_tls_with_the_trust_that_was_given() -> None:
    server, client = _contexts()
    async with FakeIssuer(ssl_context=server) as issuer:
        assert await fetch_json(f"{issuer.url}/jwks", trust=client, deadline_s=5)


@pytest.mark.parametrize(("host", "trusted"), [("localhost", False), ("127.0.0.1", True)])
async def test_tls_with_another_trust_or_name_is_refused(host: str, trusted: bool) -> None:
    server, client = _contexts()

    def refuse_once(listener: socket.socket) -> bytes:
        # On a thread: asyncio's own TLS server leaves the connection open when a handshake is broken off.
        with listener, listener.accept()[0] as plain:
            try:
                with server.wrap_socket(plain, server_side=True) as inner:
                    return inner.recv(100)
            except OSError:
                return b""

    listener = socket.create_server(("127.0.0.1", 0))
    url = f"https://{host}:{listener.getsockname()[1]}/"
    received = asyncio.get_running_loop().run_in_executor(None, refuse_once, listener)
    with pytest.raises(FetchFailed, match="TLS failed"):
        await fetch_json(url, trust=client if trusted else None, deadline_s=5)
    assert await received == b""


async def test_posts_a_form_with_credentials_and_nothing_else() -> None:
    async with FakeIssuer() as issuer:
        issuer.grants = [{"access_token": "t"}]
        url = f"{issuer.url}/token"
        answer = await fetch_json(url, trust=None, deadline_s=5, form={"a": "b c&d"}, authorization="Basic xyz")
        assert answer == json.loads(json.dumps(issuer.grants[0]))
        assert issuer.forms == [{"a": "b c&d"}]
        assert issuer.authorizations == ["Basic xyz"]


@pytest.mark.parametrize(
    ("fields", "media_type"),
    [
        ({"Content_Type": "application/JWT; charset=utf-8"}, "application/jwt"),
        ({"Content_Type": "text/html"}, "text/html"),
        ({"Content_Type": ""}, ""),
    ],
)
async def test_an_answer_as_it_is(fields: dict[str, str], media_type: str) -> None:
    async with FakeIssuer() as issuer:
        issuer.instead["/jwks"] = raw(b"a.b.c", status=400, **fields)
        found = await fetch(f"{issuer.url}/jwks", trust=None, deadline_s=5, statuses={200, 400})
        assert found == (400, media_type, b"a.b.c")


async def test_says_what_it_takes_and_no_more() -> None:
    seen: list[dict[str, str]] = []

    async def note(request: web.Request) -> web.StreamResponse:
        seen.append(dict(request.headers))
        return web.Response()

    async with FakeIssuer() as issuer:
        issuer.instead["/jwks"] = note
        await fetch(f"{issuer.url}/jwks", trust=None, deadline_s=5, accept="application/jwt")
        host = issuer.url.removeprefix("http://")
    assert seen == [
        {"Host": host, "Accept": "application/jwt", "Accept-Encoding": "identity", "User-Agent": "maskproxy"}
    ]


async def test_an_answer_with_another_status_is_not_read() -> None:
    async with FakeIssuer() as issuer:
        issuer.instead["/jwks"] = endless()
        with pytest.raises(FetchFailed, match="status 200") as caught:
            await fetch(f"{issuer.url}/jwks", trust=None, deadline_s=5, statuses={201})
        assert caught.value.status == 200
