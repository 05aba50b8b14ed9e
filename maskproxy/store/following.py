"""Looks at the store every now and then, for as long as somebody follows it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from maskproxy.errors import StoreFailed

Step = Callable[[], Awaitable[None]]


class Following:
    """`start` and `close` frame its life. A step that fails keeps neither the others nor the next look from coming."""

    def __init__(
        self,
        *steps: Step,
        every_s: float,
        name: str,
        unforeseen: Callable[[Exception], None],
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """`failed` is called after each step that did not succeed, for whatever reason.

        That the store fails is told by its own alarm; of any other failure `unforeseen` is told.
        """
        self._steps = steps
        self._every_s = every_s
        self._name = name
        self._unforeseen = unforeseen
        self._failed = failed
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            for step in self._steps:
                if not await self._succeeds(step):
                    await self._succeeds(self._told_failed)

    async def _told_failed(self) -> None:
        self._failed()

    async def _succeeds(self, step: Step) -> bool:
        try:
            await step()
        except StoreFailed:
            return False
        except Exception as error:  # noqa: BLE001 - a fault of ours must not keep in force what was taken back
            self._unforeseen(error)
            return False
        return True
