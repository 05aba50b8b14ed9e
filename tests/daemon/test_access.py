"""Approval and revocation at once, with real programs: two nodes on one store, people's commands, an operator's."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from maskproxy.dev.planted import github_token
from tests.daemon.place import Place
from tests.daemon.program import WAIT_S, Program, until
from tests.daemon.test_allowances import EFFECTIVE_S, Two
from tests.gateway.house import Answer, Received, plain, read_answer
from tests.gateway.test_access import URGENT
from tests.gateway.test_exchange import messages

BODY = messages("hello")
EVENT = b'event: ping\ndata: {"type": "ping"}\n\n'


async def streams(received: Received, writer: asyncio.StreamWriter) -> None:
    """An answer without end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(f"{len(EVENT):x}\r\n".encode() + EVENT + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


def head(token: str) -> bytes:
    fields = f"Host: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    return f"POST /v1/messages HTTP/1.1\r\n{fields}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


async def answer_of(node: Program, token: str) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", node.ports[0])
    writer.write(head(token))
    async with asyncio.timeout(WAIT_S):
        answer = await read_answer(reader)
    writer.close()
    return answer


@asynccontextmanager
async def running(node: Program, token: str) -> AsyncIterator[asyncio.StreamReader]:
    reader, writer = await asyncio.open_connection("127.0.0.1", node.ports[0])
    writer.write(head(token))
    async with asyncio.timeout(WAIT_S):
        await reader.readuntil(EVENT)
    yield reader
    writer.transport.abort()


@pytest.fixture
async def two(place: Place) -> Two:
    place.document["grants"] = [URGENT]
    two = Two(place)
    await two.start()
    return two


async def test_approved_on_one_node_and_revoked_on_all(two: Two) -> None:
    place, (first, second) = two.place, two.nodes
    ada, lin = place.token("ada"), place.token("lin", groups=["leads"])
    refused = await answer_of(first, ada)
    assert (refused.status, "maskproxy access request urgent --for 2h" in refused.message) == (403, True)
    said = await two.as_person(first, ada, "access", "request", "urgent", "--for", "1h", "--reason", "an outage")
    assert "Somebody of leads, security can give it: maskproxy access approve g" in said
    (row,) = json.loads(await two.as_person(second, lin, "access", "list", "--json"))
    assert (row["state"], row["reason"], row["person_name"]) == ("pending", "an outage", "Ada Lovelace")
    said = await two.as_person(first, ada, "access", "approve", row["id"], code=77)
    assert "Nobody decides on what they asked for themselves" in said
    said = await two.as_person(second, lin, "access", "approve", row["id"], "--reason", "go on")
    assert f"{row['id']}: the grant urgent of Ada Lovelace is active until " in said
    begun = time.monotonic()
    while (await answer_of(first, ada)).status != 200:
        await asyncio.sleep(0.1)
    assert time.monotonic() - begun < EFFECTIVE_S

    place.origin.reply = streams
    token = github_token().value
    place.secrets.append(token)
    async with running(first, ada) as one, running(second, ada) as other:
        begun = time.monotonic()
        said = await two.told(
            *("access", "revoke", "--person", "ada", "-c", str(two.config)), *("--reason", f"left with {token}")
        )
        assert "The person is revoked until " in said
        for reader in (one, other):
            async with asyncio.timeout(WAIT_S):
                last = (await reader.readuntil(b"\r\n0\r\n\r\n")).rpartition(b"event: error")[2]
            assert b"Your access was revoked." in last
        assert time.monotonic() - begun < EFFECTIVE_S + 2, "the command has to start, too"
    for node in two.nodes:
        assert (await answer_of(node, ada)).status == 403
    second.signal(signal.SIGKILL)
    await second.exit_code()
    again = Program(two.config, XDG_CACHE_HOME=str(place.cache))
    place._programs.append(again)
    await again.ready()
    assert (await answer_of(again, ada)).status == 403, "it is known before the first request"

    def events() -> list[str]:
        nodes = (first, second, again)
        return [event["event"] for node in nodes for event in node.events() if event["event"].startswith("access ")]

    await until(lambda: len(events()) == 3, "all events in the logs")
    assert sorted(events()) == ["access approved", "access asked", "access revoked"]
    rows = json.loads(await two.told("access", "list", "-c", str(two.config), "--json"))
    revoked = next(row for row in rows if row["kind"] == "person")
    assert revoked["reason"].startswith("left with MASKED_GITHUB_PAT")
    assert [event["event"] for event in revoked["history"]] == ["revoked"]
    assert "maskproxy" not in await two.told("access", "list", "-c", str(two.config))
    place.origin.reply = plain(b"{}")
    await two.told("access", "revoke", "--undo", revoked["id"], "-c", str(two.config))
    begun = time.monotonic()
    while (await answer_of(first, ada)).status == 403:
        assert time.monotonic() - begun < EFFECTIVE_S
        await asyncio.sleep(0.1)


async def test_what_is_asked_wrongly_is_told(two: Two) -> None:
    first, config = two.nodes[0], str(two.config)
    ada = two.place.token("ada")
    assert "Name one thing" in await two.told("access", "revoke", "-c", config, code=2)
    assert "Name one thing" in await two.told("access", "revoke", "--token", "t", "--session", "s", code=2)
    assert "with its unit" in await two.as_person(first, ada, "access", "request", "urgent", "--for", "2", code=2)
    assert "takes a reason" in await two.as_person(first, ada, "access", "request", "urgent", "--for", "2h", code=2)
    assert "No request has this id" in await two.told("access", "approve", "g1", "-c", config, code=69)
    assert "Only approvers" in await two.as_person(first, ada, "access", "revoke", "--token", "t", code=77)
