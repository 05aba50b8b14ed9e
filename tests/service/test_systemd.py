import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskproxy.service.systemd import Notifier


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, Notifier]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@maskproxy-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind("\0" + name[1:] if name[0] == "@" else name)
        channel.settimeout(5)
        yield channel, Notifier({"NOTIFY_SOCKET": name})


def test_each_word_reaches_the_socket(listener: tuple[socket.socket, Notifier]) -> None:
    channel, notifier = listener
    assert notifier.ready()
    assert channel.recv(1000) == b"READY=1"
    assert notifier.reloading(1_234_567)
    assert channel.recv(1000) == b"RELOADING=1\nMONOTONIC_USEC=1234"
    assert notifier.alive()
    assert channel.recv(1000) == b"WATCHDOG=1"
    assert notifier.stopping()
    assert channel.recv(1000) == b"STOPPING=1"


def test_no_value_can_forge_an_assignment(listener: tuple[socket.socket, Notifier]) -> None:
    channel, notifier = listener
    notifier.send("STATUS=a\nSTOPPING=1")
    assert channel.recv(1000) == b"STATUS=a STOPPING=1"


@pytest.mark.parametrize("name", ["", "relative", "/nowhere/at/all", "vsock:2:1"])
def test_without_a_socket_nothing_happens(name: str) -> None:
    assert Notifier({"NOTIFY_SOCKET": name}).ready() is False
    assert Notifier({}).ready() is False


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
    assert Notifier(environ).watchdog_s == period_s
