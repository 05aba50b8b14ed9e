"""One thread of its own for blocking work, in order; whoever waits for it has a deadline.

A thread that hangs in a system call holds up neither the loop nor the process's end. What waits is bounded in number.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from maskproxy.errors import StoreFailed

T = TypeVar("T")


class Worker:
    """`start`, then `call` or `post` from the loop's thread, then `close`."""

    def __init__(self, name: str, *, most_waiting: int = 256) -> None:
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._most_waiting = most_waiting
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._ended: Future[None] = Future()
        self._closed = True

    def start(self) -> None:
        self._closed = False
        self._thread.start()

    async def call(self, work: Callable[[], T], *, timeout_s: float) -> T:
        """Give what `work` gives in the thread. Raises what it raises, or StoreFailed at the deadline."""
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(self.post(work))
        except TimeoutError as error:
            raise StoreFailed("The store does not answer.", detail="deadline", retry=True) from error

    def post(self, work: Callable[[], T]) -> Future[T]:
        """Have `work` done some time. Raises StoreFailed where too much waits already."""
        if self._closed or self._jobs.qsize() >= self._most_waiting:
            raise StoreFailed("The store does not answer.", detail="closed" if self._closed else "busy", retry=True)
        done: Future[T] = Future()

        def job() -> None:
            if not done.set_running_or_notify_cancel():
                return
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                done.set_exception(error)
            else:
                done.set_result(result)

        self._jobs.put(job)
        return done

    async def close(self, *, timeout_s: float) -> bool:
        """Do what waits, then end the thread; False if it goes on beyond the deadline."""
        if self._closed:
            return True
        self._closed = True
        self._jobs.put(None)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(asyncio.wrap_future(self._ended))
        if self._ended.done():
            self._thread.join()
        return self._ended.done()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        self._ended.set_result(None)
