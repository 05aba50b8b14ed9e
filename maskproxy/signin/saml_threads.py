"""A few threads for reading XML and verifying signatures, which keep a core busy for milliseconds.

Promises: the loop never waits for them without a deadline, and what waits is bounded. Work that outlives its deadline
keeps its place until it ends, so that slow work cannot pile up.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from maskproxy.errors import Unavailable

T = TypeVar("T")


class Threads:
    """`run` from a loop; whoever made it calls `close`."""

    def __init__(self, *, threads: int = 2, most_waiting: int = 32) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="saml")
        self._places = threading.Semaphore(threads + most_waiting)

    async def run(self, work: Callable[[], T], *, timeout_s: float) -> T:
        """Give what `work` gives. Raises what it raises, or `Unavailable` where there is no place or time for it."""
        if not self._places.acquire(blocking=False):
            raise Unavailable("Too many people sign in at once. Try again in a moment.", retry=True)
        try:
            future = self._pool.submit(work)
        except RuntimeError:
            self._places.release()
            raise _closed() from None
        future.add_done_callback(lambda _: self._places.release())
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise Unavailable("The gateway is too busy to check the sign-in. Try again.", retry=True) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not whoever waits was cancelled, but the work, by `close`.
            raise _closed() from None

    def close(self) -> None:
        """Drop what waits. What runs ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _closed() -> Unavailable:
    return Unavailable("The gateway is shutting down. Try again.", retry=True)
