from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from maskproxy.errors import RecordingFailed
from maskproxy.recording.frames import PIECE_BYTES, Frame
from maskproxy.recording.reader import Reader
from maskproxy.recording.recorder import Recorder
from tests.recording.scripted import SESSION, exchange_id, piece


class Alarms:
    def __init__(self) -> None:
        self.heard: list[tuple[bool, str]] = []
        self.changed = asyncio.Event()

    def __call__(self, *, failed: bool, sentence: str) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.heard.append((failed, sentence))
        self.changed.set()

    async def wait(self) -> None:
        async with asyncio.timeout(10):
            await self.changed.wait()
        self.changed.clear()


@asynccontextmanager
async def recording(directory: Path, **settings: Any) -> AsyncIterator[Recorder]:
    recorder = Recorder(directory, **{"commit_ms": 1, "retry_s": 0.01, **settings})
    await recorder.start()
    try:
        yield recorder
    finally:
        await recorder.close()


def sequence(directory: Path) -> list[object]:
    return [frame.data["seq"] for frame in Reader(directory)]


class Disk:
    """Stands in front of `os.writev`: fails with a code, or waits, while told so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.code = 0
        self.free = threading.Event()
        self.free.set()
        self._write: Callable[[int, Any], int] = os.writev
        monkeypatch.setattr(os, "writev", self.write)

    def write(self, descriptor: int, parts: Any) -> int:
        if threading.current_thread().name == "recorder":
            self.free.wait(10)
            if self.code:
                raise OSError(self.code, "scripted")
        return self._write(descriptor, parts)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


async def test_what_is_offered_is_committed_by_drain(tmp_path: Path) -> None:
    async with recording(tmp_path, commit_ms=60_000) as recorder:
        assert all(recorder.offer(piece(number, b"x")) for number in range(1000))
        assert recorder.held_frames == 1000
        await recorder.drain()
        assert recorder.held_frames == recorder.held_bytes == 0
        assert sequence(tmp_path) == list(range(1000))


async def test_what_is_offered_is_committed_soon_without_drain(tmp_path: Path) -> None:
    async with recording(tmp_path) as recorder:
        assert recorder.offer(piece(0, b"x"))
        async with asyncio.timeout(10):
            while recorder.held_frames:
                await asyncio.sleep(0.001)
        assert sequence(tmp_path) == [0]


async def test_close_commits_the_rest_and_refuses_more(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, commit_ms=60_000)
    await recorder.start()
    recorder.offer(piece(0, b"x"))
    await recorder.close()
    assert sequence(tmp_path) == [0]
    with pytest.raises(RecordingFailed):
        recorder.offer(piece(1, b"x"))
    await recorder.close()


async def test_before_its_start_nothing_is_taken(tmp_path: Path) -> None:
    with pytest.raises(RecordingFailed):
        Recorder(tmp_path).offer(piece(0, b"x"))


async def test_a_directory_that_cannot_be_used_fails_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        recorder = Recorder(path)
        for _ in range(2):
            with pytest.raises(RecordingFailed):
                await recorder.start()
        await recorder.close()


async def test_a_thread_that_ends_by_a_fault_of_ours_fails_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    alarms = Alarms()
    recorder = Recorder(tmp_path, commit_ms=1, alarm=alarms)
    await recorder.start()
    monkeypatch.setattr(os, "writev", broken)
    assert recorder.offer(piece(0, b"x"))
    await alarms.wait()
    assert recorder.failed
    with pytest.raises(RecordingFailed):
        recorder.offer(piece(1, b"x"))
    with pytest.raises(RecordingFailed, match="not written"):
        await recorder.close()


async def test_in_quiet_times_an_old_segment_is_ended_and_pruned(tmp_path: Path) -> None:
    old = tmp_path / "20200101T000000.000000Z-000001.mprec"
    async with recording(tmp_path, rotate_age_s=0, keep_s=3600) as recorder:
        old.touch()
        os.utime(old, (1, 1))
        recorder.offer(piece(0, b"x"))
        async with asyncio.timeout(10):
            while old.exists():
                await asyncio.sleep(0.01)
        recorder.offer(piece(1, b"x"))
    assert len(list(Reader(tmp_path))) == 2
    assert sum(1 for _ in tmp_path.iterdir()) == 2  # noqa: ASYNC240  a handful of names


async def test_a_malformed_frame_is_refused_at_once_and_harms_nobody(tmp_path: Path) -> None:
    async with recording(tmp_path) as recorder:
        with pytest.raises(RecordingFailed):
            recorder.offer(Frame("end", SESSION, exchange_id(1), 1, 1, {}))
        assert not recorder.failed
        assert recorder.offer(piece(0, b"x"))


async def test_a_long_body_is_offered_in_parts(tmp_path: Path) -> None:
    body = os.urandom(PIECE_BYTES * 2 + 5)
    async with recording(tmp_path) as recorder:
        assert recorder.offer(piece(0, body))
    assert b"".join(bytes(frame.data["body"]) for frame in Reader(tmp_path)) == body  # type: ignore[call-overload]


@pytest.mark.parametrize("bound", [{"queue_frames": 3}, {"queue_bytes": 400}])
async def test_a_full_queue_refuses_an_offer_and_append_waits_its_turn(
    tmp_path: Path, disk: Disk, bound: dict[str, int]
) -> None:
    async with recording(tmp_path, **bound) as recorder:
        disk.free.clear()
        taken = 0
        while recorder.offer(piece(taken, b"x")):
            taken += 1
        assert taken == 3
        waiting = [asyncio.create_task(recorder.append(piece(number, b"x"))) for number in range(taken, 20)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in waiting)
        assert recorder.held_frames == 3
        disk.free.set()
        await asyncio.gather(*waiting)
        assert recorder.held_frames <= 3
    assert sequence(tmp_path) == list(range(20))


async def test_a_body_larger_than_the_queue_is_appended_piece_by_piece(tmp_path: Path) -> None:
    async with recording(tmp_path, queue_bytes=PIECE_BYTES * 2) as recorder:
        frame = piece(0, bytes(PIECE_BYTES * 5))
        assert not recorder.offer(frame)
        await recorder.append(frame)
        assert recorder.held_bytes <= PIECE_BYTES * 2
    assert [frame.data["part"] for frame in Reader(tmp_path)] == [0, 1, 2, 3, 4]


async def test_append_gives_up_at_its_deadline_and_leaves_the_line(tmp_path: Path, disk: Disk) -> None:
    async with recording(tmp_path, queue_frames=1, append_timeout_s=0.05) as recorder:
        disk.free.clear()
        assert recorder.offer(piece(0, b"x"))
        with pytest.raises(RecordingFailed, match="keep up") as caught:
            await recorder.append(piece(1, b"x"))
        assert caught.value.retry
        disk.free.set()
        await recorder.append(piece(2, b"x"))
    assert sequence(tmp_path) == [0, 2]


async def test_a_cancelled_append_leaves_the_line_to_the_next(tmp_path: Path, disk: Disk) -> None:
    async with recording(tmp_path, queue_frames=1) as recorder:
        disk.free.clear()
        assert recorder.offer(piece(0, b"x"))
        first = asyncio.create_task(recorder.append(piece(1, b"x")))
        second = asyncio.create_task(recorder.append(piece(2, b"x")))
        await asyncio.sleep(0)
        first.cancel()
        disk.free.set()
        await second
    assert sequence(tmp_path) == [0, 2]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
async def test_a_failing_disk_refuses_everything_until_it_works_and_loses_nothing(
    tmp_path: Path, disk: Disk, code: int
) -> None:
    alarms = Alarms()
    async with recording(tmp_path, alarm=alarms) as recorder:
        recorder.offer(piece(0, b"x"))
        await recorder.drain()
        disk.code = code
        recorder.offer(piece(1, b"x"))
        recorder.offer(piece(2, b"x"))
        await alarms.wait()
        states = [recorder.failed]
        assert errno.errorcode[code] in alarms.heard[0][1]
        with pytest.raises(RecordingFailed) as caught:
            recorder.offer(piece(3, b"x"))
        assert caught.value.retry
        with pytest.raises(RecordingFailed):
            await recorder.append(piece(3, b"x"))
        disk.code = 0
        await alarms.wait()
        assert [*states, recorder.failed] == [True, False]
        assert recorder.offer(piece(4, b"x"))
    assert [failed for failed, _ in alarms.heard] == [True, False]
    assert sequence(tmp_path) == [0, 1, 2, 4]


async def test_who_waits_for_room_hears_of_the_failure(tmp_path: Path, disk: Disk) -> None:
    async with recording(tmp_path, queue_frames=1) as recorder:
        disk.free.clear()
        recorder.offer(piece(0, b"x"))
        waiting = asyncio.create_task(recorder.append(piece(1, b"x")))
        await asyncio.sleep(0)
        disk.code = errno.EIO
        disk.free.set()
        with pytest.raises(RecordingFailed):
            await waiting
        disk.code = 0


async def test_closing_over_a_failing_disk_says_that_frames_were_lost(tmp_path: Path, disk: Disk) -> None:
    recorder = Recorder(tmp_path, commit_ms=1, retry_s=60)
    await recorder.start()
    disk.code = errno.ENOSPC
    recorder.offer(piece(0, b"x"))
    with pytest.raises(RecordingFailed, match="not written"):
        await recorder.close()


async def test_drain_and_close_over_a_hanging_disk_end_at_their_deadline(tmp_path: Path, disk: Disk) -> None:
    recorder = Recorder(tmp_path, commit_ms=1)
    await recorder.start()
    disk.free.clear()
    recorder.offer(piece(0, b"x"))
    with pytest.raises(RecordingFailed, match="in time"):
        await recorder.drain(0.02)
    with pytest.raises(RecordingFailed, match="not written"):
        await recorder.close(0.02)
    disk.free.set()
    await recorder.close()
    assert sequence(tmp_path) == [0]


async def test_rotation_and_pruning_happen_while_recording(tmp_path: Path) -> None:
    old = tmp_path / "20200101T000000.000000Z-000001.mprec"
    old.touch()
    os.utime(old, (1, 1))
    async with recording(tmp_path, rotate_bytes=2000, keep_s=3600) as recorder:
        for number in range(50):
            recorder.offer(piece(number, bytes(100)))
        await recorder.drain()
    assert not old.exists()
    assert sum(1 for _ in tmp_path.iterdir()) > 4  # noqa: ASYNC240  a handful of names
    assert sequence(tmp_path) == list(range(50))


def test_a_real_limit_on_file_sizes_is_a_failure_from_which_it_recovers(tmp_path: Path) -> None:
    script = """
        import asyncio, resource, sys
        from pathlib import Path
        from maskproxy.recording.recorder import Recorder
        from tests.recording.scripted import piece

        async def main() -> None:
            _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, most))
            heard = asyncio.Queue()
            recorder = Recorder(
                Path(sys.argv[1]), commit_ms=1, retry_s=0.01, alarm=lambda failed, sentence: heard.put_nowait(failed)
            )
            await recorder.start()
            for number in range(10):
                recorder.offer(piece(number, bytes(1000)))
            assert await heard.get() is True
            assert recorder.failed
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            assert await heard.get() is False
            assert recorder.offer(piece(10, b"x"))
            await recorder.close()

        asyncio.run(asyncio.wait_for(main(), 20))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(tmp_path)], check=True, timeout=30)
    reader = Reader(tmp_path)
    assert [frame.data["seq"] for frame in reader] == list(range(11))
    assert reader.tears == []


KILLED = """
    import asyncio, os, sys
    from pathlib import Path
    from maskproxy.recording.recorder import Recorder
    from tests.recording.scripted import piece

    async def main() -> None:
        recorder = Recorder(Path(sys.argv[1]), rotate_bytes=200_000, commit_ms=1)
        await recorder.start()
        number = 0
        while True:
            for _ in range(40):
                await recorder.append(piece(number, os.urandom(number % 3000)))
                number += 1
            if number % 80 == 0:
                await recorder.drain()
                os.write(1, f"{number}\\n".encode())

    asyncio.run(main())
"""


def test_sigkill_in_mid_write_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(4)
    for turn in range(12):
        directory = tmp_path / str(turn)
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(KILLED), str(directory)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            killer = threading.Timer(chance.uniform(0, 0.04), process.send_signal, [signal.SIGKILL])
            killer.start()
            acknowledged = [80, *map(int, process.stdout.read().split())]
            killer.join()
        reader = Reader(directory)
        kept = [frame.data["seq"] for frame in reader]
        assert kept == list(range(len(kept)))
        assert len(kept) >= acknowledged[-1]
        assert len(reader.tears) <= 1
