import asyncio
import signal
from pathlib import Path

from maskproxy.dev.planted import github_token, leaks
from maskproxy.recording.reader import Reader
from tests.daemon.place import Place, head_of
from tests.daemon.program import until
from tests.daemon.streams import Listening, held
from tests.gateway.house import HOST, plain


def answered(directory: Path) -> int:
    """How many exchanges have a piece of their answer on disk."""
    return len({f.exchange for f in Reader(directory, strict=False) if f.kind == "response_body"})


async def test_what_was_recorded_before_sigkill_is_read_and_the_next_start_goes_on(place: Place) -> None:
    secret = github_token()
    place.origin.reply = held(asyncio.Event(), say=f"hello {secret.value}, ")
    program = await place.run()
    streams = []
    for number in range(4):
        token = place.token(f"person-{number}")
        stream = Listening(await (place.tunnel(token) if number % 2 else place.connect()))
        stream.writer.write(head_of("/v1/messages", 2, token, host=HOST if number % 2 else "") + b"{}")
        await stream.begin(b"message_start")
        streams.append(stream)
    await until(lambda: answered(place.recordings) == 4, "four answers on disk")
    program.signal(signal.SIGKILL)
    assert await program.exit_code() == -signal.SIGKILL
    assert [await stream.rest() for stream in streams] == [False] * 4
    assert answered(place.recordings) == 4
    assert place.replay(streams[0].session).returncode == 0

    # What a crash of the machine can leave besides: a record that was not written to its end.
    segment = max(place.recordings.iterdir())
    segment.write_bytes(segment.read_bytes()[:-5])
    place.origin.reply = plain(b'{"ok":true}')
    await place.run()
    after = await place.post("/v1/messages", b"{}")
    assert after.status == 200
    place.program.signal(signal.SIGTERM)
    assert await place.program.exit_code() == 0
    assert place.replay(str(after.value("x-maskproxy-session"))).returncode == 0
    reader = Reader(place.recordings)
    ended = [frame for frame in reader if frame.kind == "end"]
    assert [tear.segment for tear in reader.tears] == [segment.name]
    assert len(ended) == 1
    assert leaks([secret], {"the recording": place.recorded_bytes()}) == []


async def test_placeholders_outlive_the_process(place: Place) -> None:
    """The key for placeholders is made at the first start and used by the next ones, so histories stay the same."""
    secret = github_token()
    body = f'{{"messages":[{{"role":"user","content":"{secret.value}"}}]}}'.encode()
    for _ in range(2):
        program = await place.run()
        assert (await place.post("/v1/messages", body)).status == 200
        program.signal(signal.SIGKILL)
        await program.exit_code()
    first, second = place.origin.received
    assert b"MASKED_" in first.body
    assert first.body == second.body
