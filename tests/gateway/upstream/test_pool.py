"""Requests that go well: framing out, answers in, and what happens to the connection between them."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from maskproxy.errors import BadRequest, UpstreamFailed
from maskproxy.gateway.upstream.pool import Origin, UpstreamPool
from maskproxy.masking.masked import Masked
from tests.gateway.upstream.reading import whole
from tests.scripted_upstream import OK, Peer, ScriptedUpstream, replies, says

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def pieces(*parts: bytes) -> AsyncIterator[Masked]:
    for part in parts:
        await asyncio.sleep(0)
        yield Masked(part)


async def test_a_request_arrives_as_it_was_given_and_its_answer_comes_back(pool: UpstreamPool) -> None:
    answer_bytes = b"HTTP/1.1 201 Made\r\nRequest-Id: r1\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\n\r\nhello"
    async with ScriptedUpstream(replies(answer_bytes)) as upstream:
        answer = await pool.send(
            upstream.origin, "POST", "/v1/messages?beta=true", [("X-B", "1"), ("x-b", "2")], Masked(b"{}")
        )
        assert (answer.status, answer.reason) == (201, "Made")
        assert answer.fields == [("Request-Id", "r1"), ("X-A", "1"), ("X-A", "2"), ("Content-Length", "5")]
        assert await whole(answer) == b"hello"
        lines = [b"POST /v1/messages?beta=true HTTP/1.1", b"Host: 127.0.0.1:%d" % upstream.port, b"X-B: 1", b"x-b: 2"]
        assert upstream.requests[0].head.split(b"\r\n") == [*lines, b"Content-Length: 2", b"", b""]
        assert upstream.requests[0].body == b"{}"


async def test_plain_http_works_too(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK), tls=False) as upstream:
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_000])
async def test_a_body_of_any_size_arrives_with_its_length(size: int, pool: UpstreamPool) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    async with ScriptedUpstream(replies(OK)) as upstream:
        assert await whole(await pool.send(upstream.origin, "PUT", "/", [], Masked(body))) == b"ok"
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        assert upstream.requests[0].body == body
        assert upstream.requests[0].field(b"Content-Length") == [b"%d" % size]
        assert upstream.connections == 1


@pytest.mark.parametrize("parts", [[], [b""], [b"one", b"", b"two"], [b"x" * 200_000, b"y"]])
async def test_a_body_that_is_made_while_it_is_sent_arrives_in_chunks(parts: list[bytes], pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK)) as upstream:
        assert await whole(await pool.send(upstream.origin, "POST", "/", [], pieces(*parts))) == b"ok"
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        assert upstream.requests[0].body == b"".join(parts)
        assert upstream.requests[0].field(b"Transfer-Encoding") == [b"chunked"]
        assert upstream.requests[0].field(b"Content-Length") == []
        assert upstream.connections == 1


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (CHUNKED + b"0\r\n\r\n", b""),
        (CHUNKED + b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-T: 1\r\n\r\n", b"hello world"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, b"ok"),
    ],
)
async def test_answers_of_every_framing_are_read_and_the_connection_kept(
    answer: bytes, body: bytes, pool: UpstreamPool
) -> None:
    async with ScriptedUpstream(replies(answer)) as upstream:
        for _ in range(3):
            assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == body
        assert upstream.connections == 1
        assert pool.counts() == (1, 1, 0)


async def test_an_answer_to_HEAD_has_no_body_whatever_its_head_says(pool: UpstreamPool) -> None:  # noqa: N802
    async with ScriptedUpstream(replies(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", OK)) as upstream:
        answer = await pool.send(upstream.origin, "HEAD", "/", [], None)
        assert ("Content-Length", "500") in answer.fields
        assert await whole(answer) == b""
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        assert upstream.connections == 1


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])
async def test_a_body_may_end_with_its_connection(head: bytes, pool: UpstreamPool) -> None:
    async with ScriptedUpstream(says(head, b"hello", b" world", every_s=0.01)) as upstream:
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"hello world"
        assert pool.counts() == (0, 0, 0)


async def test_a_redirect_is_an_answer_like_any_other(pool: UpstreamPool) -> None:
    moved = (
        b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    )
    async with ScriptedUpstream(replies(moved)) as upstream:
        for _ in range(2):
            answer = await pool.send(upstream.origin, "GET", "/", [], None)
            await whole(answer)
            assert answer.status == 302
        assert upstream.requests[1].field(b"cookie") == []


async def test_a_coded_body_is_given_as_it_came(pool: UpstreamPool) -> None:
    coded = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"
    async with ScriptedUpstream(replies(coded)) as upstream:
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"\x1f\x8b\x08\x00"


async def test_proxies_of_the_environment_are_not_used(pool: UpstreamPool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with ScriptedUpstream(replies(OK)) as upstream:
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"


async def test_a_head_that_cannot_be_sent_opens_no_connection(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK)) as upstream:
        with pytest.raises(BadRequest):
            await pool.send(upstream.origin, "GET", "/", [("X", "a\r\nY: b")], None)
        assert (pool.counts(), upstream.connections) == ((0, 0, 0), 0)


async def test_origins_do_not_share_connections(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK)) as one, ScriptedUpstream(replies(OK)) as two:
        for upstream in (one, two, one, two):
            assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        assert (one.connections, two.connections, pool.counts()) == (1, 1, (2, 2, 0))


async def test_the_same_host_with_other_trust_is_another_origin(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK)) as upstream:
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        distrusting = Origin("https", "127.0.0.1", upstream.port, ssl.create_default_context())
        with pytest.raises(UpstreamFailed, match="not trusted"):
            await pool.send(distrusting, "GET", "/", [], None)
        assert pool.counts() == (1, 1, 0)


async def closes_after_first(peer: Peer) -> None:
    """Keep the first connection for one answer only, and close it when the next request comes."""
    await peer.request()
    await peer.say(OK)
    if peer.number == 0:
        await peer.head()
        peer.tear()
    else:
        await replies(OK)(peer)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_a_repeatable_request_survives_a_connection_that_went_stale(method: str, pool: UpstreamPool) -> None:
    async with ScriptedUpstream(closes_after_first) as upstream:
        await whole(await pool.send(upstream.origin, "GET", "/", [], None))
        answer = await pool.send(upstream.origin, method, "/", [], Masked(b"x") if method == "PUT" else None)
        assert answer.status == 200
        await answer.close()
        assert upstream.connections == 2


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_request_that_may_have_done_its_work_is_not_sent_twice(streamed: bool, pool: UpstreamPool) -> None:
    async with ScriptedUpstream(closes_after_first) as upstream:
        await whole(await pool.send(upstream.origin, "GET", "/", [], None))
        with pytest.raises(UpstreamFailed) as failure:
            await pool.send(upstream.origin, "POST", "/", [], pieces(b"x") if streamed else Masked(b"x"))
        assert failure.value.retry
        assert upstream.connections == 1


async def test_a_fresh_connection_that_closes_is_not_tried_again(pool: UpstreamPool) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()

    async with ScriptedUpstream(script) as upstream:
        with pytest.raises(UpstreamFailed) as failure:
            await pool.send(upstream.origin, "GET", "/", [], None)
        assert failure.value.retry
        assert upstream.connections == 1


async def test_a_connection_that_the_peer_closed_while_idle_is_not_used(pool: UpstreamPool) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)

    async with ScriptedUpstream(script) as upstream:
        for number in range(1, 4):
            assert await whole(await pool.send(upstream.origin, "POST", "/", [], Masked(b"{}"))) == b"ok"
            await upstream.until(lambda: upstream.open == 0)
            assert upstream.connections == number


async def test_an_idle_connection_is_closed_after_a_while() -> None:
    pool = UpstreamPool(idle_s=0.05)
    async with ScriptedUpstream(replies(OK)) as upstream:
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        await upstream.until(lambda: upstream.open == 0)
        assert pool.counts() == (0, 0, 0)
    await pool.close()


async def test_closing_the_pool_cuts_what_is_in_flight_and_refuses_what_comes() -> None:
    pool = UpstreamPool()
    async with ScriptedUpstream(says(CHUNKED + b"5\r\nhello\r\n", then="hold")) as upstream:
        answer = await pool.send(upstream.origin, "GET", "/", [], None)
        waiting = asyncio.ensure_future(whole(answer))
        await asyncio.sleep(0)
        await pool.close()
        with pytest.raises(UpstreamFailed):
            await waiting
        with pytest.raises(UpstreamFailed) as failure:
            await pool.send(upstream.origin, "GET", "/", [], None)
        assert failure.value.retry
        assert pool.counts() == (0, 0, 0)


async def test_closing_the_pool_says_goodbye_on_idle_connections() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        goodbyes.append(await peer.ended())

    goodbyes: list[bytes] = []
    pool = UpstreamPool()
    async with ScriptedUpstream(script) as upstream:
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        await pool.close()
        await upstream.until(lambda: upstream.open == 0)
    assert goodbyes == [b""]
