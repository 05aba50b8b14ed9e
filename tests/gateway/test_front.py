"""The first bytes of a connection, and the deadlines of everything that a client sends."""

import asyncio
import contextlib
import ssl

import pytest

from tests.gateway.house import HOST, House, read_answer


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"G",
        b"CONN",
        b"CONNECT api.anthropic.com:443 HTTP/1.1\r\nX: ",
        b"POST /v1/messages HTTP/1.1\r\nHost: a\r\n",
    ],
)
async def test_a_head_that_drips_is_cut_by_a_total_deadline(house: House, begin: bytes) -> None:
    reader, writer = await house.connect()
    writer.write(begin)

    async def drip() -> None:
        while True:
            await asyncio.sleep(0.2)
            if begin:
                writer.write(b"x")

    async with asyncio.timeout(8), asyncio.TaskGroup() as tasks:
        dripping = tasks.create_task(drip())
        try:
            answer = await reader.read(-1)
        except ConnectionResetError:
            answer = b""
        dripping.cancel()
    assert answer == b"" or answer[8:12] in {b" 408", b" 400"}
    writer.close()


async def test_a_body_that_drips_is_cut_by_a_total_deadline(house: House) -> None:
    reader, writer = await house.connect()
    head = f"POST /v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {house.token()}\r\nContent-Length: 9999\r\n"
    writer.write(f"{head}Content-Type: application/json\r\n\r\n".encode())

    async def drip() -> None:
        while True:
            await asyncio.sleep(0.2)
            writer.write(b" ")

    async with asyncio.timeout(8), asyncio.TaskGroup() as tasks:
        dripping = tasks.create_task(drip())
        answer = await read_answer(reader)
        dripping.cancel()
    assert answer.status == 408
    assert house.origin.received == []
    writer.close()


async def test_a_handshake_that_never_comes_is_cut(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.ports[1])
    async with asyncio.timeout(8):
        assert await reader.read(-1) == b""
    writer.close()


async def test_an_inner_handshake_that_never_comes_is_cut(house: House) -> None:
    reader, writer = await house.connect()
    writer.write(f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Authorization: Bearer {house.token()}\r\n\r\n".encode())
    async with asyncio.timeout(8):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read(-1) == b""
    writer.close()
    await asyncio.sleep(0.05)
    assert house.parts.gateway.open_connections == 0


async def test_stalled_uploads_do_not_starve_others(house: House) -> None:
    stalled = []
    for _ in range(100):
        _, writer = await house.connect()
        head = f"POST /v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {house.token()}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 999\r\n\r\n{{".encode())
        stalled.append(writer)
    async with asyncio.timeout(2):
        answer = await house.post("/v1/messages", b'{"model":"m","messages":[]}')
    assert answer.status == 200
    for writer in stalled:
        writer.close()


async def test_connect_may_come_in_pieces(house: House) -> None:
    reader, writer = await house.connect()
    for byte in f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Authorization: Bearer {house.token()}\r\n\r\n".encode():
        writer.write(bytes([byte]))
        await asyncio.sleep(0)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    await writer.start_tls(house.inner_context(), server_hostname=HOST)
    writer.write(b"GET /v1/models HTTP/1.1\r\nHost: api.anthropic.com\r\n\r\n")
    assert (await read_answer(reader)).status == 200
    writer.close()


async def test_a_client_hello_in_the_same_segment_as_connect(house: House) -> None:
    reader, writer = await house.connect()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = house.inner_context().wrap_bio(incoming, outgoing, server_hostname=HOST)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    connect = f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Authorization: Bearer {house.token()}\r\n\r\n".encode()
    writer.write(connect + outgoing.read())
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                incoming.write(await reader.read(65536))
        tls.write(b"GET /v1/models HTTP/1.1\r\nHost: api.anthropic.com\r\n\r\n")
        writer.write(outgoing.read())
        answer = b""
        while b"HTTP/1.1 200" not in answer:
            incoming.write(await reader.read(65536))
            try:
                answer += tls.read(65536)
            except ssl.SSLWantReadError:
                continue
    writer.close()


async def test_connections_over_the_limit_are_told_so(house: House) -> None:
    object.__setattr__(house.parts.gateway, "limits", type(house.parts.gateway.limits)(connections=1, head_s=2))
    first = await house.connect()
    await asyncio.sleep(0.02)
    answer = await house.raw(b"")
    assert answer.startswith(b"HTTP/1.1 503")
    assert b'"x-should-retry"' not in answer
    assert b"x-should-retry: true" in answer
    first[1].close()
