"""The trail as a file and on standard output."""

import asyncio
import contextlib
import json
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskproxy.errors import StartFailed
from maskproxy.service.auditing.files import FileSink, OutputSink
from tests.service.auditing.receivers import trail, until


def actions(path: Path) -> list[str]:
    return [json.loads(line)["action"] for line in path.read_bytes().splitlines()]


async def test_the_file_is_its_owner_s_alone_and_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for action in ("one", "two"):
        async with trail(FileSink(path, fsync=True)) as told:
            await told.tell(action)
    assert actions(path) == ["one", "two"]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_file_that_was_moved_away_is_made_anew_on_reopening(tmp_path: Path) -> None:
    path, old = tmp_path / "audit.jsonl", tmp_path / "audit.jsonl.1"
    async with trail(FileSink(path, fsync=False)) as told:
        await told.tell("one")
        await until(lambda: told.measured("delivered") == 1)
        path.rename(old)
        told.audit.reopen()
        await told.tell("two")
    assert (actions(old), actions(path)) == (["one"], ["two"])


@pytest.mark.parametrize("spoil", ["others", "link", "absent"])
def test_a_file_that_others_could_read_or_that_is_none_is_refused(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "audit.jsonl"
    if spoil == "others":
        path.touch(0o644)
    elif spoil == "link":
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StartFailed):
        FileSink(path, fsync=False, create=False)


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond 400 bytes, as on a disk that is full."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("small_files")
async def test_a_full_disk_is_an_alarm_and_what_waited_is_written_when_there_is_space(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    told_actions = [f"number {n}" for n in range(6)]
    async with trail(FileSink(path, fsync=True)) as told:
        await told.tell(*told_actions)
        await until(lambda: told.alarms == 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
        await until(lambda: told.measured("delivered") == 6)
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(json.loads(line)["action"])
        except ValueError:
            assert b'{"schema":1,'.startswith(line[:12]), "a torn line is a beginning"
    assert found == told_actions


async def test_who_waits_for_a_full_queue_waits_a_moment_once_and_then_the_event_is_dropped_with_an_alarm() -> None:
    reading, writing = os.pipe()
    sink, loop = OutputSink(writing), asyncio.get_running_loop()
    async with trail(sink, most=300, waits=True) as told:
        begun = loop.time()
        for _ in range(900):  # more than a pipe holds
            await told.tell("x")
        took = loop.time() - begun
        assert 1.0 <= took < 4.0
        assert told.measured("dropped") > 0
        assert told.alarms >= 1
        os.set_blocking(reading, False)
        data = b""

        def all_read() -> bool:
            nonlocal data
            with contextlib.suppress(BlockingIOError):
                data += os.read(reading, 1 << 20)
            return told.measured("delivered") + told.measured("dropped") == 900

        await until(all_read)
        data += os.read(reading, 1 << 20) if not data.endswith(b"\n") else b""
        lines = data.splitlines()
        assert len({json.loads(line)["id"] for line in lines}) == len(lines) == told.measured("delivered")
        await told.tell("after")
        await until(lambda: told.measured("delivered") == len(lines) + 1)
    os.close(reading)
    os.close(writing)
