"""The recorder as the event loop sees it: a bounded queue in front of one thread that writes and commits.

`offer` and `append` check and encode a frame; from there on only bytes travel, so the thread may become a process.
A frame is committed (on disk, synced) at most `commit_ms` plus one write after it was taken; `drain` waits for that.
From the first error of the disk until a retry succeeds every frame is refused with RecordingFailed, frames already
taken are kept in memory and written first, and the alarm is told once at the beginning and once at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from maskproxy.errors import RecordingFailed
from maskproxy.recording import frames
from maskproxy.recording.frames import Frame
from maskproxy.recording.writer import SegmentWriter

_TIDY_EVERY_S = 30.0
_TIDY_LEAST_S = 0.1
_REFUSAL = "The recording cannot be written, so nothing passes until it can. An operator has been told."


class Alarm(Protocol):
    """Told on the event loop when recording starts to fail, and again when it works."""

    def __call__(self, *, failed: bool, sentence: str) -> None: ...


class Recorder:
    """Appends frames to one directory. `start` and `close` frame its life; all methods belong to the loop's thread."""

    def __init__(
        self,
        directory: Path,
        *,
        rotate_bytes: int = 256 << 20,
        rotate_age_s: float = 3600.0,
        keep_s: float | None = None,
        commit_ms: float = 50.0,
        queue_bytes: int = 64 << 20,
        queue_frames: int = 65_536,
        append_timeout_s: float = 10.0,
        retry_s: float = 1.0,
        alarm: Alarm | None = None,
        wall_ns: Callable[[], int] = time.time_ns,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = SegmentWriter(
            directory,
            rotate_bytes=rotate_bytes,
            rotate_age_s=rotate_age_s,
            keep_s=keep_s,
            wall_ns=wall_ns,
            mono_s=mono_s,
        )
        self._tidy_s = max(_TIDY_LEAST_S, min(_TIDY_EVERY_S, rotate_age_s))
        self._commit_s = commit_ms / 1000
        self._queue_bytes = queue_bytes
        self._queue_frames = queue_frames
        self._append_timeout_s = append_timeout_s
        self._retry_s = retry_s
        self._alarm = alarm
        # Shared with the thread, under the condition.
        self._turn = threading.Condition()
        self._incoming: list[bytes] = []
        self._hurried = False
        self._stopping = False
        # The loop's own.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._opened: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[None] | None = None
        self._failed = False
        self._closed = True
        self._held_bytes = 0
        self._taken = 0
        self._committed = 0
        self._for_room: deque[asyncio.Event] = deque()
        self._for_commit: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def failed(self) -> bool:
        return self._failed

    @property
    def held_frames(self) -> int:
        """Frames taken and not yet committed."""
        return self._taken - self._committed

    @property
    def held_bytes(self) -> int:
        return self._held_bytes

    async def start(self) -> None:
        """Open the directory and start the thread. Raises RecordingFailed when nothing can be written there."""
        assert self._thread is None
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.create_future()
        self._ended = self._loop.create_future()
        self._thread = threading.Thread(target=self._write_until_stopped, name="recorder", daemon=True)
        self._thread.start()
        try:
            await self._opened
        except OSError as error:
            await self._ended
            self._thread.join()
            self._thread = None
            raise RecordingFailed("The recording's directory cannot be used.", detail=_words(error)) from error
        self._closed = False

    def offer(self, frame: Frame) -> bool:
        """Take a frame now, or return False where the queue is full: then await `append`. Raises RecordingFailed."""
        self._refuse_if_failed()
        payloads = [frames.encode(piece) for piece in frames.split(frame)]
        size = sum(map(len, payloads))
        if (
            self._for_room
            or not self._has_room(len(payloads), size)
            or (len(payloads) > 1 and size > self._queue_bytes)
        ):
            return False
        self._take(payloads)
        return True

    async def append(self, frame: Frame) -> None:
        """Take a frame, waiting for room until a deadline. Raises RecordingFailed.

        A long body is taken piece by piece, so it may be larger than the queue.
        """
        self._refuse_if_failed()
        deadline = asyncio.get_running_loop().time() + self._append_timeout_s
        for piece in frames.split(frame):
            payload = frames.encode(piece)
            if self._for_room or not self._has_room(1, len(payload)):
                await self._wait_for_room(len(payload), deadline)
            self._take([payload])

    async def drain(self, timeout_s: float = 10.0) -> None:
        """Return when all that was taken so far is committed. Raises RecordingFailed at the deadline."""
        if self.held_frames == 0:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._for_commit.append((self._taken, waiter))
        self._hurry()
        try:
            async with asyncio.timeout(timeout_s):
                await waiter
        except TimeoutError as error:
            raise RecordingFailed("The recording was not written in time.", detail="drain timed out") from error

    async def close(self, timeout_s: float = 10.0) -> None:
        """Commit what was taken, end the segment and the thread. Raises RecordingFailed if frames were lost."""
        if self._thread is None or self._ended is None:
            return
        self._closed = True
        with self._turn:
            self._stopping = True
            self._turn.notify()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(self._ended)
        if self._ended.done():
            self._thread.join()
            self._thread = None
        if self.held_frames:
            raise RecordingFailed("The recording's last frames were not written.", detail=f"{self.held_frames} frames")

    # ---- on the loop

    def _refuse_if_failed(self) -> None:
        if self._failed or self._closed:
            raise RecordingFailed(_REFUSAL, detail="closed" if self._closed else "the disk fails", retry=self._failed)

    def _has_room(self, count: int, size: int) -> bool:
        held = self.held_frames
        return held == 0 or (held + count <= self._queue_frames and self._held_bytes + size <= self._queue_bytes)

    def _take(self, payloads: list[bytes]) -> None:
        self._taken += len(payloads)
        self._held_bytes += sum(map(len, payloads))
        with self._turn:
            self._incoming += payloads
            if len(self._incoming) == len(payloads) or self._held_bytes > self._queue_bytes // 4:
                self._hurried = self._hurried or self._held_bytes > self._queue_bytes // 4
                self._turn.notify()

    def _hurry(self) -> None:
        with self._turn:
            self._hurried = True
            self._turn.notify()

    async def _wait_for_room(self, size: int, deadline: float) -> None:
        """Wait in line: who waits longest goes first, and nobody overtakes."""
        place = asyncio.Event()
        self._for_room.append(place)
        self._hurry()
        try:
            async with asyncio.timeout_at(deadline):
                while self._for_room[0] is not place or not self._has_room(1, size):
                    place.clear()
                    await place.wait()
                    self._refuse_if_failed()
        except TimeoutError as error:
            raise RecordingFailed("The recorder cannot keep up.", detail="append timed out", retry=True) from error
        finally:
            self._for_room.remove(place)
            self._wake_first()

    def _wake_first(self) -> None:
        if self._for_room:
            self._for_room[0].set()

    def _on_opened(self, error: OSError | None) -> None:
        assert self._opened is not None
        if not self._opened.done():
            if error is None:
                self._opened.set_result(None)
            else:
                self._opened.set_exception(error)

    def _on_committed(self, count: int, size: int) -> None:
        self._committed += count
        self._held_bytes -= size
        while self._for_commit and self._for_commit[0][0] <= self._committed:
            waiter = self._for_commit.popleft()[1]
            if not waiter.done():
                waiter.set_result(None)
        self._wake_first()

    def _on_failure(self, words: str) -> None:
        self._failed = True
        for place in self._for_room:
            place.set()
        if self._alarm:
            self._alarm(failed=True, sentence=f"Recording fails ({words}): exchanges are refused until it works.")

    def _on_recovery(self) -> None:
        self._failed = False
        if self._alarm:
            self._alarm(failed=False, sentence="Recording works again.")

    def _on_ended(self) -> None:
        assert self._ended is not None
        if not self._closed and not self._failed:
            self._on_failure("the recorder's thread ended")
        if not self._ended.done():
            self._ended.set_result(None)

    # ---- in the thread

    def _write_until_stopped(self) -> None:
        try:
            try:
                self._writer.open()
            except OSError as error:
                self._tell(self._on_opened, error)
                return
            self._tell(self._on_opened, None)
            while (batch := self._next_batch()) is not None:
                if batch:
                    self._commit(batch)
                else:
                    self._writer.tidy()
        finally:
            self._writer.close()
            self._tell(self._on_ended)

    def _next_batch(self) -> list[bytes] | None:
        """What came within one commit's delay; nothing when it is time to tidy; None at the end."""
        with self._turn:
            while not self._incoming and not self._stopping:
                if not self._turn.wait(self._tidy_s):
                    return []
            if not self._hurried and not self._stopping:
                self._turn.wait_for(lambda: self._hurried or self._stopping, self._commit_s)
            batch, self._incoming = self._incoming, []
            self._hurried = False
            return batch or None

    def _commit(self, batch: list[bytes]) -> None:
        """Write until it works, or until the recorder stops: then there is one last try."""
        failing = False
        while batch:
            last = self._stopping
            count, size = len(batch), sum(map(len, batch))
            error = None
            try:
                self._writer.commit(batch)
            except OSError as caught:
                error = caught
            if len(batch) < count:
                self._tell(self._on_committed, count - len(batch), size - sum(map(len, batch)))
            if error is None:
                break
            if not failing:
                failing = True
                self._tell(self._on_failure, _words(error))
            if last:
                return
            with self._turn:
                self._turn.wait_for(lambda: self._stopping, self._retry_s)
        if failing:
            self._tell(self._on_recovery)

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        """A loop that is closed has nobody left to tell."""
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, *arguments)


def _words(error: OSError) -> str:
    """The error's name, and no path."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
