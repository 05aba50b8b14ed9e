"""What waits for one sink: bounded, in order, tried again with growing pauses, and dropped with an alarm in the end.

A sink that is slow or down stalls nobody for longer than `WAIT_S`, and then nobody until it takes something again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from maskproxy.service.logs import EventLog
from maskproxy.service.metrics import Metrics

WAIT_S = 1.0
"""How long an event waits for room, where it waits."""
DRAIN_S = 5.0
LIMIT_BYTES = 16 << 20
_AT_A_TIME = 500
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30.0
_LAST_TRIES = 3


class Entry(NamedTuple):
    """A line of the trail, and what a sink may need to know of it without reading it."""

    event: str
    severity: int
    time: str
    line: bytes
    fingerprint: str
    id: str


class NotDelivered(Exception):
    """The message is a constant sentence. `done` entries of the batch were delivered before."""

    def __init__(self, sentence: str, *, done: int = 0, retry: bool = True) -> None:
        super().__init__(sentence)
        self.done = done
        self.retry = retry


class Sink(Protocol):
    """Where entries go."""

    name: str

    def takes(self, entry: Entry) -> bool: ...
    async def deliver(self, batch: Sequence[Entry]) -> None:
        """Raises NotDelivered. It has its own deadlines."""

    async def close(self) -> None: ...
    def reopen(self) -> None: ...


class Outbox:
    """`start` it, `put` entries, `close` it: what waits then is delivered, for so long as `DRAIN_S` lasts."""

    def __init__(
        self,
        sink: Sink,
        metrics: Metrics,
        log: EventLog,
        *,
        most: int,
        waits: bool,
        life_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`waits`: whoever has an event waits a moment for room. `life_s`: what is older is not tried again."""
        self.sink = sink
        self._metrics = metrics
        self._log = log
        self._most = most
        self._waits = waits
        self._life_s = life_s
        self._clock = clock
        self._held: deque[tuple[float, Entry]] = deque()
        self._held_bytes = 0
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._gave_up = False
        self._failing = False
        self._dropping = False
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"audit {self.sink.name}")

    async def put(self, entry: Entry) -> None:
        if not self.sink.takes(entry):
            return
        if not self._has_room and self._waits and not self._gave_up and not self._closing.is_set():
            try:
                async with asyncio.timeout(WAIT_S):
                    while not self._has_room:
                        self._room.clear()
                        await self._room.wait()
            except TimeoutError:
                self._gave_up = True
        if not self._has_room or self._closing.is_set():
            self._drop(1, "it does not keep up")
            return
        self._dropping = False
        self._held.append((self._clock(), entry))
        self._held_bytes += len(entry.line)
        self._something.set()
        self._metrics.audit_queued(self.sink.name, len(self._held))

    async def close(self) -> None:
        self._closing.set()
        self._something.set()
        if self._task is not None:
            _, pending = await asyncio.wait({self._task}, timeout=DRAIN_S)
            for task in pending:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if self._held:
            self._drop(len(self._held), "the process ends")
            self._forget(len(self._held))
        await self.sink.close()

    @property
    def _has_room(self) -> bool:
        return len(self._held) < self._most and self._held_bytes < LIMIT_BYTES

    async def _run(self) -> None:
        pause_s, last_tries = _FIRST_PAUSE_S, _LAST_TRIES
        while last_tries:
            while not self._held:
                if self._closing.is_set():
                    return
                self._something.clear()
                await self._something.wait()
            batch = [entry for _, entry in list(self._held)[:_AT_A_TIME]]
            try:
                await self.sink.deliver(batch)
            except NotDelivered as error:
                self._delivered(error.done)
                self._failed(str(error))
                if error.done:
                    pause_s = _FIRST_PAUSE_S
                if not error.retry:
                    self._give_up(1, "it was refused")
                    continue
                self._drop_old()
                last_tries -= self._closing.is_set()
                pause_s = await self._pause(pause_s)
            except Exception as error:  # noqa: BLE001 - a fault of ours must not end the trail
                self._failed(f"unforeseen {type(error).__name__}")
                last_tries -= self._closing.is_set()
                pause_s = await self._pause(pause_s)
            else:
                self._delivered(len(batch))
                pause_s = _FIRST_PAUSE_S
                if self._failing:
                    self._failing = False
                    self._log("audit sink works again", sink=self.sink.name)

    async def _pause(self, pause_s: float) -> float:
        """Gives the next one. Whoever closes does not wait for a long one."""
        if self._closing.is_set():
            await asyncio.sleep(_FIRST_PAUSE_S)
        else:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._closing.wait()
        return min(pause_s * 2, _LONGEST_PAUSE_S)

    def _delivered(self, count: int) -> None:
        if count:
            self._metrics.audited(self.sink.name, "delivered", count)
            self._forget(count)
            self._gave_up = False

    def _forget(self, count: int) -> None:
        for _ in range(count):
            _, entry = self._held.popleft()
            self._held_bytes -= len(entry.line)
        self._room.set()
        self._metrics.audit_queued(self.sink.name, len(self._held))

    def _failed(self, why: str) -> None:
        if not self._failing:
            self._failing = True
            self._metrics.alarm("audit")
            self._log("audit sink failed", sink=self.sink.name, reason=why)

    def _drop_old(self) -> None:
        if self._life_s is None:
            return
        now = self._clock()
        old = sum(1 for put, _ in self._held if now - put > self._life_s)
        if old:
            self._give_up(old, "it took too long")

    def _give_up(self, count: int, why: str) -> None:
        self._drop(count, why)
        self._forget(count)

    def _drop(self, count: int, why: str) -> None:
        self._metrics.audited(self.sink.name, "dropped", count)
        if not self._dropping:
            self._dropping = True
            self._metrics.alarm("audit")
            self._log("audit events dropped", sink=self.sink.name, reason=why)
