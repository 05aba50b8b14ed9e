import asyncio
import signal

import pytest

from tests.daemon.place import Place, head_of
from tests.daemon.streams import Listening, held
from tests.gateway.house import HOST

FOREVER = range(0, 50, 5)


async def listen(place: Place, number: int) -> Listening:
    """One of fifty: a fifth in tunnels, a tenth without an end."""
    tunnel = HOST if number % 5 == 0 or number % 5 == 1 else ""
    token = place.token(f"person-{number}")
    streams = await (place.tunnel(token, tls=number % 2 == 0) if tunnel else place.connect())
    body = b'{"system":"forever"}' if number in FOREVER else b'{"system":"a while"}'
    streams[1].write(head_of("/v1/messages", len(body), token, host=tunnel) + body)
    stream = Listening(streams)
    await stream.begin()
    return stream


async def test_sigterm_lets_live_streams_finish_and_cuts_those_that_do_not(place: Place) -> None:
    gate = asyncio.Event()
    place.origin.reply = held(gate)
    program = await place.run()
    streams = await asyncio.gather(*(listen(place, number) for number in range(50)))
    idle = await place.connect()
    assert (await program.metrics())["maskproxy_open_exchanges"] == 50

    program.signal(signal.SIGTERM)
    await program.told("draining")
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset, whatever the system calls it
        await place.connect()
    assert (await program.ask("/readyz")).status == 503
    assert await idle[0].read() == b""
    gate.set()

    whole = await asyncio.gather(*(stream.rest() for stream in streams))
    assert [number for number in range(50) if not whole[number]] == list(FOREVER)
    assert {stream.said for number, stream in enumerate(streams) if whole[number]} == {"hello and good-bye"}
    assert await program.exit_code() == 0

    frames = place.frames()
    outcomes = {f.session: f.data["outcome"] for f in frames if f.kind == "end"}
    assert [outcomes[stream.session] == "complete" for stream in streams] == whole
    finished, cut = place.replay(streams[1].session), place.replay(streams[0].session)
    assert (finished.returncode, cut.returncode) == (0, 0)
    assert "hello and good-bye" in finished.stdout
    assert "hello" in cut.stdout
    assert "good-bye" not in cut.stdout


async def test_without_running_exchanges_sigterm_ends_at_once(place: Place) -> None:
    place.document["limits"]["drain_s"] = 60
    place.write()
    program = await place.run()
    await place.tunnel(place.token())
    program.signal(signal.SIGTERM)
    assert await program.exit_code() == 0


async def test_a_second_sigterm_changes_nothing(place: Place) -> None:
    gate = asyncio.Event()
    place.origin.reply = held(gate)
    program = await place.run()
    stream = await listen(place, 1)
    for _ in range(3):
        program.signal(signal.SIGTERM)
    await program.told("draining")
    gate.set()
    assert await stream.rest()
    assert await program.exit_code() == 0


async def test_a_tunnel_that_is_passed_through_is_cut_at_the_end_of_the_drain(place: Place) -> None:
    place.document["tunnels"] = [f"127.0.0.1:{place.origin.port}"]
    place.document["limits"]["drain_s"] = 0.2
    place.write()
    program = await place.run()
    reader, writer = await place.connect()
    head = f"CONNECT 127.0.0.1:{place.origin.port} HTTP/1.1\r\nHost: 127.0.0.1:{place.origin.port}\r\n"
    writer.write(f"{head}Proxy-Authorization: Bearer {place.token()}\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    program.signal(signal.SIGTERM)
    assert await reader.read() == b""
    assert await program.exit_code() == 0
