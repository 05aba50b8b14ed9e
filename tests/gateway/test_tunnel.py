"""CONNECT: intercepted, passed through, or refused before any dial."""

import asyncio
import ssl

import pytest

from tests.gateway.house import HOST, House, read_answer


async def connect_line(house: House, target: str, token: str | None) -> bytes:
    proof = f"Proxy-Authorization: Bearer {token}\r\n" if token else ""
    return await house.raw(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{proof}\r\n".encode())


@pytest.mark.parametrize(
    "target",
    ["example.com:443", "127.0.0.1:1", "169.254.169.254:80", "[::1]:443", "[::ffff:127.0.0.1]:443", "10.0.0.1:22"],
)
async def test_a_target_that_is_not_listed_is_refused_before_any_dial(house: House, target: str) -> None:
    answer = await connect_line(house, target, house.token())
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"NO_PROXY" in answer
    assert house.origin.connections == 0


async def test_a_listed_target_needs_a_token(house: House) -> None:
    answer = await connect_line(house, f"127.0.0.1:{house.origin.port}", None)
    assert answer.startswith(b"HTTP/1.1 407")
    assert b"Proxy-Authenticate: Basic" in answer
    assert house.origin.connections == 0


async def test_a_listed_target_needs_a_grant(house: House) -> None:
    answer = await connect_line(house, f"127.0.0.1:{house.origin.port}", house.token(groups=["sales"]))
    assert answer.startswith(b"HTTP/1.1 403")
    assert house.origin.connections == 0


async def test_a_listed_target_is_passed_through_unread(house: House) -> None:
    reader, writer = await house.connect()
    target = f"127.0.0.1:{house.origin.port}"
    writer.write(f"CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Bearer {house.token()}\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    context = ssl.create_default_context()
    house.other.configure_trust(context)
    await writer.start_tls(context, server_hostname="localhost")
    writer.write(b"POST /through HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
    assert (await read_answer(reader)).status == 200
    assert house.origin.received[0].body == b"abc"
    writer.close()
    await asyncio.sleep(0.1)
    assert house.parts.gateway.open_connections == 0


@pytest.mark.parametrize("tls", [False, True], ids=["plain listener", "TLS listener"])
async def test_a_routes_host_is_intercepted(house: House, *, tls: bool) -> None:
    reader, writer = await house.tunnel(house.token(), tls=tls)
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
    for _ in range(3):
        writer.write(f"GET /v1/models HTTP/1.1\r\nHost: {HOST}\r\nx-api-key: whatever\r\n\r\n".encode())
        assert (await read_answer(reader)).status == 200
    assert [r.value("host") for r in house.origin.received] == [f"127.0.0.1:{house.origin.port}"] * 3
    assert [r.value("x-api-key") for r in house.origin.received] == ["service-credential-0123456789abcdef"] * 3
    writer.close()


@pytest.mark.parametrize("token", [None, "nonsense", "a.b.c"])
async def test_a_bad_token_gets_its_answer_inside_the_tunnel(house: House, token: str | None) -> None:
    reader, writer = await house.tunnel(token)
    writer.write(f"POST /v1/messages HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 0\r\n\r\n".encode())
    answer = await read_answer(reader)
    assert answer.status == 401
    assert answer.value("x-should-retry") == "false"
    assert b"authentication_error" in answer.body
    assert house.origin.connections == 0
    writer.close()


async def test_a_credential_of_the_inner_request_does_not_count(house: House) -> None:
    reader, writer = await house.tunnel(None)
    proof = f"Authorization: Bearer {house.token()}"
    writer.write(f"POST /v1/messages HTTP/1.1\r\nHost: {HOST}\r\n{proof}\r\nContent-Length: 0\r\n\r\n".encode())
    assert (await read_answer(reader)).status == 401
    writer.close()


async def test_basic_with_the_token_as_password(house: House) -> None:
    import base64

    reader, writer = await house.connect()
    basic = base64.b64encode(f"me:{house.token()}".encode()).decode()
    writer.write(f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Authorization: Basic {basic}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    await writer.start_tls(house.inner_context(), server_hostname=HOST)
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    assert (await read_answer(reader)).status == 200
    assert house.origin.received[0].value("proxy-authorization") is None
    writer.close()


async def test_a_sni_that_differs_from_the_target_is_misdirected(house: House) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await house.tunnel(house.token(), sni="telemetry.example.com")
    context = house.inner_context()
    context.check_hostname = False
    reader, writer = await house.tunnel(house.token(), sni="telemetry.example.com", context=context)
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    answer = await read_answer(reader)
    assert answer.status == 421
    assert "SNI" in answer.message
    assert house.origin.connections == 0
    writer.close()


@pytest.mark.parametrize("host", ["telemetry.example.com", "api.anthropic.com:444", "example.com"])
async def test_an_inner_host_that_differs_is_misdirected(house: House, host: str) -> None:
    reader, writer = await house.tunnel(house.token())
    writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert (await read_answer(reader)).status == 421
    assert house.origin.connections == 0
    writer.close()


async def test_a_tunnel_inside_a_tunnel_is_refused(house: House) -> None:
    reader, writer = await house.tunnel(house.token())
    writer.write(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode())
    assert (await read_answer(reader)).status == 400
    writer.close()


async def test_a_route_may_refuse_in_words(house: House) -> None:
    reader, writer = await house.tunnel(house.token(), host="telemetry.example.com")
    writer.write(b"POST /v1/rgstr HTTP/1.1\r\nHost: telemetry.example.com\r\nContent-Length: 2\r\n\r\n{}")
    answer = await read_answer(reader)
    assert (answer.status, answer.message) == (403, "Telemetry stays at home.")
    writer.close()


async def test_an_h2_only_client_is_refused_and_not_left_hanging(house: House) -> None:
    reader, writer = await house.connect()
    writer.write(f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Authorization: Bearer {house.token()}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(5):
        try:
            await writer.start_tls(house.inner_context(alpn=["h2"]), server_hostname=HOST)
            writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            assert not (await reader.read(-1)).startswith(b"HTTP/1.1 2")
        except (ssl.SSLError, ConnectionError):
            pass
    writer.close()
