import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.origin import Origin, client_context, connect_socket, dial
from maskproxy.gateway.upstream.pool import UpstreamPool
from tests.gateway.upstream.reading import whole
from tests.scripted_upstream import OK, Peer, ScriptedUpstream, replies, server_context, trusting_context


@pytest.mark.parametrize(
    ("origin", "authority"),
    [
        (Origin("https", "api.example.com", 443), "api.example.com"),
        (Origin("https", "api.example.com", 8443), "api.example.com:8443"),
        (Origin("https", "api.example.com", 80), "api.example.com:80"),
        (Origin("http", "127.0.0.1", 80), "127.0.0.1"),
        (Origin("https", "::1", 443), "[::1]"),
        (Origin("http", "::1", 8080), "[::1]:8080"),
    ],
)
def test_the_authority_leaves_out_a_default_port_only(origin: Origin, authority: str) -> None:
    assert origin.authority == authority


def test_https_without_a_context_trusts_the_system_and_http_has_none() -> None:
    context = client_context(Origin("https", "api.example.com", 443))
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert client_context(Origin("http", "127.0.0.1", 80)) is None


async def test_a_certificate_for_another_name_is_refused(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK), context=server_context("other.example")) as upstream:
        with pytest.raises(UpstreamFailed, match="not trusted") as failure:
            await pool.send(upstream.origin, "GET", "/", [], None)
        assert not failure.value.retry
        assert pool.counts() == (0, 0, 0)
        assert upstream.requests == []


async def test_names_are_resolved_and_sent_as_server_name(pool: UpstreamPool) -> None:
    async with ScriptedUpstream(replies(OK)) as upstream:
        origin = Origin("https", "localhost", upstream.port, trusting_context())
        assert await whole(await pool.send(origin, "GET", "/", [], None)) == b"ok"
        assert upstream.requests[0].field(b"host") == [b"localhost:%d" % upstream.port]


async def test_only_http_1_1_is_offered(pool: UpstreamPool) -> None:
    context = server_context("127.0.0.1")
    context.set_alpn_protocols(["h2", "http/1.1"])
    chosen: list[str | None] = []

    async def script(peer: Peer) -> None:
        chosen.append(peer.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await replies(OK)(peer)

    async with ScriptedUpstream(script, context=context) as upstream:
        assert await whole(await pool.send(upstream.origin, "GET", "/", [], None)) == b"ok"
    assert chosen == ["http/1.1"]


async def test_a_handshake_that_never_ends_is_given_up() -> None:
    pool = UpstreamPool(connect_timeout_s=0.2)
    gone = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(-1)
        except OSError:
            pass
        finally:
            gone.set()
            writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        origin = Origin("https", "127.0.0.1", server.sockets[0].getsockname()[1], trusting_context())
        with pytest.raises(UpstreamFailed, match="in time") as failure:
            await pool.send(origin, "GET", "/", [], None)
        assert failure.value.retry
        assert pool.counts() == (0, 0, 0)
        await asyncio.wait_for(gone.wait(), 5)
    await pool.close()


async def test_a_dial_that_is_cancelled_in_its_handshake_leaves_no_socket(pool: UpstreamPool) -> None:
    gone = asyncio.Event()
    begun = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        try:
            await reader.read(-1)
        except OSError:
            pass
        finally:
            gone.set()
            writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        origin = Origin("https", "127.0.0.1", server.sockets[0].getsockname()[1], trusting_context())
        task = asyncio.ensure_future(pool.send(origin, "GET", "/", [], None))
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert pool.counts() == (0, 0, 0)
        await asyncio.wait_for(gone.wait(), 5)


async def test_a_server_that_speaks_no_tls_is_refused(pool: UpstreamPool) -> None:
    async def script(peer: Peer) -> None:
        await peer.say(OK)
        await peer.ended()

    async with ScriptedUpstream(script, tls=False) as upstream:
        with pytest.raises(UpstreamFailed, match="could not be reached"):
            await pool.send(Origin("https", "127.0.0.1", upstream.port, trusting_context()), "GET", "/", [], None)


async def test_a_name_that_does_not_exist_fails_before_anything_is_sent(pool: UpstreamPool) -> None:
    with pytest.raises(UpstreamFailed) as failure:
        await pool.send(Origin("http", "a" * 70 + ".example", 80), "GET", "/", [], None)
    assert failure.value.retry


async def test_an_address_that_refuses_gives_way_to_the_next() -> None:
    async with ScriptedUpstream(replies(OK), tls=False) as upstream:
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", upstream.port)),
        ]
        with await connect_socket(addresses) as sock:
            assert sock.getpeername()[1] == upstream.port
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def _files() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


async def test_a_dial_that_is_given_up_at_any_moment_leaves_nothing_behind() -> None:
    """A socket closed under its transport lets the loop mistake the next connection of that number for it."""
    faults: list[object] = []

    def note(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        if not isinstance(context.get("exception"), OSError):  # that the server's handshake was reset is no fault
            faults.append(context)

    asyncio.get_running_loop().set_exception_handler(note)
    async with ScriptedUpstream(replies(OK)) as upstream:
        before = _files()
        context = client_context(upstream.origin)
        for turns in range(60):
            dialling = asyncio.create_task(dial(upstream.origin, context, asyncio.Protocol, timeout_s=5))
            for _ in range(turns):
                await asyncio.sleep(0)
            dialling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                transport, _ = await dialling
                transport.abort()
        async with asyncio.timeout(10):
            while len(_files() - before) > 1:
                await asyncio.sleep(0.01)
    assert faults == []
