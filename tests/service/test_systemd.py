import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskproxy.service import systemd


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@maskproxy-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind("\0" + name[1:] if name[0] == "@" else name)
        channel.settimeout(5)
        yield channel, name


def test_a_datagram_reaches_the_socket(listener: tuple[socket.socket, str]) -> None:
    channel, name = listener
    assert systemd.notify("READY=1", "STATUS=two\nlines", environ={"NOTIFY_SOCKET": name})
    assert channel.recv(1000) == b"READY=1\nSTATUS=two lines"


def test_a_reload_tells_its_time(listener: tuple[socket.socket, str]) -> None:
    channel, name = listener
    assert systemd.notify_reloading({"NOTIFY_SOCKET": name})
    first, second = channel.recv(1000).decode().split("\n")
    assert first == "RELOADING=1"
    assert second.removeprefix("MONOTONIC_USEC=").isdigit()


@pytest.mark.parametrize("name", ["", "relative", "/nowhere/at/all", "vsock:2:1"])
def test_without_a_socket_nothing_happens(name: str) -> None:
    assert systemd.notify("READY=1", environ={"NOTIFY_SOCKET": name}) is False
    assert systemd.notify("READY=1", environ={}) is False


@pytest.mark.parametrize(
    ("environ", "period_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "x"}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_the_watchdogs_period(environ: dict[str, str], period_s: float | None) -> None:
    assert systemd.watchdog_s(environ) == period_s


async def test_the_watchdog_is_fed_again_and_again(listener: tuple[socket.socket, str]) -> None:
    channel, name = listener
    environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "2000"}
    task = asyncio.create_task(systemd.keep_watchdog_fed(environ))
    try:
        received = [await asyncio.to_thread(channel.recv, 100) for _ in range(3)]
    finally:
        task.cancel()
    assert received == [b"WATCHDOG=1"] * 3


async def test_where_nobody_waits_the_feeding_ends() -> None:
    await asyncio.wait_for(systemd.keep_watchdog_fed({}), timeout=5)
