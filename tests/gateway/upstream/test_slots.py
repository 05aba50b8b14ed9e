import asyncio

import pytest

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.origin import Origin
from maskproxy.gateway.upstream.pool import UpstreamPool
from tests.gateway.upstream.reading import whole
from tests.scripted_upstream import OK, Peer, ScriptedUpstream, replies


async def slow(peer: Peer) -> None:
    while True:
        await peer.request()
        await asyncio.sleep(0.01)
        await peer.say(OK)


async def silent(peer: Peer) -> None:
    await peer.request()
    await peer.ended()


async def test_the_limit_holds_and_everybody_has_a_turn() -> None:
    pool = UpstreamPool(limit_per_origin=3)
    async with ScriptedUpstream(slow) as upstream:

        async def one() -> bytes:
            return await whole(await pool.send(upstream.origin, "GET", "/", [], None))

        tasks = [asyncio.ensure_future(one()) for _ in range(20)]
        await asyncio.sleep(0)
        assert pool.counts() == (3, 0, 17)
        assert await asyncio.gather(*tasks) == [b"ok"] * 20
        assert upstream.connections == 3
        assert pool.counts() == (3, 3, 0)
        await pool.close()


async def test_a_freed_slot_goes_to_who_waits() -> None:
    pool = UpstreamPool(limit_per_origin=1)
    async with ScriptedUpstream(silent) as upstream:
        first = asyncio.ensure_future(pool.send(upstream.origin, "GET", "/", [], None))
        second = asyncio.ensure_future(pool.send(upstream.origin, "GET", "/", [], None))
        await upstream.until(lambda: len(upstream.requests) == 1)
        assert pool.counts() == (1, 0, 1)
        first.cancel()
        await upstream.until(lambda: len(upstream.requests) == 2)
        assert pool.counts() == (1, 0, 0)
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        assert pool.counts() == (0, 0, 0)
        await pool.close()


async def test_who_waits_too_long_is_told_to_try_again() -> None:
    pool = UpstreamPool(limit_per_origin=1, wait_timeout_s=0.05)
    async with ScriptedUpstream(silent) as upstream:
        first = asyncio.ensure_future(pool.send(upstream.origin, "GET", "/", [], None))
        await asyncio.sleep(0)
        with pytest.raises(UpstreamFailed, match="busy") as failure:
            await pool.send(upstream.origin, "GET", "/", [], None)
        assert failure.value.retry
        assert pool.counts() == (1, 0, 0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await pool.close()


async def test_a_waiting_request_that_is_cancelled_loses_nothing() -> None:
    pool = UpstreamPool(limit_per_origin=1)
    async with ScriptedUpstream(slow) as upstream:

        async def one() -> bytes:
            return await whole(await pool.send(upstream.origin, "GET", "/", [], None))

        tasks = [asyncio.ensure_future(one()) for _ in range(12)]
        await upstream.until(lambda: len(upstream.requests) == 1)
        for task in tasks[1::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[::2] == [b"ok"] * 6
        assert pool.counts() == (1, 1, 0)
        await pool.close()


async def test_closing_the_pool_ends_every_wait() -> None:
    pool = UpstreamPool(limit_per_origin=1)
    async with ScriptedUpstream(silent) as upstream:
        tasks = [asyncio.ensure_future(pool.send(upstream.origin, "GET", "/", [], None)) for _ in range(3)]
        await upstream.until(lambda: len(upstream.requests) == 1)
        await pool.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, UpstreamFailed) for outcome in outcomes)
        assert pool.counts() == (0, 0, 0)


async def test_warm_connections_wait_for_work(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK)) as upstream:
        assert await pool.warm(upstream.origin, 3) == 3
        assert await pool.warm(upstream.origin, 2) == 3
        assert pool.counts() == (3, 3, 0)
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
        assert pool.counts() == (3, 3, 0)
        assert upstream.connections == 3


async def test_warming_stays_within_the_limit() -> None:
    pool = UpstreamPool(limit_per_origin=2)
    async with ScriptedUpstream(replies(OK)) as upstream:
        assert await pool.warm(upstream.origin, 5) == 2
        await pool.close()


async def test_warming_an_origin_that_is_down_is_no_error(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK)) as upstream:
        origin = upstream.origin
    assert await pool.warm(origin, 3) == 0
    assert pool.counts() == (0, 0, 0)


async def test_warming_that_is_cancelled_keeps_no_slot_it_does_not_use(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK)) as upstream:
        task = asyncio.ensure_future(pool.warm(upstream.origin, 8))
        await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.01)
        counts = pool.counts()
        assert counts.open == counts.idle


async def test_a_failed_dial_frees_its_slot() -> None:
    pool = UpstreamPool(limit_per_origin=1)
    for _ in range(3):
        with pytest.raises(UpstreamFailed) as failure:
            await pool.send(Origin("http", "127.0.0.1", 1), "GET", "/", [], None)
        assert failure.value.retry
        assert pool.counts() == (0, 0, 0)
    await pool.close()


async def test_the_connection_used_last_is_used_next(pool: UpstreamPool) -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % peer.number)

    async with ScriptedUpstream(script) as upstream:
        answers = await asyncio.gather(*(pool.send(upstream.origin, "GET", "/", [], None) for _ in range(3)))
        await asyncio.gather(*(whole(answer) for answer in answers))
        served = [await whole(await pool.send(upstream.origin, "GET", "/", [], None)) for _ in range(5)]
        assert len(set(served)) == 1
