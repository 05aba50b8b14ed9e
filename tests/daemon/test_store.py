"""The store of the real program: over a reload, a stop, a kill, and when it cannot be used."""

import json
import signal
import sqlite3
import stat

import pytest

from maskproxy.dev.planted import github_token
from tests.daemon.place import Place
from tests.gateway.house import Answer, plain
from tests.gateway.test_restore import PLACEHOLDER, call, request


@pytest.fixture
def place(place: Place) -> Place:
    place.document["store"] = "sqlite:///state.db"
    place.write()
    return place


async def told(place: Place, secret: str) -> str:
    """Have a secret masked and written; gives its placeholder."""
    place.origin.reply = plain(b"{}")
    await place.post("/v1/messages", request(f"my key: {secret}\n"))
    await place.program.measured("maskproxy_store_secrets", lambda value: value == 1)
    found = PLACEHOLDER.search(place.origin.received[-1].body)
    assert found is not None
    return found[0].decode()


async def edit(place: Place, name: str) -> Answer:
    place.origin.reply = plain(json.dumps({"content": [call({"content": name}, "Write")]}).encode())
    return await place.post("/v1/messages", request(f"Summary: the token is {name}."))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_compacted_history_gets_its_secret_back_after_a_restart(place: Place, number: signal.Signals) -> None:
    secret = github_token().value
    place.secrets.append(secret)
    program = await place.run()
    name = await told(place, secret)
    place.document["masking"]["restore"] = {"keep": "30d"}
    place.write()
    program.signal(signal.SIGHUP)
    await program.told("reloaded")
    assert (await edit(place, name)).status == 200
    program.signal(number)
    assert await program.exit_code() == (0 if number is signal.SIGTERM else -number)
    files = sorted(place.folder.glob("state.db*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert secret.encode() not in b"".join(path.read_bytes() for path in files)

    program = await place.run()
    answer = await edit(place, name)
    assert json.loads(answer.body)["content"][0]["input"] == {"content": secret}
    assert json.loads((await program.ask("/status")).body)["store"] == "working"
    metrics = await program.metrics()
    assert metrics["maskproxy_store_failed"] == 0
    assert metrics['maskproxy_recalled_total{outcome="found"}'] == 1
    assert secret.encode() not in place.recorded_bytes()


async def test_one_that_fails_raises_an_alarm_and_the_node_stays_ready(place: Place) -> None:
    secret = github_token().value
    place.secrets.append(secret)
    program = await place.run()
    name = await told(place, secret)
    with sqlite3.connect(place.folder / "state.db") as other:
        other.execute("DROP TABLE vault")
    other.close()
    answer = await edit(place, name)
    assert answer.status == 400
    assert (await program.told("store failed"))["reason"].startswith("The store fails (OperationalError SQLITE_ERROR)")
    metrics = await program.metrics()
    assert metrics['maskproxy_alarms_total{kind="store"}'] == 1
    assert metrics["maskproxy_store_failed"] == 1
    assert (await program.ask("/readyz")).status == 200
    assert json.loads((await program.ask("/status")).body)["store"] == "failed"


async def test_one_of_a_newer_version_keeps_it_from_starting(place: Place) -> None:
    program = await place.run()
    program.signal(signal.SIGTERM)
    assert await program.exit_code() == 0
    with sqlite3.connect(place.folder / "state.db") as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    program = place.start()
    assert await program.exit_code() == 69
    assert b"newer version" in program.said
    assert b"Traceback" not in program.said


async def test_one_that_others_can_read_is_a_fault(place: Place) -> None:
    (place.folder / "state.db").touch(0o644)
    (place.folder / "state.db").chmod(0o644)
    program = place.start()
    assert await program.exit_code() == 78
    assert program.said.startswith(b"store: Others than the owner")
