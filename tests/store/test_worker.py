import asyncio
import threading

import pytest

from maskproxy.errors import StoreFailed
from maskproxy.store.worker import Worker


async def test_work_is_done_in_order_in_one_other_thread() -> None:
    worker = Worker("test")
    worker.start()
    done: list[int] = []
    for number in range(50):
        worker.post(lambda number=number: done.append(number))  # type: ignore[misc] # mypy knows no default here
    thread = await worker.call(threading.current_thread, timeout_s=10)
    assert thread is not threading.current_thread()
    assert thread.daemon
    assert done == list(range(50))
    assert await worker.close(timeout_s=10)
    assert not thread.is_alive()


async def test_what_the_work_raises_comes_to_the_caller() -> None:
    worker = Worker("test")
    worker.start()
    with pytest.raises(ZeroDivisionError):
        await worker.call(lambda: 1 // 0, timeout_s=10)
    assert await worker.call(lambda: 1, timeout_s=10) == 1
    await worker.close(timeout_s=10)


async def test_a_wait_ends_at_its_deadline_and_what_had_not_begun_is_dropped() -> None:
    worker = Worker("test", most_waiting=2)
    worker.start()
    gate, begun = threading.Event(), threading.Event()
    done: list[int] = []

    def hang() -> None:
        begun.set()
        gate.wait()

    worker.post(hang)
    await asyncio.to_thread(begun.wait)
    with pytest.raises(StoreFailed) as raised:
        await worker.call(lambda: done.append(1), timeout_s=0.01)
    assert raised.value.retry
    worker.post(lambda: done.append(2))
    with pytest.raises(StoreFailed, match="does not answer"):
        worker.post(lambda: done.append(3))
    assert not await worker.close(timeout_s=0.01)
    gate.set()


async def test_at_the_end_what_waits_is_done_and_nothing_more_is_taken() -> None:
    worker = Worker("test")
    worker.start()
    done: list[int] = []
    worker.post(lambda: done.append(1))
    assert await worker.close(timeout_s=10)
    assert done == [1]
    assert await worker.close(timeout_s=10)
    with pytest.raises(StoreFailed):
        worker.post(lambda: done.append(2))
