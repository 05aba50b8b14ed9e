"""The store as the event loop sees it: a database behind one thread, calls with deadlines, and one state of health.

From the first failure until something works again it counts as failed; the alarm is told at both ends. Whoever calls
decides what can be done without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine

from maskproxy.errors import MaskproxyError, StartFailed, StoreFailed
from maskproxy.store.database import open_database
from maskproxy.store.postgres_url import StorePlace
from maskproxy.store.transactions import transact
from maskproxy.store.worker import Worker

T = TypeVar("T")

_OPEN_S = 60.0
_CLOSE_S = 5.0


class Alarm(Protocol):
    """Told on the event loop when the store begins to fail, and again when it works."""

    def __call__(self, *, failed: bool, sentence: str) -> None: ...


class Store:
    """`start` and `close` frame its life; all methods belong to the loop's thread."""

    def __init__(self, place: StorePlace, *, alarm: Alarm | None = None) -> None:
        self._place = place
        self._alarm = alarm
        self._worker = Worker("store")
        self._engine: Engine | None = None
        self.failed = False

    async def start(self) -> None:
        """Open the database and bring it to this version's shape. Raises StartFailed."""
        self._worker.start()
        try:
            self._engine = await self._worker.call(lambda: open_database(self._place), timeout_s=_OPEN_S)
        except BaseException as error:
            await self._worker.close(timeout_s=_CLOSE_S)
            if isinstance(error, StoreFailed):
                raise StartFailed("The store does not open in time.", detail=error.detail) from error
            raise

    async def call(self, work: Callable[[Connection], T], *, timeout_s: float, reads_first: bool = False) -> T:
        """Run `work` in a transaction and wait for it. Raises StoreFailed, and what `work` raises of ours.

        Where another node went first it is run again. With `reads_first` it may write what it has read, and no other
        node that says so writes in between.
        """
        try:
            result = await self._worker.call(lambda: self._transact(work, alone=reads_first), timeout_s=timeout_s)
        except StoreFailed as error:
            self._note(error)
            raise
        self._note(None)
        return result

    def post(self, work: Callable[[Connection], T], done: Callable[[T], None], *, reads_first: bool = False) -> None:
        """Run `work` in a transaction some time; `done` gets its result on the loop. A failure is told as an alarm."""
        try:
            begun = self._worker.post(lambda: self._transact(work, alone=reads_first))
        except StoreFailed as error:
            self._note(error)
            return

        def ended(future: asyncio.Future[T]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            self._note(error)
            if error is None:
                done(future.result())

        asyncio.wrap_future(begun).add_done_callback(ended)

    async def close(self) -> None:
        """Do what was posted, then close the database. What hangs is left behind and told."""
        engine = self._engine
        if engine is None:
            return
        try:
            self._worker.post(engine.dispose)
        except StoreFailed as error:
            self._note(error)
        if not await self._worker.close(timeout_s=_CLOSE_S):
            self._note(StoreFailed("The store does not answer.", detail="it hangs at its end"))
        self._engine = None

    def _transact(self, work: Callable[[Connection], T], *, alone: bool = False) -> T:
        """In the thread."""
        engine = self._engine
        if engine is None:
            raise StoreFailed("The store is closed.", detail="closed")
        return transact(engine, work, alone=alone)

    def _note(self, error: BaseException | None) -> None:
        if (error is not None) is self.failed:
            return
        self.failed = error is not None
        if self._alarm is None:
            return
        if error is None:
            self._alarm(failed=False, sentence="The store works again.")
        else:
            detail = error.detail if isinstance(error, MaskproxyError) else type(error).__name__
            told = (
                "edits may stay without their secrets, limits and owners cannot be told, what people may have as it is "
                "may be out of date, and after half a minute nothing is passed on"
            )
            self._alarm(failed=True, sentence=f"The store fails ({detail}): {told}.")
