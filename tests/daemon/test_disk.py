"""A disk that is full: a small file system where one can be mounted, else a limit on the size of files."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Iterator

import pytest

from maskproxy.dev.planted import github_token
from tests.daemon.place import Place
from tests.daemon.program import WAIT_S
from tests.daemon.streams import Listening, held
from tests.gateway.house import plain

MIB = 1 << 20


class SmallDisk:
    """A file system of two MiB that a file fills."""

    def __init__(self, place: Place) -> None:
        self._filler = place.recordings / "filler"

    def fill(self) -> None:
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        self._filler.unlink()


class NoMoreBytes:
    """No file of the daemon's may grow: its writes fail as on a full disk."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def fill(self) -> None:
        self._limit(0)

    def free(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, most: int) -> None:
        resource.prlimit(self._place.program.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


Disk = SmallDisk | NoMoreBytes


@pytest.fixture
def disk(place: Place) -> Iterator[Disk]:
    place.recordings.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "none", str(place.recordings)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, timeout=WAIT_S).returncode:
        yield NoMoreBytes(place)
        return
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place.recordings)], check=True, timeout=WAIT_S)


@pytest.fixture
def limit(place: Place) -> NoMoreBytes:
    place.recordings.mkdir(mode=0o700)
    return NoMoreBytes(place)


ALARMS = 'maskproxy_alarms_total{kind="recording"}'


async def fail(place: Place, disk: Disk) -> None:
    """Fill the disk and send until the recorder has seen it: a page that is not full takes a few more frames."""
    disk.fill()
    async with asyncio.timeout(WAIT_S):
        while not (await place.program.metrics())["maskproxy_recorder_failed"]:
            await place.post("/v1/messages", b"{}")


async def test_exchanges_are_refused_while_the_disk_is_full(place: Place, disk: Disk) -> None:
    program = await place.run()
    assert (await place.post("/v1/messages", b"{}")).status == 200
    await fail(place, disk)
    sent = len(place.origin.received)
    for _ in range(3):
        answer = await place.post("/v1/messages", b"{}")
        assert answer.status == 503
        assert "recording" in answer.message
    assert len(place.origin.received) == sent
    ready = await program.ask("/readyz")
    assert (ready.status, ready.body) == (503, b"the recording cannot be written\n")
    assert (await program.metrics())[ALARMS] == 1

    disk.free()
    await program.measured("maskproxy_recorder_failed", lambda value: value == 0)
    last = await place.post("/v1/messages", b"{}")
    assert last.status == 200
    assert (await program.ask("/readyz")).status == 200
    program.signal(signal.SIGTERM)
    assert await program.exit_code() == 0
    ended = {frame.session: frame.data["outcome"] for frame in place.frames() if frame.kind == "end"}
    assert ended[str(last.value("x-maskproxy-session"))] == "complete"


async def test_a_running_stream_is_cut_rather_than_passed_unrecorded(place: Place, limit: NoMoreBytes) -> None:
    gate = asyncio.Event()
    place.origin.reply = held(gate, say=f"hello {github_token().value}, ")
    await place.run()
    async with place.sent("/v1/messages", b"{}", place.token()) as streams:
        stream = Listening(streams)
        await stream.begin(b"message_start")
        place.origin.reply = plain(b"{}")
        await fail(place, limit)
        gate.set()
        assert not await stream.rest()
        assert "good-bye" not in stream.said
    limit.free()
    await place.program.measured("maskproxy_recorder_failed", lambda value: value == 0)


async def test_a_stop_while_the_disk_is_full_ends_and_says_what_was_lost(place: Place, limit: NoMoreBytes) -> None:
    program = await place.run()
    await fail(place, limit)
    program.signal(signal.SIGTERM)
    assert await program.exit_code() != 0
    assert b"Traceback" not in program.said
    assert b"not written" in program.said
