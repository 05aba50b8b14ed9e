"""Where other shells find the proxy that runs."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskproxy.developer.private import write_private
from maskproxy.developer.remembered import Places
from maskproxy.developer.running import find_running, forget_running, lasting_secret
from maskproxy.errors import Unavailable


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "running"


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def tell(place: Path, port: int, pid: int) -> None:
    url = f"http://maskproxy:secret@127.0.0.1:{port}"
    write_private(place, json.dumps({"url": url, "pid": pid, "trust": {"NODE_EXTRA_CA_CERTS": "/a"}}).encode())


def test_one_that_answers_is_found(place: Path, port: int) -> None:
    assert find_running(place) is None
    tell(place, port, os.getpid())
    found = find_running(place)
    assert found is not None
    assert (found.url.endswith(str(port)), dict(found.trust)) == (True, {"NODE_EXTRA_CA_CERTS": "/a"})
    assert "secret" not in repr(found)
    place.chmod(0o644)
    with pytest.raises(Unavailable, match="Others than you"):
        find_running(place)


def test_one_that_has_ended_is_not(place: Path, port: int) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    tell(place, port, ended.pid)
    assert find_running(place) is None
    forget_running(place)
    assert place.exists(), "it is another's"
    tell(place, 1, os.getpid())
    assert find_running(place) is None
    write_private(place, b"{}")
    assert find_running(place) is None
    tell(place, port, os.getpid())
    forget_running(place)
    assert not place.exists()


def test_the_secret_outlives_a_restart(tmp_path: Path) -> None:
    places = Places({"XDG_STATE_HOME": str(tmp_path)})
    secret = lasting_secret(places)
    assert (lasting_secret(places), len(secret)) == (secret, 32)
    assert places.secret.stat().st_mode & 0o777 == 0o600
    write_private(places.secret, b"short")
    assert len(lasting_secret(places)) == 32
