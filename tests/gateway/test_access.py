"""Grants that need approval, and revocation at once, over real sockets."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from maskproxy.store import access as access_view
from tests.gateway.conftest import Start
from tests.gateway.house import Answer, House, Received, read_answer
from tests.gateway.test_exchange import GITHUB, messages
from tests.gateway.test_own_api import get

API = "/maskproxy/v1/access"
BODY = messages("hello")
STORE = {"store": "sqlite:///state.db"}
DEVELOPERS = {"name": "developers", "groups": ["engineering"], "routes": ["claude"]}
URGENT: dict[str, Any] = {
    "name": "urgent",
    "groups": ["engineering"],
    "routes": ["claude"],
    "approval": {"approvers": ["leads", "security"], "longest": "8h"},
    "reason": True,
}
LEAD = {"groups": ["leads", "engineering"]}


async def post(house: House, token: str, path: str = "", **body: Any) -> Answer:
    return await house.post(API + path, json.dumps(body).encode(), token)


async def ask(house: House, token: str, **changes: Any) -> dict[str, Any]:
    answer = await post(house, token, **{"grant": "urgent", "for_s": 3600, "reason": "an outage", **changes})
    assert answer.status == 200, answer.body
    made: dict[str, Any] = json.loads(answer.body)["request"]
    return made


async def decide(house: House, token: str, request: str, decision: str) -> Answer:
    return await post(house, token, "/decisions", id=request, decision=decision, reason="seen")


async def revoke(house: House, token: str, kind: str, target: str, **more: object) -> Answer:
    return await post(house, token, "/revocations", kind=kind, target=target, for_s=3600, reason="left", **more)


async def test_the_refusal_says_which_command_to_run_and_approval_opens_the_grant(start: Start) -> None:
    house = await start(URGENT, **STORE)
    ada, lead = house.token("ada"), house.token("lin", **LEAD)
    answer = await house.post("/v1/messages", BODY, ada, tunnel=True)
    assert (answer.status, answer.value("x-should-retry")) == (403, "false")
    assert answer.message == (
        "Your grant urgent needs approval by one of leads, security. Ask for it: "
        'maskproxy access request urgent --for 2h --reason "..."'
    )
    made = await ask(house, ada)
    assert (made["state"], made["expires"], made["approvers"]) == ("pending", None, ["leads", "security"])
    assert (await ask(house, ada))["id"] == made["id"], "asking again changes nothing"
    waits = await house.post("/v1/messages", BODY, ada)
    assert (waits.status, "waits for approval by one of leads, security" in waits.message) == (403, True)
    assert house.origin.received == []

    (listed,) = json.loads((await get(house, API, lead)).body)["access"]
    assert (listed["id"], listed["person_name"], listed["reason"]) == (made["id"], "Ada Lovelace", "an outage")
    approved = json.loads((await decide(house, lead, made["id"], "approve")).body)["request"]
    assert approved["state"] == "active"
    assert (await house.post("/v1/messages", BODY, ada)).status == 200
    assert (await house.post("/v1/messages", BODY, house.token("bob"))).status == 403, "it is ada's"

    assert (await decide(house, lead, made["id"], "deny")).status == 403
    assert (await decide(house, lead, made["id"], "revoke")).status == 200
    assert (await house.post("/v1/messages", BODY, ada)).status == 403
    lines = [json.loads(line) for line in house.log.getvalue().splitlines()]
    told = [line for line in lines if line["event"].startswith("access ")]
    assert [line["event"] for line in told] == ["access asked", "access approved", "access revoked"]
    assert (told[1]["grant"], told[1]["person"], told[1]["by"]) == (
        "urgent",
        f"{house.issuer.url}#ada",
        f"{house.issuer.url}#lin",
    )
    audits = [frame.data["event"] for frame in await house.frames() if frame.kind == "audit"]
    assert audits == ["access_asked", "access_approved", "access_revoked"]
    assert house.measured("maskproxy_access_total", event="approved") == 1


async def test_a_model_that_takes_an_approved_grant_is_refused_with_how_to_ask_for_it(start: Start) -> None:
    house = await start({**DEVELOPERS, "models": ["small-*"]}, {**URGENT, "models": ["large-*"]}, **STORE)
    ada, lead = house.token("ada"), house.token("lin", **LEAD)
    large = messages("hello", model="large-1")
    answer = await house.post("/v1/messages", large, ada)
    assert answer.status == 400
    assert answer.message == (
        "Your grant does not allow this model. Choose one of: small-*. Your grant urgent needs approval by one of "
        'leads, security. Ask for it: maskproxy access request urgent --for 2h --reason "..."'
    )
    answer = await house.post("/v1/messages", messages("hello", model="other"), ada)
    assert answer.message.endswith("Choose one of: small-*.")
    made = await ask(house, ada)
    assert "waits for approval" in (await house.post("/v1/messages", large, ada)).message
    await decide(house, lead, made["id"], "approve")
    assert (await house.post("/v1/messages", large, ada)).status == 200


async def test_nobody_decides_on_their_own_and_nobody_else_than_approvers(start: Start) -> None:
    house = await start(URGENT, DEVELOPERS, **STORE)
    lead, other, bob = house.token("lin", **LEAD), house.token("moe", groups=["security"]), house.token("bob")
    mine = await ask(house, lead)
    for decision in ("approve", "deny"):
        answer = await decide(house, lead, mine["id"], decision)
        assert (answer.status, "Nobody decides on what they asked for" in answer.message) == (403, True)
        assert (await decide(house, bob, mine["id"], decision)).status == 404
    assert json.loads((await get(house, API, bob)).body) == {"access": []}
    assert (await decide(house, other, mine["id"], "approve")).status == 200
    assert (await decide(house, lead, mine["id"], "revoke")).status == 200, "one's own may be given back"
    assert (await decide(house, other, "nothing", "approve")).status == 404
    for kind, target in (("person", "x"), ("grant", "urgent"), ("token", "t"), ("session", "s")):
        assert (await revoke(house, bob, kind, target)).status == 403
    assert (await revoke(house, other, "grant", "developers")).status == 403, "they do not approve that one"
    assert (await post(house, bob, "/restorations", id="r1")).status == 403


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"grant": "nothing"}, 404, "hold no grant"),
        ({"grant": "developers"}, 400, "needs no approval"),
        ({"for_s": 8 * 3600 + 1}, 400, "8 hours"),
        ({"for_s": 0}, 400, "1 second"),
        ({"for_s": True}, 400, "Send {"),
        ({"reason": " "}, 400, "takes a reason"),
        ({"reason": "a\u0007b"}, 400, "printable"),
        ({"reason": 7}, 400, "printable"),
        ({"reason": "x" * 401}, 400, "400"),
        ({"more": 1}, 400, "Send {"),
    ],
)
async def test_what_is_asked_wrongly_is_refused_in_words(
    start: Start, changes: dict[str, Any], status: int, says: str
) -> None:
    house = await start(URGENT, DEVELOPERS, **STORE)
    answer = await post(house, house.token(), **{"grant": "urgent", "for_s": 60, "reason": "x", **changes})
    assert (answer.status, says in answer.message) == (status, True), answer.message


async def test_who_does_not_hold_the_grant_cannot_ask_and_secrets_in_reasons_are_masked(start: Start) -> None:
    house = await start(URGENT, {**DEVELOPERS, "groups": ["sales"]}, **STORE)
    sales = house.token("zoe", groups=["sales"])
    assert (await post(house, sales, grant="urgent", for_s=60, reason="x")).status == 404
    made = await ask(house, house.token(), reason=f"need {GITHUB}")
    assert made["reason"].startswith("need MASKED_GITHUB")
    assert (await get(house, API, house.token("kim", groups=["others"]))).status == 403
    for path, body in (("/decisions", {"id": 7}), ("/revocations", {"kind": "all"}), ("/restorations", {}), ("/x", {})):
        assert (await post(house, sales, path, **body)).status in {400, 404}
    assert (await post(house, sales, "/revocations", kind="person", target="x", for_s=9, person="y")).status == 400
    assert (await post(house, sales, "/revocations", kind="person", target="", for_s=9)).status == 400
    assert (await post(house, sales, "/revocations", kind="person", target="x", for_s=1e12)).status == 400


async def test_without_a_store_it_says_what_is_missing(house: House) -> None:
    answer = await get(house, API, house.token())
    assert (answer.status, "names no store" in answer.message) == (503, True)


class Stream:
    """An answer that goes on until its test ends."""

    def __init__(self, house: House, *, size: int = 0) -> None:
        self.gone = asyncio.Event()
        self.comment = b": " + b"x" * size + b"\n\n" if size else b""
        house.origin.reply = self._reply

    async def _reply(self, _: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        event = b'event: ping\ndata: {"type": "ping"}\n\n' + self.comment
        try:
            while not writer.is_closing():
                writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
        finally:
            self.gone.set()


@asynccontextmanager
async def running(
    house: House, token: str, session: str = "s1", *, tunnel: bool = False
) -> AsyncIterator[asyncio.StreamReader]:
    """A stream of which something has come."""
    reader, writer = await (house.tunnel(token) if tunnel else house.connect())
    proof = "" if tunnel else f"Authorization: Bearer {token}\r\n"
    host = "api.anthropic.com" if tunnel else "localhost"
    head = f"POST /v1/messages HTTP/1.1\r\nHost: {host}\r\n{proof}X-Claude-Code-Session-Id: {session}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
    async with asyncio.timeout(10):
        await reader.readuntil(b"\n\n")
    yield reader
    writer.transport.abort()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What is left of a stream up to its last chunk."""
    async with asyncio.timeout(5):
        return await reader.readuntil(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("tunnel", [False, True], ids=["base url", "tunnel"])
@pytest.mark.parametrize("kind", ["person", "token", "session", "grant", "their grant"])
async def test_a_running_stream_ends_with_an_event_that_says_why(start: Start, kind: str, *, tunnel: bool) -> None:
    house = await start(URGENT, DEVELOPERS, **STORE)
    lead = house.token("lin", groups=["leads"])
    ada = house.token("ada", jti="token-1")
    bob = house.token("bob", jti="token-2")
    session = (await house.post("/v1/messages", BODY, ada, more="X-Claude-Code-Session-Id: s1\r\n")).value(
        "x-maskproxy-session"
    )
    stream = Stream(house)
    targets = {
        "person": ("person", f"{house.issuer.url}#ada", {}, "Your access was revoked"),
        "token": ("token", "token-1", {}, "This token was revoked. Sign in again."),
        "session": ("session", session or "", {}, "This session was revoked"),
        "grant": ("grant", "urgent", {}, "was revoked"),
        "their grant": ("grant", "urgent", {"person": f"{house.issuer.url}#ada"}, "was revoked"),
    }
    what, target, more, says = targets[kind]
    if what == "grant":
        made = await ask(house, ada)
        await decide(house, lead, made["id"], "approve")
        house.parts.gateway.grants = tuple(one for one in house.parts.gateway.grants if one.name == "urgent")
    async with running(house, ada, tunnel=tunnel) as reader:
        answer = await revoke(house, lead, what, target, **more)
        assert answer.status == 200, answer.body
        events = (await rest(reader)).split(b"\r\n")
        last = next(event for event in reversed(events) if b"event: error" in event)
        error = json.loads(last.split(b"data: ")[1])["error"]
        assert says in error["message"]
        await asyncio.wait_for(stream.gone.wait(), 5)
        house.origin.reply = Stream(house)._reply
        refused = await house.post("/v1/messages", BODY, ada, more="X-Claude-Code-Session-Id: s1\r\n", tunnel=tunnel)
        assert refused.status == (401 if kind == "token" else 403)
        assert says in refused.message
    if kind not in {"grant", "their grant"}:
        async with running(house, bob) as others:
            await asyncio.sleep(0.05)
            assert b"ping" in await others.readuntil(b"\n\n"), "others go on"
        undone = await post(house, lead, "/restorations", id=json.loads(answer.body)["revocation"]["id"])
        assert undone.status == 200
        async with running(house, ada):
            pass
    async with asyncio.timeout(5):
        while house.parts.gateway.turns._running or house.parts.gateway.standings._watched:
            await asyncio.sleep(0.02)
    assert b"event: error" in await house.recorded()


async def test_whoever_does_not_read_their_stream_is_cut(start: Start) -> None:
    house = await start(URGENT, DEVELOPERS, **STORE)
    stream = Stream(house, size=256 * 1024)
    async with running(house, house.token("ada")) as reader:
        transport = reader._transport  # type: ignore[attr-defined] # there is no public way to stop reading
        transport.pause_reading()
        await asyncio.sleep(0.5)
        await revoke(house, house.token("lin", groups=["leads"]), "person", "ada")
        await asyncio.wait_for(stream.gone.wait(), 5)
        async with asyncio.timeout(5):
            while house.parts.gateway.turns._running:
                await asyncio.sleep(0.02)


async def test_an_approval_that_is_taken_back_ends_what_runs_under_it(start: Start) -> None:
    house = await start(URGENT, **STORE)
    ada, lead = house.token("ada"), house.token("lin", **LEAD)
    made = await ask(house, ada)
    await decide(house, lead, made["id"], "approve")
    Stream(house)
    async with running(house, ada) as reader:
        assert (await decide(house, lead, made["id"], "revoke")).status == 200
        assert b"The approval of your grant urgent was revoked" in await rest(reader)


async def test_an_approval_that_ends_by_the_clock_cuts_nothing(start: Start) -> None:
    house = await start(URGENT, **STORE)
    ada, lead = house.token("ada"), house.token("lin", **LEAD)
    made = await ask(house, ada, for_s=1)
    await decide(house, lead, made["id"], "approve")
    Stream(house)
    async with running(house, ada) as reader:
        await asyncio.sleep(1.2)
        assert (await house.post("/v1/messages", BODY, ada)).status == 403
        assert house.parts.gateway.access is not None
        await house.parts.gateway.access.refresh()
        house.parts.gateway.standings.look()
        assert b"ping" in await reader.readuntil(b"\n\n")


async def test_an_answer_that_has_not_begun_is_refused_and_a_stream_of_other_kind_is_cut(start: Start) -> None:
    house = await start(URGENT, DEVELOPERS, **STORE)
    lead, ada = house.token("lin", groups=["leads"]), house.token("ada")
    stuck = asyncio.Event()

    async def wait(_: Received, writer: asyncio.StreamWriter) -> None:
        stuck.set()
        await asyncio.sleep(20)

    house.origin.reply = wait
    asking = asyncio.create_task(house.post("/v1/messages", BODY, ada))
    await asyncio.wait_for(stuck.wait(), 5)
    revoked = await revoke(house, lead, "person", "ada")
    answer = await asyncio.wait_for(asking, 5)
    assert (answer.status, answer.message.startswith("Your access was revoked.")) == (403, True)
    await post(house, lead, "/restorations", id=json.loads(revoked.body)["revocation"]["id"])

    async def lines(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"6\r\nhello\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    house.origin.reply = lines
    reader, writer = await house.connect()
    head = f"GET /v1/other HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ada}\r\n\r\n"
    writer.write(head.encode())
    reading = asyncio.create_task(read_answer(reader))
    await asyncio.sleep(0.2)
    await revoke(house, lead, "person", "ada")
    answer = await asyncio.wait_for(reading, 5)
    assert (answer.status, answer.complete) == (200, False)
    writer.close()


async def test_open_tunnels_end(start: Start) -> None:
    house = await start(URGENT, DEVELOPERS, limits={"head_s": 30, "handshake_s": 30}, **STORE)
    lead, ada, bob = house.token("lin", groups=["leads"]), house.token("ada"), house.token("bob")
    reader, writer = await house.tunnel(ada)
    others, of_others = await house.tunnel(bob)
    writers = [writer, of_others]
    port = house.origin.port

    async def unread(token: str) -> asyncio.StreamReader:
        through, writer = await house.connect()
        writers.append(writer)
        writer.write(
            f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Bearer {token}\r\n\r\n".encode()
        )
        assert (await through.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        return through

    of_ada, of_bob = await unread(ada), await unread(bob)
    await revoke(house, lead, "person", f"{house.issuer.url}#ada")
    async with asyncio.timeout(5):
        assert await reader.read() == b""
        with contextlib.suppress(ConnectionResetError):
            assert await of_ada.read() == b""
    for one in (others, of_bob):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await one.read()
    reader, writer = await house.connect()
    writer.write(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Bearer {ada}\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 403")
    for open_one in (*writers, writer):
        open_one.close()


async def test_a_revoked_approver_decides_nothing(start: Start) -> None:
    house = await start(URGENT, DEVELOPERS, **STORE)
    lead, other, ada = house.token("lin", **LEAD), house.token("moe", groups=["security"]), house.token("ada")
    made = await ask(house, ada)
    await revoke(house, other, "person", f"{house.issuer.url}#lin")
    assert (await decide(house, lead, made["id"], "approve")).status == 403
    assert (await get(house, API, lead)).status == 403


async def test_a_feed_that_cannot_be_read_ends_what_runs_and_lets_nothing_begin(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_view, "POLL_S", 0.05)
    monkeypatch.setattr(access_view, "STALE_S", 0.5)
    house = await start(DEVELOPERS, **STORE)
    Stream(house)
    async with running(house, house.token()) as reader:
        with sqlite3.connect(house.directory / "state.db") as other:
            other.execute("ALTER TABLE access_events RENAME TO hidden")
        other.close()
        last = await rest(reader)
        assert b"cannot see at the moment what was revoked" in last
        answer = await house.post("/v1/messages", BODY)
        assert (answer.status, answer.value("x-should-retry")) == (503, "true")
        with sqlite3.connect(house.directory / "state.db") as other:
            other.execute("ALTER TABLE hidden RENAME TO access_events")
        other.close()
        async with asyncio.timeout(5):
            while house.parts.gateway.access is None or house.parts.gateway.access.is_stale:
                await asyncio.sleep(0.05)
    async with running(house, house.token()):
        pass
