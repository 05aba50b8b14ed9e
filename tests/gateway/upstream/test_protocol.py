"""One connection under strain: back-pressure both ways, early answers, deadlines, and exchanges that are given up."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from maskproxy.errors import TooLarge, UpstreamFailed
from maskproxy.gateway.upstream.pool import UpstreamPool
from maskproxy.masking.masked import Masked
from tests.gateway.upstream.reading import torn, whole
from tests.scripted_upstream import OK, Peer, ScriptedUpstream, replies, says

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"
MIB = 1 << 20


class Body:
    """A body that is made while it is sent: counts what was taken, and knows whether it was closed."""

    def __init__(self, parts: int, size: int = MIB, failure: Exception | None = None) -> None:
        self.taken = 0
        self.closed = False
        self._parts = parts
        self._size = size
        self._failure = failure

    async def made(self) -> AsyncIterator[Masked]:
        try:
            for _ in range(self._parts):
                await asyncio.sleep(0)
                self.taken += 1
                yield Masked(b"x" * self._size)
            if self._failure is not None:
                raise self._failure
            if self._parts == 0:
                await asyncio.get_running_loop().create_future()
        finally:
            self.closed = True


async def floods(peer: Peer) -> None:
    """Answer without an end, and say in `peer.writer` how far it got."""
    await peer.request()
    await peer.say(CHUNKED)
    while True:
        await peer.say(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        Flood.sent += 65_536


class Flood:
    sent = 0


async def test_an_answer_that_nobody_reads_stops_upstream(pool: UpstreamPool) -> None:
    Flood.sent = 0
    async with ScriptedUpstream(floods) as upstream:
        answer = await pool.send(upstream.origin, "GET", "/", [], None)
        before = -1
        while before != Flood.sent:
            before = Flood.sent
            await asyncio.sleep(0.1)
        # The kernel's buffers take some megabytes on loopback; without back-pressure nothing would ever stop.
        assert Flood.sent < 64 * MIB
        got = 0
        async for chunk in answer.chunks():
            assert 0 < len(chunk) <= 65_536
            got += len(chunk)
            if got > before + 4 * MIB:
                break
        await answer.close()
        assert pool.counts() == (0, 0, 0)


async def test_a_slow_reader_is_not_taken_for_a_silent_upstream(hasty: UpstreamPool) -> None:
    async with ScriptedUpstream(
        replies(b"HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n" + b"x" * 4 * MIB)
    ) as upstream:
        answer = await hasty.send(upstream.origin, "GET", "/", [], None)
        await asyncio.sleep(0.6)
        assert len(await whole(answer)) == 4 * MIB
        assert await whole(await hasty.send(upstream.origin, "GET", "/", [], None))
        assert upstream.connections == 1


async def test_an_answer_that_is_read_after_its_connection_went_on_is_still_whole(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst", OK)) as upstream:
        first = await pool.send(upstream.origin, "GET", "/", [], None)
        second = await pool.send(upstream.origin, "GET", "/", [], None)
        assert upstream.connections == 1
        assert await whole(second) == b"ok"
        assert await whole(first) == b"first"


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_upstream_that_does_not_read_stops_the_body_and_is_given_up(
    streamed: bool, hasty: UpstreamPool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(5)

    body = Body(512)
    async with ScriptedUpstream(script) as upstream:
        sent = body.made() if streamed else Masked(b"x" * 64 * MIB)
        with pytest.raises(UpstreamFailed, match="stopped reading"):
            await hasty.send(upstream.origin, "POST", "/", [], sent)
        assert body.taken < 64
        assert body.closed == streamed
        assert hasty.counts() == (0, 0, 0)


async def answers_early(peer: Peer) -> None:
    if peer.number:
        await replies(OK)(peer)
    await peer.head()
    await peer.say(TOO_LARGE)
    await peer.ended()


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_early_answer_stops_the_body_and_ends_the_connection(streamed: bool, pool: UpstreamPool) -> None:
    body = Body(512)
    async with ScriptedUpstream(answers_early) as upstream:
        answer = await pool.send(upstream.origin, "POST", "/", [], body.made() if streamed else Masked(b"x" * 64 * MIB))
        assert answer.status == 413
        assert await whole(answer) == b"big"
        assert pool.counts() == (0, 0, 0)
        assert body.taken < 512
        assert body.closed == streamed
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        assert upstream.connections == 2


async def test_an_early_answer_does_not_wait_for_a_body_that_stalls(pool: UpstreamPool) -> None:
    async def made() -> AsyncIterator[Masked]:
        yield Masked(b"beginning")
        await asyncio.get_running_loop().create_future()

    async with ScriptedUpstream(answers_early) as upstream:
        answer = await pool.send(upstream.origin, "POST", "/", [], made())
        assert (answer.status, await whole(answer)) == (413, b"big")


async def test_a_body_that_fails_ends_the_exchange_with_its_own_error(pool: UpstreamPool) -> None:
    body = Body(3, 10, TooLarge("The request is too large."))

    async def script(peer: Peer) -> None:
        seen.append(await peer.head() + await peer.ended())

    seen: list[bytes] = []
    async with ScriptedUpstream(script) as upstream:
        with pytest.raises(TooLarge):
            await pool.send(upstream.origin, "POST", "/", [], body.made())
        assert body.closed
        assert pool.counts() == (0, 0, 0)
        await upstream.until(lambda: upstream.open == 0)
    assert not any(b"\r\n0\r\n" in part for part in seen)


async def test_a_lost_connection_stops_a_body_that_stalls(pool: UpstreamPool) -> None:
    async def made() -> AsyncIterator[Masked]:
        yield Masked(b"beginning")
        await asyncio.get_running_loop().create_future()

    async def script(peer: Peer) -> None:
        await peer.head()
        peer.reset()

    async with ScriptedUpstream(script) as upstream:
        with pytest.raises(UpstreamFailed):
            await pool.send(upstream.origin, "POST", "/", [], made())


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ((), "did not answer in time"),
        ((b"HTTP/1.1 100 Continue\r\n\r\n",), "did not answer in time"),
        ((CHUNKED + b"5\r\nhello\r\n",), "went silent"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",), "went silent"),
    ],
)
async def test_silence_has_a_deadline(parts: tuple[bytes, ...], sentence: str, hasty: UpstreamPool) -> None:
    async with ScriptedUpstream(says(*parts, then="hold")) as upstream:
        with pytest.raises(UpstreamFailed, match=sentence) as failure:
            await whole(await hasty.send(upstream.origin, "POST", "/", [], Masked(b"{}")))
        assert not failure.value.retry
        await upstream.until(lambda: upstream.open == 0)


async def test_a_head_that_drips_does_not_extend_its_deadline(hasty: UpstreamPool) -> None:
    async with ScriptedUpstream(
        says(*[bytes([b]) for b in b"HTTP/1.1 200 OK\r\nX: y\r\n" * 9], every_s=0.05)
    ) as upstream:
        with pytest.raises(UpstreamFailed, match="in time"):
            await hasty.send(upstream.origin, "GET", "/", [], None)


async def test_a_body_that_drips_goes_on_as_long_as_it_moves(hasty: UpstreamPool) -> None:
    parts = (b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", *[b"x"] * 12)
    async with ScriptedUpstream(says(*parts, every_s=0.05, then="hold")) as upstream:
        assert await whole(await hasty.send(upstream.origin, "GET", "/", [], None)) == b"x" * 12


async def test_what_came_before_a_tear_is_given_before_the_failure(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(says(CHUNKED + b"5\r\nhello\r\n", then="close")) as upstream:
        assert await torn(await pool.send(upstream.origin, "GET", "/", [], None)) == b"hello"


async def test_closing_an_answer_before_its_end_closes_the_connection_at_once(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(says(CHUNKED + b"5\r\nhello\r\n", then="hold")) as upstream:
        answer = await pool.send(upstream.origin, "GET", "/", [], None)
        chunks = aiter(answer.chunks())
        assert await anext(chunks) == b"hello"
        rest = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0)
        await answer.close()
        await answer.close()
        assert pool.counts() == (0, 0, 0)
        with pytest.raises(UpstreamFailed):
            await rest
        await upstream.until(lambda: upstream.open == 0)


async def test_closing_an_answer_that_has_ended_keeps_the_connection(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK)) as upstream:
        for _ in range(3):
            await (await pool.send(upstream.origin, "GET", "/", [], None)).close()
        assert (upstream.connections, pool.counts()) == (1, (1, 1, 0))


async def unsteady(peer: Peer) -> None:
    """Take time at every step of an answer."""
    dice = random.Random(peer.number)
    while True:
        await peer.request()
        for part in (
            b"HTTP/1.1 200 OK\r\nTransfer-",
            b"Encoding: chunked\r\n\r\n",
            b"5\r\nhe",
            b"llo\r\n",
            b"0\r\n\r\n",
        ):
            await asyncio.sleep(dice.random() * 0.01)
            await peer.say(part)


@pytest.mark.parametrize("limit", [4, 1024])
async def test_a_hundred_requests_cancelled_anywhere_leave_nothing_behind(limit: int) -> None:
    pool = UpstreamPool(limit_per_origin=limit)
    dice = random.Random(limit)
    async with ScriptedUpstream(unsteady) as upstream:

        async def exchange(number: int) -> None:
            body = [None, Masked(b"{}"), Masked(b"x" * 300_000), Body(3, 1_000).made()][number % 4]
            assert await whole(await pool.send(upstream.origin, "POST", "/", [], body)) == b"hello"

        async def cancelled(number: int) -> None:
            task = asyncio.ensure_future(exchange(number))
            await asyncio.sleep(dice.random() * 0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled() or task.exception() is None

        await asyncio.gather(*(cancelled(number) for number in range(100)))
        counts = pool.counts()
        assert counts.open == counts.idle <= limit
        assert counts.waiting == 0
        assert await asyncio.wait_for(asyncio.gather(*(exchange(n) for n in range(8))), 10) == [None] * 8
        await pool.close()
        assert pool.counts() == (0, 0, 0)
        await upstream.until(lambda: upstream.open == 0)
