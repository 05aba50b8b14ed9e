"""Everything that upstream may do wrong, over real TLS: it is refused or visibly torn, and the connection never reused.

Each case is what upstream says to one request. `TORN`: no whole answer may come of it. `CLOSED`: the answer is whole
and right, but what surrounds it must keep the connection from carrying another request.
"""

import asyncio

import pytest

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.pool import UpstreamPool
from maskproxy.masking.masked import Masked
from tests.gateway.upstream.reading import whole
from tests.scripted_upstream import OK, Peer, Script, ScriptedUpstream, replies, says

OK_HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def fields(*lines: bytes) -> bytes:
    return OK_HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\nhello"


async def nothing(peer: Peer) -> None:
    await peer.request()


async def slams(peer: Peer) -> None:
    await peer.head()
    peer.reset()


async def drips_head(peer: Peer) -> None:
    await peer.request()
    for byte in OK_HEAD + b"X: " + b"a" * 10_000:
        await peer.say(bytes([byte]))
        await asyncio.sleep(0.02)


async def endless_interims(peer: Peer) -> None:
    await peer.request()
    while True:
        await peer.say(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


async def endless_head(peer: Peer) -> None:
    await peer.request()
    await peer.say(OK_HEAD)
    while True:
        await peer.say(b"X-Again: " + b"a" * 1_000 + b"\r\n")


async def endless_trailers(peer: Peer) -> None:
    await peer.request()
    await peer.say(CHUNKED + b"5\r\nhello\r\n0\r\n")
    while True:
        await peer.say(b"X-Again: a\r\n" * 100)


async def endless_extension(peer: Peer) -> None:
    await peer.request()
    await peer.say(CHUNKED + b"5;")
    while True:
        await peer.say(b"a" * 1_000)


async def drips_framing(peer: Peer) -> None:
    await peer.request()
    await peer.say(CHUNKED + b"5;")
    while True:
        await peer.say(b"a")
        await asyncio.sleep(0.05)


TORN: dict[str, Script] = {
    "two equal lengths": says(fields(b"Content-Length: 5", b"Content-Length: 5"), then="hold"),
    "two lengths": says(fields(b"Content-Length: 5", b"Content-Length: 6"), then="hold"),
    "a list of lengths": says(fields(b"Content-Length: 5, 5"), then="hold"),
    "length and chunked": says(
        OK_HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", then="hold"
    ),
    "chunked and length": says(
        OK_HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", then="hold"
    ),
    "identity coding": says(fields(b"Transfer-Encoding: identity"), then="close"),
    "gzip coding": says(fields(b"Transfer-Encoding: gzip"), then="close"),
    "gzip, chunked": says(fields(b"Transfer-Encoding: gzip, chunked"), then="hold"),
    "chunked twice": says(OK_HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", then="hold"),
    "two coding fields": says(OK_HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n", then="hold"),
    "a coding on HTTP/1.0": says(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", then="close"),
    "negative length": says(fields(b"Content-Length: -5"), then="hold"),
    "signed length": says(fields(b"Content-Length: +5"), then="hold"),
    "hexadecimal length": says(fields(b"Content-Length: 0x5"), then="hold"),
    "overflowing length": says(fields(b"Content-Length: 18446744073709551621"), then="hold"),
    "empty length": says(fields(b"Content-Length:"), then="hold"),
    "no length, no close": says(OK_HEAD + b"\r\nhello", then="close"),
    "a length that never comes": says(fields(b"Content-Length: 999999999999999999"), then="close"),
    "truncated body": says(fields(b"Content-Length: 6"), then="close"),
    "torn body": says(fields(b"Content-Length: 6"), then="tear"),
    "reset in the body": says(fields(b"Content-Length: 6"), then="reset"),
    "torn body until the close": says(fields(b"Connection: close"), then="tear"),
    "reset in a body until the close": says(fields(b"Connection: close"), then="reset"),
    "reset in the head": says(OK_HEAD + b"X-", then="reset"),
    "closed in the head": says(OK_HEAD + b"X-", then="close"),
    "reset before the head": slams,
    "closed before the head": nothing,
    "silence": says(then="hold"),
    "silence in the head": says(OK_HEAD, then="hold"),
    "silence in the body": says(fields(b"Content-Length: 6"), then="hold"),
    "one byte of head at a time": drips_head,
    "endless interim answers": endless_interims,
    "switching protocols": says(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", then="hold"
    ),
    "interim answer with a length": says(b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + OK, then="hold"),
    "only an interim answer": says(b"HTTP/1.1 100 Continue\r\n\r\n", then="close"),
    "endless head": endless_head,
    "one huge field": says(fields(b"Content-Length: 5", b"X: " + b"a" * 20_000), then="hold"),
    "too many fields": says(fields(b"Content-Length: 5", *[b"X: a"] * 300), then="hold"),
    "NUL in a field": says(fields(b"Content-Length: 5", b"X: a\x00b"), then="hold"),
    "control in a field": says(fields(b"Content-Length: 5", b"X: \x08"), then="hold"),
    "folded field": says(fields(b"Content-Length: 5", b"X: a", b" b"), then="hold"),
    "folded length": says(fields(b"Content-Length:", b" 5"), then="hold"),
    "bare CR": says(fields(b"Content-Length: 5", b"X: a\rY: b"), then="hold"),
    "bare LF": says(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", then="hold"),
    "bare LF among CRLF": says(fields(b"Content-Length: 5\nX: b"), then="hold"),
    "space before the colon": says(fields(b"Content-Length : 5"), then="hold"),
    "no colon": says(fields(b"Content-Length: 5", b"nonsense"), then="hold"),
    "no field name": says(fields(b"Content-Length: 5", b": x"), then="hold"),
    "HTTP/2 preface": says(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", then="hold"),
    "HTTP/2 frame": says(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", then="hold"),
    "HTTP/0.9": says(b"<html>hello</html>", then="close"),
    "HTTP/2.0 status line": says(b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", then="hold"),
    "HTTP/1.2 status line": says(b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok", then="hold"),
    "status out of range": says(b"HTTP/1.1 999 What\r\nContent-Length: 2\r\n\r\nok", then="hold"),
    "a request": says(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", then="hold"),
    "line ends before the head": says(b"\r\n\r\n" + OK, then="hold"),
    "truncated chunk": says(CHUNKED + b"a\r\nhello", then="close"),
    "no last chunk": says(CHUNKED + b"5\r\nhello\r\n", then="close"),
    "last chunk without its end": says(CHUNKED + b"5\r\nhello\r\n0\r\n", then="close"),
    "reset between chunks": says(CHUNKED, b"5\r\nhello\r\n", then="reset"),
    "bad chunk size": says(CHUNKED + b"xyz\r\nhello\r\n0\r\n\r\n", then="hold"),
    "negative chunk size": says(CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", then="hold"),
    "overflowing chunk size": says(CHUNKED + b"10000000000000005\r\nhello\r\n0\r\n\r\n", then="hold"),
    "chunk longer than its size": says(CHUNKED + b"4\r\nhello\r\n0\r\n\r\n", then="hold"),
    "chunk ended by LF": says(CHUNKED + b"5\nhello\n0\n\n", then="hold"),
    "space after the chunk size": says(CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n", then="hold"),
    "endless extension": endless_extension,
    "endless trailers": endless_trailers,
    "framing, one byte at a time": drips_framing,
    "folded trailer": says(CHUNKED + b"0\r\nX: a\r\n b\r\n\r\n", then="hold"),
}

CLOSED: dict[str, tuple[bytes, bytes]] = {
    "bytes after a sized body": (OK + b"extra", b"ok"),
    "a second answer": (OK + OK, b"ok"),
    "line ends after a sized body": (OK + b"\r\n", b"ok"),
    "bytes after the last chunk": (CHUNKED + b"5\r\nhello\r\n0\r\n\r\nextra", b"hello"),
    "a second answer after the last chunk": (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n" + OK, b"hello"),
    "line ends after the last chunk": (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n\r\n", b"hello"),
    "a line feed after the last chunk": (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n\n", b"hello"),
    "a body on 204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", b""),
    "a chunked body on 304": (
        b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"",
    ),
    "an announced close that does not come": (OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"ok"),
    "HTTP/1.0 that claims to keep": (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        b"ok",
    ),
}


def after(first: Script) -> Script:
    """Misbehave on the first connection, be good on those that follow."""

    async def script(peer: Peer) -> None:
        await (first if peer.number == 0 else replies(OK))(peer)

    return script


@pytest.mark.parametrize("name", TORN)
async def test_a_broken_answer_is_never_a_whole_one(name: str, hasty: UpstreamPool) -> None:
    async with ScriptedUpstream(after(TORN[name])) as upstream:
        with pytest.raises(UpstreamFailed) as failure:
            await whole(await hasty.send(upstream.origin, "POST", "/", [], Masked(b"{}")))
        assert "hello" not in str(failure.value) + failure.value.detail
        assert hasty.counts() == (0, 0, 0)
        assert await whole(await hasty.send(upstream.origin, "POST", "/", [], Masked(b"{}"))) == b"ok"
        assert upstream.connections == 2


@pytest.mark.parametrize("name", CLOSED)
async def test_an_answer_with_something_around_it_is_the_last_of_its_connection(name: str, pool: UpstreamPool) -> None:
    answer, body = CLOSED[name]
    async with ScriptedUpstream(after(says(answer, then="hold"))) as upstream:
        assert await whole(await pool.send(upstream.origin, "POST", "/", [], Masked(b"{}"))) == body
        assert await whole(await pool.send(upstream.origin, "POST", "/", [], Masked(b"{}"))) == b"ok"
        assert upstream.connections == 2


async def test_a_body_after_the_answer_to_a_head_request_is_not_taken_for_the_next_answer(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(after(says(OK, then="hold"))) as upstream:
        answer = await pool.send(upstream.origin, "HEAD", "/", [], None)
        assert await whole(answer) == b""
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        assert upstream.connections == 2


async def test_bytes_that_come_while_nothing_was_asked_end_the_connection(pool: UpstreamPool) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        if peer.number == 0:
            await asyncio.sleep(0.02)
            await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
            assert await peer.ended() == b""
            ended.set()

    ended = asyncio.Event()
    async with ScriptedUpstream(script) as upstream:
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        await asyncio.wait_for(ended.wait(), 5)
        assert pool.counts() == (0, 0, 0)
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        assert upstream.connections == 2
