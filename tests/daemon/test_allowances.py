"""A way out of a false positive, with real programs: two nodes on one store, a person's commands, an operator's."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import time
from typing import Any

import pytest
import yaml

from maskproxy.dev.planted import github_token
from maskproxy.store.files import make_private
from tests.daemon.place import Place
from tests.daemon.program import WAIT_S, Program, command, until
from tests.gateway.house import read_answer
from tests.gateway.test_restore import request

WORD = "correct" + "-horse-9"
TEXT = f'password = "{WORD}"'
EFFECTIVE_S = 5.0


class Two:
    """Two nodes with one key, store and issuer; each with its own recording."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.nodes: list[Program] = []
        self.config = place.folder / "second.yaml"

    async def start(self) -> None:
        place = self.place
        place.document["store"] = "sqlite:///state.db"
        place.write()
        self.config.write_text(yaml.safe_dump(place.document | {"recording": {"directory": "second"}}))
        self.nodes.append(await place.run())
        second = Program(self.config, XDG_CACHE_HOME=str(place.cache))
        place._programs.append(second)
        await second.ready()
        self.nodes.append(second)

    async def sent(self, node: Program, text: str, token: str) -> bytes:
        """What upstream gets of a text."""
        reader, writer = await asyncio.open_connection("127.0.0.1", node.ports[0])
        body = request(text, stream=False)
        head = f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        async with asyncio.timeout(WAIT_S):
            assert (await read_answer(reader)).status == 200
        writer.close()
        return self.place.origin.received[-1].body

    async def soon(self, text: str, token: str, *, passes: bool) -> None:
        """Wait until both nodes do so; they have five seconds from now."""
        begun = time.monotonic()
        for node in self.nodes:
            while (json.dumps(text)[1:-1].encode() in await self.sent(node, text, token)) is not passes:
                assert time.monotonic() - begun < EFFECTIVE_S + 20, "not even on a busy machine"
                await asyncio.sleep(0.1)
        assert time.monotonic() - begun < EFFECTIVE_S

    async def told(self, *arguments: str, code: int = 0, **environ: str) -> str:
        """What a command prints."""
        done = await asyncio.to_thread(
            subprocess.run,
            command(*arguments),
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "XDG_CACHE_HOME": str(self.place.cache), **environ},
        )
        assert done.returncode == code, done.stderr
        assert not [secret for secret in self.place.secrets if secret in done.stdout + done.stderr]
        return done.stdout if code == 0 else done.stderr

    async def as_person(self, node: Program, token: str, *arguments: str, code: int = 0) -> str:
        environ = {"MASKPROXY_URL": f"http://127.0.0.1:{node.ports[0]}", "MASKPROXY_TOKEN": token}
        return await self.told(*arguments, code=code, **environ)

    async def findings(self, node: Program, token: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(await self.as_person(node, token, "findings", "--json"))
        return found


@pytest.fixture
async def two(place: Place) -> Two:
    two = Two(place)
    await two.start()
    return two


async def test_a_generic_one_is_lifted_on_every_node_at_once(two: Two) -> None:
    place, (first, second) = two.place, two.nodes
    ada, bob = place.token("ada"), place.token("bob")
    assert WORD.encode() not in await two.sent(second, TEXT, ada)
    shown = ""
    async with asyncio.timeout(WAIT_S):
        while "secret-in-quotes" not in shown:  # the other node writes what it saw every second
            shown = await two.as_person(first, ada, "findings")
            await asyncio.sleep(0.5)
    assert WORD not in shown
    (finding,) = await two.findings(first, ada)
    name = finding["placeholder"]
    said = await two.as_person(first, ada, "allow", name, "--for", "24h", "--reason", "a word of the docs")
    assert said.startswith("It passes for you until ")
    await two.soon(TEXT, ada, passes=True)
    assert WORD.encode() not in await two.sent(second, TEXT, bob)
    assert await two.as_person(second, bob, "allow", name, "--for", "1h", "--reason", "x", code=69)
    (mine,) = json.loads(await two.as_person(second, ada, "allow", "list", "--json"))
    assert (mine["state"], mine["reason"]) == ("active", "a word of the docs")

    config = str(place.config)
    counts = json.loads(await two.told("findings", "-c", config, "--json"))
    assert {(count["rule"], count["action"]) for count in counts} == {
        ("secret-in-quotes", "mask"),
        ("secret-in-quotes", "lifted"),
    }
    await two.told("allow", "revoke", mine["id"], "-c", config, "--reason", "it was one after all")
    await two.soon(TEXT, ada, passes=False)
    (row,) = json.loads(await two.told("allow", "list", "-c", config, "--json"))
    assert [event["event"] for event in row["history"]] == ["allowed", "revoked"]
    assert (row["state"], row["person_name"]) == ("revoked", "Ada Lovelace")
    assert WORD.encode() not in b"".join(path.read_bytes() for path in place.folder.rglob("*") if path.is_file())


async def test_a_vendors_one_waits_for_the_operator_and_each_event_is_told_by_one_node(two: Two) -> None:
    place, (first, second) = two.place, two.nodes
    ada, secret = place.token("ada"), github_token().value
    place.secrets.append(secret)
    await two.sent(first, secret, ada)
    (finding,) = await two.findings(first, ada)
    said = await two.as_person(
        first, ada, "allow", finding["placeholder"], "--for", "2h", "--reason", "revoked years ago", "--json"
    )
    asked = json.loads(said)
    assert asked["state"] == "pending"
    assert secret.encode() not in await two.sent(first, secret, ada)
    config = str(two.config)
    assert "printable" in await two.told("allow", "approve", asked["id"], "-c", config, "--reason", "\x07", code=2)
    await two.told("allow", "approve", "nothing", "-c", config, "--reason", "x", code=69)
    said = await two.told("allow", "approve", asked["id"], "-c", config, "--reason", f"is no {secret}")
    assert "of Ada Lovelace is active until" in said
    await two.soon(secret, ada, passes=True)
    assert "nothing to deny" in await two.told("allow", "deny", asked["id"], "-c", config, "--reason", "x", code=77)

    def events() -> list[dict[str, Any]]:
        return [event for node in (first, second) for event in node.events() if event["event"].startswith("allowance")]

    await until(lambda: len(events()) == 2, "both events in the logs")
    await asyncio.sleep(1.5)
    approved = next(event for event in events() if event["event"] == "allowance approved")
    assert len(events()) == 2
    assert (approved["allowance"], approved["person_name"]) == (asked["id"], "Ada Lovelace")
    assert approved["reason"].startswith("is no MASKED_GITHUB_PAT")
    assert approved["by"]
    metrics = [await node.metrics() for node in (first, second)]
    assert sum(one.get('maskproxy_allowances_total{event="approved"}', 0) for one in metrics) == 1


async def test_it_outlives_a_restart_and_a_node_that_cannot_read_the_store_goes_on(two: Two) -> None:
    place, first = two.place, two.nodes[0]
    ada = place.token("ada")
    await two.sent(first, TEXT, ada)
    (finding,) = await two.findings(first, ada)
    await two.as_person(first, ada, "allow", finding["placeholder"], "--for", "1h", "--reason", "x")
    await two.soon(TEXT, ada, passes=True)
    first.signal(signal.SIGKILL)
    await first.exit_code()
    two.nodes[0] = await place.run()
    assert WORD.encode() in await two.sent(two.nodes[0], TEXT, ada)
    place.write()
    two.nodes[0].signal(signal.SIGHUP)
    await two.nodes[0].told("reloaded")
    assert WORD.encode() in await two.sent(two.nodes[0], TEXT, ada)
    with sqlite3.connect(place.folder / "state.db") as other:
        other.execute("ALTER TABLE allowance_events RENAME TO hidden")
    other.close()
    for node in two.nodes:
        await node.told("store failed")
        assert WORD.encode() in await two.sent(node, TEXT, ada)
        assert (await node.metrics())['maskproxy_alarms_total{kind="store"}'] >= 1
        assert (await node.ask("/readyz")).status == 200


async def test_tls_and_a_token_in_a_file(place: Place) -> None:
    place.document["store"] = "sqlite:///state.db"
    place.write()
    program = await place.run()
    ada = place.token("ada")
    (place.folder / "token").write_text(f"{ada}\n")
    two = Two(place)
    url = ["--gateway", f"https://localhost:{program.ports[1]}", "--token-file", str(place.folder / "token")]
    assert json.loads(await two.told("findings", "--json", *url, "--ca", str(place.folder / "other.pem"))) == []
    assert "not trusted" in await two.told("findings", *url, code=69)
    expired = place.token("ada", exp=1)
    (place.folder / "token").write_text(expired)
    assert await two.told("findings", *url, "--ca", str(place.folder / "other.pem"), code=77)


async def test_without_a_store_the_commands_say_what_is_missing(place: Place) -> None:
    program = await place.run()
    two = Two(place)
    ada = place.token("ada")
    config = str(place.config)
    for arguments in (["findings"], ["allow", "list"], ["allow", "MASKED_X", "--for", "1h", "--reason", "x"]):
        assert "names no store" in await two.as_person(program, ada, *arguments, code=69)
    assert "names no store" in await two.told("allow", "list", "-c", config, code=69)
    place.document["store"] = "sqlite:///other.db"
    place.write()
    assert "does not exist yet" in await two.told("findings", "-c", config, code=69)
    make_private(place.folder / "other.db")
    assert "database is empty" in await two.told("findings", "-c", config, code=69)
