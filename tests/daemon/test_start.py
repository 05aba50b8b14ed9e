import asyncio
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.place import Place
from tests.daemon.program import WAIT_S


@pytest.fixture
def notices(tmp_path: Path) -> Iterator[socket.socket]:
    """What systemd would listen on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(WAIT_S)
        yield channel


async def notice(channel: socket.socket) -> str:
    return (await asyncio.to_thread(channel.recv, 4096)).decode()


async def test_systemd_is_told_of_readiness_reload_and_stop(place: Place, notices: socket.socket) -> None:
    program = place.start(NOTIFY_SOCKET=notices.getsockname())
    assert await notice(notices) == "READY=1"
    await program.ready()
    ready = await program.ask("/readyz")
    assert (ready.status, ready.body) == (200, b"ready\n")
    assert (await place.post("/v1/messages", b"{}")).status == 200
    program.signal(signal.SIGHUP)
    assert (await notice(notices)).startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert await notice(notices) == "READY=1"
    program.signal(signal.SIGTERM)
    assert await notice(notices) == "STOPPING=1"
    assert await program.exit_code() == 0


async def test_the_watchdog_is_fed(place: Place, notices: socket.socket) -> None:
    program = place.start(NOTIFY_SOCKET=notices.getsockname(), WATCHDOG_USEC="100000")
    heard = [await notice(notices) for _ in range(4)]
    assert heard == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
    program.signal(signal.SIGINT)
    assert await program.exit_code() == 0


async def test_every_fault_of_a_configuration_is_told_and_the_code_is_78(place: Place) -> None:
    place.document["routes"][0]["upstream"] = "http://api.anthropic.com"
    place.document["grants"][0]["routes"] = ["nowhere"]
    place.document["limits"]["drian_s"] = 2
    place.write()
    program = place.start()
    assert await program.exit_code() == 78
    told = [line.partition(":")[0] for line in program.said.decode().splitlines()]
    assert {"routes[0].upstream", "grants[0].routes[0]", "limits.drian_s"} <= set(told)


async def test_a_key_that_others_can_read_is_a_fault(place: Place) -> None:
    (place.folder / "ca" / "ca.key").chmod(0o644)
    program = place.start()
    assert await program.exit_code() == 78
    assert b"interception.ca.key" in program.said


async def test_a_file_that_is_not_there_is_a_fault(place: Place) -> None:
    place.config.unlink()
    assert await place.start().exit_code() == 78


@pytest.mark.parametrize("section", ["listeners", "admin"])
async def test_a_port_that_is_taken_is_told_and_the_code_is_69(place: Place, section: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = {"address": f"127.0.0.1:{taken.getsockname()[1]}"}
        place.document[section] = address if section == "admin" else [{"address": "127.0.0.1:0"}, address]
        place.write()
        program = place.start()
        assert await program.exit_code() == 69
    assert b"Traceback" not in program.said
    assert b"in use" in program.said


async def test_a_recording_directory_that_cannot_be_made_keeps_it_from_starting(place: Place) -> None:
    place.recordings.write_text("in the way")
    program = place.start()
    assert await program.exit_code() in {69, 78}
    assert b"Traceback" not in program.said
