"""The whole path: TLS in TLS, authenticated, every built-in rule, recording on; one gateway process.

Load and origin share one core, the gateway has the other. Each row is measured in turn in one run: `direct` (no
gateway), `gateway`, and the gateway without recording. Absolute numbers move with the machine; look at the ratios.

    python -m benchmarks.whole_path
"""

from __future__ import annotations

import asyncio
import os
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import uvloop
import yaml

from benchmarks.peers import Client
from maskproxy.dev.issuer import Issuer
from maskproxy.gateway.interception.certificates import make_ca

HOST = "api.anthropic.com"
CORES = sorted(os.sched_getaffinity(0))


class Peer(NamedTuple):
    name: str
    proxy: int | None
    pid: int | None


def cpu_s(pid: int) -> float:
    """User and system time of a process and its threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def pinned(core: int) -> Callable[[], None]:
    return lambda: os.sched_setaffinity(0, {core})


@asynccontextmanager
async def gateway(directory: Path, origin: int, issuer: str, *, recording: bool) -> AsyncIterator[Peer]:
    name = "gateway" if recording else "gateway, not recording"
    document = {
        "listeners": [{"address": "127.0.0.1:0"}],
        "admin": {"address": "127.0.0.1:0"},
        "interception": {"ca": {"certificate": "ca/ca.pem", "key": "ca/ca.key"}},
        "routes": [
            {
                "name": "claude",
                "hosts": [HOST],
                "upstream": f"https://localhost:{origin}",
                "trust": "origin-ca.pem",
                "api": "anthropic",
                "credential": {"header": "x-api-key", "from": {"env": "BENCH_KEY"}},
            }
        ],
        "identity": {"issuers": [{"issuer": issuer, "audience": "maskproxy"}]},
        "grants": [
            {"name": "all", "groups": ["engineering"], "routes": ["claude"], "limits": {"streams": 10_000}},
        ],
        "masking": {"key": {"file": "masking.key"}},
    }
    if recording:
        document["recording"] = {"directory": "recordings"}
    path = directory / f"{name.replace(' ', '-')}.yaml"
    path.write_text(yaml.safe_dump(document))
    process = subprocess.Popen(
        [sys.executable, "-m", "maskproxy", "run", "-c", str(path)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=pinned(CORES[-1]),
        env=os.environ | {"BENCH_KEY": "not" + "-a-real-key-0123456789"},
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if '"ready"' in line:
                port = int(line.partition('"listeners": "')[2].partition('"')[0].rpartition(":")[2])
                break
        else:
            raise SystemExit("the gateway did not start")
        yield Peer(name, port, process.pid)
    finally:
        process.terminate()
        process.communicate()


async def connected(count: int, peer: Peer, make: Callable[[int | None], Client]) -> list[Client]:
    clients = [make(peer.proxy) for _ in range(count)]
    for client in clients:
        await client.open()
    return clients


async def measured(peer: Peer, work: Awaitable[object]) -> tuple[float, float]:
    """Wall and gateway CPU seconds of some work."""
    before = cpu_s(peer.pid) if peer.pid else 0.0
    begun = time.perf_counter()
    await work
    wall = time.perf_counter() - begun
    return wall, (cpu_s(peer.pid) - before) if peer.pid else 0.0


async def small_requests(
    peer: Peer, make: Callable[[int | None], Client], *, count: int = 8000, width: int = 64
) -> str:
    clients = await connected(width, peer, make)
    delays: list[float] = []

    async def one(client: Client) -> None:
        for _ in range(count // width):
            begun = time.perf_counter()
            await client.small()
            delays.append(time.perf_counter() - begun)

    await asyncio.gather(*(client.small() for client in clients))
    wall, cpu = await measured(peer, asyncio.gather(*(one(client) for client in clients)))
    for client in clients:
        client.close()
    p50, p99 = (statistics.quantiles(delays, n=100)[i] * 1e3 for i in (49, 98))
    per = f"{cpu / count * 1e3:8.3f}" if peer.pid else "       -"
    memory = f"{rss_mib(peer.pid):6.0f}" if peer.pid else "     -"
    return f"{count / wall:10,.0f} {p50:8.2f} {p99:8.2f} {per} {memory}"


async def idle_latency(peer: Peer, make: Callable[[int | None], Client]) -> float:
    (client,) = await connected(1, peer, make)
    delays = []
    for _ in range(300):
        begun = time.perf_counter()
        await client.small()
        delays.append(time.perf_counter() - begun)
    client.close()
    return statistics.median(delays) * 1e3


async def streams(peer: Peer, make: Callable[[int | None], Client], *, width: int = 200, rate: float = 30) -> str:
    clients = await connected(width, peer, make)
    results: list[list[float]] = []

    async def one(client: Client) -> None:
        results.append(await client.stream(int(rate * 4), rate))

    _, cpu = await measured(peer, asyncio.gather(*(one(client) for client in clients)))
    for client in clients:
        client.close()
    delays = [delay for result in results for delay in result]
    p50, p99 = (statistics.quantiles(delays, n=100)[i] * 1e3 for i in (49, 98))
    per = f"{cpu / len(delays) * 1e6:8.1f}" if peer.pid else "       -"
    return f"{len(delays):10,} {p50:8.2f} {p99:8.2f} {per}"


async def bulk(peer: Peer, make: Callable[[int | None], Client], *, megabytes: int = 8, times: int = 6) -> str:
    clients = await connected(2, peer, make)
    await asyncio.gather(*(client.bulk(megabytes) for client in clients))
    wall, cpu = 0.0, 0.0
    for _ in range(times):
        more_wall, more_cpu = await measured(peer, asyncio.gather(*(client.bulk(megabytes) for client in clients)))
        wall, cpu = wall + more_wall, cpu + more_cpu
    for client in clients:
        client.close()
    total = megabytes * times * len(clients)
    per = f"{cpu / total * 1e3:8.2f}" if peer.pid else "       -"
    return f"{total / wall:10,.0f} {per}"


async def run(directory: Path) -> None:
    make_ca(directory / "ca", [HOST])
    issuer = Issuer()
    await issuer.start()
    token = issuer.mint("bench", groups=["engineering"])
    origin = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.peers", str(directory / "origin-ca.pem")],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=pinned(CORES[0]),
    )
    os.sched_setaffinity(0, {CORES[0]})
    assert origin.stdout is not None
    port = int(origin.stdout.readline())
    context = ssl.create_default_context(cafile=str(directory / "ca" / "ca.pem"))
    context.load_verify_locations(directory / "origin-ca.pem")

    def make(proxy: int | None) -> Client:
        return Client(port, proxy, token, context, HOST if proxy is not None else "localhost")

    try:
        async with (
            gateway(directory, port, issuer.url, recording=True) as with_recording,
            gateway(directory, port, issuer.url, recording=False) as without,
        ):
            peers = [Peer("direct", None, None), with_recording, without]
            columns = f"{'req/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>8} {'RSS MB':>6}"
            print(f"\n{'small POST, 64 connections':<28}{columns}")
            for peer in peers:
                print(f"{peer.name:<28}{await small_requests(peer, make)}", flush=True)
            base = await idle_latency(peers[0], make)
            print(f"\none idle connection, p50 ms: direct {base:.3f}", end="")
            for peer in peers[1:]:
                print(f", {peer.name} +{await idle_latency(peer, make) - base:.3f}", end="", flush=True)
            print(f"\n\n{'200 streams x 30 events/s':<28}{'events':>10} {'p50 ms':>8} {'p99 ms':>8} {'CPU us':>8}")
            for peer in peers:
                print(f"{peer.name:<28}{await streams(peer, make)}", flush=True)
            print(f"\n{'8 MB answers, text':<28}{'MB/s':>10} {'CPU ms/MB':>9}")
            for peer in peers:
                print(f"{peer.name:<28}{await bulk(peer, make)}", flush=True)
    finally:
        origin.kill()
        origin.communicate()
        await issuer.close()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as directory:
        uvloop.run(run(Path(directory)))


if __name__ == "__main__":
    main()
