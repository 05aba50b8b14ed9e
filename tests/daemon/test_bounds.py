import asyncio
from collections.abc import Callable

import pytest

from tests.daemon.place import Place, head_of
from tests.daemon.program import WAIT_S, gone, until
from tests.daemon.streams import begin, block, chunk, held
from tests.gateway.house import HOST, Received, plain

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1 << 20
WAYS = pytest.mark.parametrize("tunnel", [HOST, ""], ids=["HTTPS_PROXY", "base URL"])


class Flood:
    """An answer of 64 MB in events, sent as fast as it is taken, with a count of what was."""

    def __init__(self) -> None:
        self.sent_bytes = 0

    async def __call__(self, _: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = begin() + block(0, ["what a long answer this is " * 1000])
        while self.sent_bytes < 64 * MIB:
            writer.write(chunk(piece))
            await writer.drain()
            self.sent_bytes += len(piece)
        writer.write(chunk(b""))


async def settled(count: Callable[[], int]) -> None:
    """Wait until what is counted has not changed for a while: everybody waits for somebody."""
    last, same = count(), 0
    async with asyncio.timeout(WAIT_S):
        while same < 10:
            await asyncio.sleep(0.05)
            last, same = (count(), same + 1) if count() == last else (count(), 0)


@WAYS
async def test_a_client_that_does_not_read_holds_upstream_back(shared: Place, tunnel: str) -> None:
    flood = Flood()
    shared.origin.reply = flood
    before = shared.program.begin_peak()
    async with shared.sent("/v1/messages", b"{}", shared.token(), tunnel=tunnel) as (reader, _):
        await reader.readuntil(b"\r\n\r\n")
        await settled(lambda: flood.sent_bytes)
        assert flood.sent_bytes < 32 * MIB
        assert shared.program.peak_bytes() - before < 48 * MIB
    await shared.program.measured("maskproxy_open_exchanges", lambda value: value == 0)


@WAYS
async def test_a_slow_reader_gets_all_of_a_long_answer(shared: Place, tunnel: str) -> None:
    flood = Flood()
    shared.origin.reply = flood
    before = shared.program.begin_peak()
    async with shared.sent("/v1/messages", b"{}", shared.token(), tunnel=tunnel) as (reader, _):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"chunked" in head
        got = 0
        async with asyncio.timeout(3 * WAIT_S):
            while size := int(await reader.readuntil(b"\r\n"), 16):
                got += len(await reader.readexactly(size + 2)) - 2
    assert got >= 64 * MIB
    assert shared.program.peak_bytes() - before < 64 * MIB


@WAYS
async def test_an_upstream_that_does_not_read_holds_the_client_back(shared: Place, tunnel: str) -> None:
    """A streamed upload of 60 MB to an upstream that reads its head and no more."""
    gate = shared.origin.gate = asyncio.Event()
    sent = 0
    before = shared.program.begin_peak()
    token = shared.token()
    fields = ("Content-Type: text/plain",)
    try:
        async with shared.sent("/elsewhere", b"", token, *fields, tunnel=tunnel, length=60 * MIB) as (_, writer):

            async def upload() -> None:
                nonlocal sent
                while sent < 60 * MIB:
                    writer.write(b"a line of a long text, and so on\n" * 2000)
                    await writer.drain()
                    sent += 66_000

            uploading = asyncio.create_task(upload())
            await until(lambda: shared.origin.waiting, "the upload's head")
            await settled(lambda: sent)
            assert sent < 32 * MIB
            assert shared.program.peak_bytes() - before < 48 * MIB
            uploading.cancel()
            await asyncio.wait({uploading})
    finally:
        shared.origin.gate, shared.origin.waiting = None, False
        gate.set()
    await shared.program.measured("maskproxy_open_exchanges", lambda value: value == 0)


async def test_stalled_uploads_do_not_hold_up_others(shared: Place) -> None:
    shared.origin.reply = plain(b"{}")
    token = shared.token()
    before = shared.program.begin_peak()
    writers = []
    for _ in range(100):
        _, writer = await shared.connect()
        writer.write(head_of("/v1/messages", 30 * MIB, token) + b'{"messages":[' + b" " * 16_384)
        writers.append(writer)
    await shared.program.measured("maskproxy_open_exchanges", lambda value: value == 100)
    assert (await shared.post("/v1/messages", b"{}")).status == 200
    assert shared.program.peak_bytes() - before < 64 * MIB
    for writer in writers:
        await gone(writer)
    await shared.program.measured("maskproxy_open_exchanges", lambda value: value == 0)


async def test_a_hundred_clients_that_go_away_leave_nothing_open(shared: Place) -> None:
    """In every state: before a head, amid one, in a handshake, amid a body, amid an answer; plain and in tunnels."""
    program = shared.program
    shared.origin.reply = plain(b"{}")
    await shared.post("/v1/messages", b"{}", tunnel=HOST)
    await program.measured("maskproxy_open_connections", lambda value: value == 0)
    shared.origin.reply = held(asyncio.Event())
    before, token = program.open_files(), shared.token()
    upstream = shared.origin.connections

    async def come_and_go(number: int) -> None:
        kind = number % 5
        if kind == 0:
            reader, writer = await shared.connect()
            writer.write(b"POST / HT"[: number % 9])
        elif kind == 1:
            reader, writer = await shared.connect()
            proof = f"Proxy-Authorization: Bearer {token}"
            writer.write(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n{proof}\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"\x16\x03\x01\x02\x00\x01")
        elif kind == 2:
            reader, writer = await shared.tunnel(token, tls=number % 2 == 0)
            writer.write(head_of("/v1/messages", 1000, token, host=HOST) + b"{")
        else:
            reader, writer = await (shared.tunnel(token) if kind == 3 else shared.connect())
            writer.write(head_of("/v1/messages", 2, token, host=HOST if kind == 3 else "") + b"{}")
            await reader.readuntil(b"hello")
        await gone(writer)

    await asyncio.gather(*(come_and_go(number) for number in range(100)))
    assert shared.origin.connections - upstream >= 39
    await program.measured("maskproxy_open_connections", lambda value: value == 0)
    await program.measured("maskproxy_open_exchanges", lambda value: value == 0)
    async with asyncio.timeout(WAIT_S):
        while program.open_files() > before + 2:
            await asyncio.sleep(0.05)
    shared.origin.reply = plain(b"{}")
    assert (await shared.post("/v1/messages", b"{}")).status == 200
