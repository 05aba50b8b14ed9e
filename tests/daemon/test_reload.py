import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from maskproxy.dev.planted import github_token
from tests.daemon.place import Place, head_of
from tests.daemon.program import gone
from tests.daemon.streams import Listening, held
from tests.gateway.house import HOST, plain, read_answer
from tests.gateway.test_restore import request


async def test_a_good_file_is_in_force_and_a_running_stream_goes_on(place: Place) -> None:
    gate = asyncio.Event()
    place.origin.reply = held(gate)
    program = await place.run()
    ada, late = place.token("ada"), place.token("bob", groups=["latecomers"])
    streams = await place.tunnel(ada)
    kept = Listening(streams)
    kept.writer.write(head_of("/v1/messages", 2, ada, host=HOST) + b"{}")
    await kept.begin()
    assert (await place.post("/v1/messages", b"{}", late)).status == 403

    place.document["grants"].append({"name": "late", "groups": ["latecomers"], "routes": ["claude"]})
    place.write()
    program.signal(signal.SIGHUP)
    await program.told("reloaded")
    place.origin.reply = plain(b'{"ok":true}')
    assert (await place.post("/v1/messages", b"{}", late)).status == 200

    gate.set()
    assert await kept.rest()
    assert kept.said == "hello and good-bye"
    kept.writer.write(head_of("/v1/messages", 2, ada, host=HOST) + b"{}")
    assert (await read_answer(streams[0])).status == 200
    await gone(kept.writer)
    await program.measured("maskproxy_open_connections", lambda value: value == 0)


async def test_what_is_taken_away_is_gone_for_open_tunnels_too(place: Place) -> None:
    program = await place.run()
    token = place.token()
    reader, writer = await place.tunnel(token)
    place.document["grants"][0]["routes"] = ["generic"]
    place.write()
    program.signal(signal.SIGHUP)
    await program.told("reloaded")
    writer.write(head_of("/v1/messages", 2, token, host=HOST) + b"{}")
    assert (await read_answer(reader)).status == 403


async def test_a_grants_own_masking_is_in_force(place: Place) -> None:
    program = await place.run()
    secret = github_token().value
    place.secrets.append(secret)
    body = request(f"key {secret}", stream=False)
    assert (await place.post("/v1/messages", body)).status == 200
    place.document["grants"][0]["masking"] = {"actions": [{"rules": ["github-*"], "request": "block"}]}
    place.write()
    program.signal(signal.SIGHUP)
    await program.told("reloaded")
    assert (await place.post("/v1/messages", body)).status == 400
    place.document["grants"][0]["masking"] = {"rules": ["nowhere.yaml"]}
    place.write()
    program.signal(signal.SIGHUP)
    told = await program.told("reload failed, the old configuration stays")
    assert told["error"] == "grants[0].masking.rules[0]: The file does not exist."
    assert (await place.post("/v1/messages", body)).status == 400


def break_yaml(path: Path) -> None:
    path.write_text(path.read_text() + "\n]: [\n")


def misspell(path: Path) -> None:
    path.write_text(path.read_text() + "\nlistners: []\n")


def make_binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)))


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def spoil_rules(path: Path) -> None:
    (path.parent / "own.yaml").write_text("rules: [{id: broken, pattern: '(('}]")
    path.write_text(path.read_text().replace("masking:\n", "masking:\n  rules: [own.yaml]\n"))


def lose_the_key(path: Path) -> None:
    path.write_text(path.read_text().replace("masking.key", "no/such/folder/masking.key"))


def lose_the_trust(path: Path) -> None:
    path.write_text(path.read_text().replace("trust: other.pem", "trust: tls.key"))


BAD: dict[str, Callable[[Path], None]] = {
    "bad YAML": break_yaml,
    "an unknown key": misspell,
    "no text": make_binary,
    "no file": Path.unlink,
    "a folder": make_a_folder,
    "a bad rule": spoil_rules,
    "a key that cannot be made": lose_the_key,
    "no certificates": lose_the_trust,
}


async def test_a_bad_file_changes_nothing_and_the_log_says_why(place: Place) -> None:
    program = await place.run()
    token = place.token()
    good = place.config.read_text()
    for count, (name, spoil) in enumerate(BAD.items(), 1):
        spoil(place.config)
        program.signal(signal.SIGHUP)
        told = await program.told("reload failed, the old configuration stays", count)
        assert told["error"], name
        assert (await place.post("/v1/messages", b"{}", token)).status == 200, name
        if place.config.is_dir():
            place.config.rmdir()
        place.config.write_text(good)
    assert "listners" in program.said.decode()
    assert (await program.metrics())['maskproxy_alarms_total{kind="reload"}'] == len(BAD)
    program.signal(signal.SIGHUP)
    await program.told("reloaded")


async def test_what_needs_a_restart_is_said_each_time(place: Place) -> None:
    program = await place.run()
    place.document["recording"] = {"directory": "elsewhere"}
    place.document["store"] = "sqlite:///state.db"
    place.document["listeners"] = place.document["listeners"][:1]
    place.document["limits"]["upstream_idle_s"] = 17
    place.write()
    for count in (1, 2):
        program.signal(signal.SIGHUP)
        told = await program.told("these changes need a restart", count)
        assert told["sections"] == "listeners, recording, store, limits.upstream_idle_s"
    assert (await place.post("/v1/messages", b"{}")).status == 200
    assert place.recorded_bytes()


async def test_a_new_limit_for_the_drain_is_in_force(place: Place) -> None:
    place.document["limits"]["drain_s"] = 600
    place.write()
    place.origin.reply = held(asyncio.Event())
    program = await place.run()
    place.document["limits"]["drain_s"] = 0.1
    place.write()
    program.signal(signal.SIGHUP)
    await program.told("reloaded")
    async with place.sent("/v1/messages", b"{}", place.token()) as streams:
        stream = Listening(streams)
        await stream.begin()
        program.signal(signal.SIGTERM)
        assert not await stream.rest()
    assert await program.exit_code() == 0
