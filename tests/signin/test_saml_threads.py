"""Threads for sign-in never hold up the loop, and what waits for them is bounded."""

from __future__ import annotations

import asyncio
import threading

import pytest

from maskproxy.errors import Unauthenticated, Unavailable
from maskproxy.signin.saml_threads import Threads


async def test_work_is_done_elsewhere_and_its_refusal_comes_back() -> None:
    def refuse() -> None:
        raise Unauthenticated("No.")

    threads = Threads()
    assert await threads.run(threading.get_ident, timeout_s=5) != threading.get_ident()
    with pytest.raises(Unauthenticated, match="No"):
        await threads.run(refuse, timeout_s=5)
    threads.close()


async def test_slow_work_keeps_its_place_until_it_ends() -> None:
    threads = Threads(threads=1, most_waiting=0)
    begun, end = threading.Event(), threading.Event()

    def slow() -> bool:
        begun.set()
        return end.wait(10)

    with pytest.raises(Unavailable, match="too busy") as refusal:
        await threads.run(slow, timeout_s=0.01)
    assert refusal.value.retry
    assert begun.is_set()
    with pytest.raises(Unavailable, match="Too many people"):
        await threads.run(lambda: 1, timeout_s=5)
    end.set()
    async with asyncio.timeout(5):
        while await _tried(threads) is None:
            await asyncio.sleep(0.001)
    threads.close()


async def _tried(threads: Threads) -> int | None:
    try:
        return await threads.run(lambda: 1, timeout_s=5)
    except Unavailable:
        return None


async def test_what_was_given_up_before_it_began_is_never_done() -> None:
    threads = Threads(threads=1, most_waiting=4)
    end, done = threading.Event(), threading.Event()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(threads.run(lambda: end.wait(10), timeout_s=10))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await threads.run(done.set, timeout_s=0.01)
        end.set()
        assert await first
    assert await threads.run(lambda: 1, timeout_s=5) == 1
    assert not done.is_set()
    threads.close()


async def test_nothing_is_taken_after_the_end() -> None:
    threads = Threads(threads=1, most_waiting=0)
    threads.close()
    for _ in range(2):
        with pytest.raises(Unavailable, match="shutting down"):
            await threads.run(lambda: 1, timeout_s=5)


async def test_whoever_waits_at_the_end_is_told_and_whoever_goes_away_is_not() -> None:
    threads = Threads(threads=1, most_waiting=4)
    end = threading.Event()
    first = asyncio.create_task(threads.run(lambda: end.wait(10), timeout_s=10))
    second = asyncio.create_task(threads.run(lambda: True, timeout_s=10))
    gone = asyncio.create_task(threads.run(lambda: True, timeout_s=10))
    await asyncio.sleep(0.01)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    threads.close()
    with pytest.raises(Unavailable, match="shutting down"):
        await second
    end.set()
    assert await first
