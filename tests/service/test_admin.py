import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from maskproxy.config import Address
from maskproxy.service.admin import Admin, names_this_machine
from maskproxy.service.metrics import Metrics


class Node:
    def __init__(self) -> None:
        self.metrics = Metrics(CollectorRegistry())
        self.reason = ""

    def status(self) -> Mapping[str, object]:
        return {"version": "1", "draining": False}

    def admin(self, place: Address | Path) -> Admin:
        return Admin(place, registry=self.metrics.registry, unready=lambda: self.reason, status=self.status)


@asynccontextmanager
async def running(node: Node, place: Address | Path) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    admin = node.admin(place)
    bound = await admin.start()
    connector = aiohttp.UnixConnector(str(bound)) if isinstance(bound, Path) else aiohttp.TCPConnector()
    base = "http://localhost" if isinstance(bound, Path) else f"http://{bound}"
    try:
        async with aiohttp.ClientSession(connector=connector) as session:
            yield session, base
    finally:
        await admin.close()


async def get(session: aiohttp.ClientSession, url: str, **headers: str) -> tuple[int, str]:
    async with session.get(url, headers=headers) as response:
        return response.status, await response.text()


@pytest.fixture(params=["tcp", "unix"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Address | Path:
    return Address("127.0.0.1", 0) if request.param == "tcp" else tmp_path / "admin.sock"


async def test_what_it_tells(place: Address | Path) -> None:
    node = Node()
    node.metrics.alarm("credential")
    async with running(node, place) as (session, base):
        assert await get(session, f"{base}/healthz") == (200, "ok\n")
        assert await get(session, f"{base}/readyz") == (200, "ready\n")
        node.reason = "draining"
        assert await get(session, f"{base}/readyz") == (503, "draining\n")
        assert await get(session, f"{base}/status") == (200, '{"version": "1", "draining": false}')
        status, text = await get(session, f"{base}/metrics")
        assert status == 200
        assert 'maskproxy_alarms_total{kind="credential"} 1.0' in text
        assert (await get(session, f"{base}/elsewhere"))[0] == 404


async def test_a_foreign_name_for_loopback_is_refused() -> None:
    async with running(Node(), Address("127.0.0.1", 0)) as (session, base):
        status, text = await get(session, f"{base}/status", Host="rebound.example.com")
        assert status == 421
        assert "version" not in text


async def test_the_socket_is_its_owners_alone_and_goes_away(tmp_path: Path) -> None:
    place = tmp_path / "admin.sock"
    async with running(Node(), place):
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        with pytest.raises(OSError, match="in use"):
            await Node().admin(place).start()
    assert not place.exists()


async def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    import socket

    place = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place))
    async with running(Node(), place) as (session, base):
        assert (await get(session, f"{base}/healthz"))[0] == 200


async def test_a_taken_port_is_an_error() -> None:
    node = Node()
    admin = node.admin(Address("127.0.0.1", 0))
    bound = await admin.start()
    second = node.admin(bound)
    with pytest.raises(OSError, match="in use"):
        await second.start()
    await second.close()
    await admin.close()


def test_names() -> None:
    assert all(names_this_machine(h) for h in ("127.0.0.1:9465", "localhost", "LOCALHOST:1", "[::1]:80", "127.9.9.9"))
    assert not any(
        names_this_machine(h) for h in ("", "example.com", "10.0.0.1:80", "[fe80::1]:80", "127.0.0.1.nip.io")
    )
