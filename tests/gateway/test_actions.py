"""What rules do besides masking, over real sockets: block, alert, allow, in requests, answers and heads."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.house import SERVICE_KEY, House, plain, streaming
from tests.gateway.test_exchange import AWS, GITHUB, _metrics, messages, sse, text_of
from tests.gateway.test_restore import given, streamed

ACTIONS = [
    {"rules": ["github-*"], "request": "block", "answer": "block"},
    {"rules": ["aws-*"], "request": "alert"},
    {"rules": ["aws-access-key-id"], "answer": "allow"},
]
DEVELOPERS = {"mode": "enforce", "grant": "developers", "group": "engineering"}
Start = Callable[..., Awaitable[House]]


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[Start]:
    houses: list[House] = []

    async def start(actions: list[dict[str, Any]]) -> House:
        house = House(tmp_path)
        house.changes["masking"] = {"key": {"file": "masking.key"}, "actions": actions}
        houses.append(house)
        await house.start()
        return house

    yield start
    for house in houses:
        await house.close()


@pytest.fixture
async def house(started: Start) -> House:
    return await started(ACTIONS)


async def findings(house: House) -> list[tuple[str, str, str, str]]:
    found = [frame.data for frame in await house.frames() if frame.kind == "finding"]
    return [(f["direction"], f["rule"], f["place"], f["action"]) for f in found]


async def last_of(house: House, kind: str) -> dict[str, Any]:
    return dict([frame.data for frame in await house.frames() if frame.kind == kind][-1])


@pytest.mark.parametrize("tunnel", [False, True], ids=["base url", "tunnel"])
async def test_a_request_is_blocked_before_upstream_sees_it(house: House, *, tunnel: bool) -> None:
    answer = await house.post("/v1/messages", messages(f"my key is {GITHUB}"), tunnel=tunnel)
    assert (answer.status, answer.value("x-should-retry")) == (400, "false")
    assert json.loads(answer.body)["error"]["type"] == "invalid_request_error"
    assert "the rule github-pat-classic" in answer.message
    assert "Take it out" in answer.message
    assert house.origin.received == []
    assert await findings(house) == [("request", "github-pat-classic", "messages[0].content", "block")]
    decision, end = await last_of(house, "decision"), await last_of(house, "end")
    assert (decision["outcome"], decision["grant"], decision["sentence"]) == ("refused", "developers", answer.message)
    assert (end["outcome"], end["status"]) == ("refused", 400)
    for told in (await house.recorded(), house.log.getvalue().encode(), answer.body):
        assert GITHUB.encode() not in told
    metrics = _metrics(house)
    assert house.measured("maskproxy_blocked_total", rule="github-pat-classic", direction="request", **DEVELOPERS) == 1
    assert 'maskproxy_refused_total{reason="Blocked"} 1.0' in metrics
    assert "maskproxy_masked_total{" not in metrics


@pytest.mark.parametrize(
    ("path", "more", "place"),
    [
        (f"/v1/models?key={GITHUB}", "", "query.key"),
        (f"/v1/models/{GITHUB}", "", "path"),
        ("/v1/messages", f"X-Note: {GITHUB}\r\n", "head.x-note"),
    ],
    ids=["query", "path", "field"],
)
async def test_heads_are_blocked_too(house: House, path: str, more: str, place: str) -> None:
    answer = await house.post(path, messages("hi"), more=more)
    assert (answer.status, "github-pat-classic" in answer.message) == (400, True)
    assert house.origin.received == []
    assert await findings(house) == [("request", "github-pat-classic", place, "block")]
    assert GITHUB.encode() not in await house.recorded()


async def test_an_upload_that_streams_is_cut(house: House) -> None:
    seen, received = asyncio.Event(), b""

    async def begun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        try:
            while data := await reader.read(65536):
                received += data
        except ConnectionError:
            pass
        seen.set()
        writer.close()

    house.origin.serve = begun  # type: ignore[method-assign] # what upstream saw of a request without an end
    text = b"innocent text " * 20_000 + GITHUB.encode() + b" and more" * 1000
    answer = await house.post("/other", text, more="Content-Type: text/plain\r\n")
    assert (answer.status, "github-pat-classic" in answer.message) == (400, True)
    await asyncio.wait_for(seen.wait(), 5)
    assert b"innocent text" in received
    assert b"0\r\n\r\n" not in received
    assert b"MASKED" not in received
    assert b"and more" not in received
    assert (await findings(house))[0][1:] == ("github-pat-classic", "body", "block")


async def test_an_answer_in_json_is_refused_before_its_head(house: House) -> None:
    whole = {"id": "msg_1", "content": [{"type": "text", "text": f"it is {GITHUB}"}]}
    house.origin.reply = plain(json.dumps(whole).encode())
    answer = await house.post("/v1/messages", messages("hi"))
    assert (answer.status, answer.value("x-should-retry")) == (400, "false")
    assert "The answer was stopped, since the rule github-pat-classic" in answer.message
    assert await findings(house) == [("answer", "github-pat-classic", "content[0].text", "block")]
    assert (await last_of(house, "decision"))["outcome"] == "refused"
    assert GITHUB.encode() not in await house.recorded()


async def test_an_answers_head_is_blocked(house: House) -> None:
    house.origin.reply = plain(b"{}", more=f"X-Note: {GITHUB}\r\n")
    answer = await house.post("/v1/messages", messages("hi"))
    assert (answer.status, "github-pat-classic" in answer.message) == (400, True)
    assert await findings(house) == [("answer", "github-pat-classic", "head.x-note", "block")]


async def test_claudes_stream_ends_with_an_event_that_names_the_rule(house: House) -> None:
    house.origin.reply = streaming(sse("here: ", GITHUB[:9], GITHUB[9:], " was it"))
    answer = await house.post("/v1/messages", messages("hi", stream=True))
    assert answer.complete
    assert text_of(answer.body) == "here: "
    last = answer.body.decode().split("\n\n")[-2]
    assert last.startswith("event: error\ndata: ")
    error = json.loads(last.split("data: ")[1])["error"]
    assert (error["type"], "github-pat-classic" in error["message"]) == ("invalid_request_error", True)
    assert b"message_stop" not in answer.body
    assert [f[1:] for f in await findings(house)] == [("github-pat-classic", "content_block[0].text", "block")]
    assert (await last_of(house, "end"))["outcome"] == "refused"
    recorded = await house.recorded()
    assert b"event: error" in recorded
    assert GITHUB.encode() not in recorded


async def test_another_stream_is_cut(house: House) -> None:
    house.origin.reply = streaming([b"one\n", GITHUB.encode(), b"\ntwo\n"], "text/plain")
    answer = await house.post("/other", b"{}")
    assert not answer.complete
    assert answer.body == b"one\n"
    assert (await findings(house))[0][1:] == ("github-pat-classic", "body", "block")


async def test_an_alert_passes_is_recorded_masked_and_told(house: House) -> None:
    token = house.token()
    body = messages(f"{AWS} and {AWS} and {token}")
    answer = await house.post("/v1/messages", body, token, more=f"X-Note: {AWS}\r\n")
    assert (answer.status, answer.value("x-maskproxy-masked")) == (200, "1")
    (received,) = house.origin.received
    assert received.body.count(AWS.encode()) == 2
    assert received.value("x-note") == AWS
    assert token.encode() not in received.body
    recorded = await house.recorded()
    assert AWS.encode() not in recorded
    assert b"MASKED_AWS_ACCESS_KEY_ID" in recorded
    told = await findings(house)
    assert told.count(("request", "aws-access-key-id", "messages[0].content", "alert")) == 2
    assert ("request", "aws-access-key-id", "head.x-note", "alert") in told
    assert ("request", "caller-token", "messages[0].content", "mask") in told
    lines = [json.loads(line) for line in house.log.getvalue().splitlines() if '"alert"' in line]
    assert [line["rule"] for line in lines] == ["aws-access-key-id"]
    assert set(lines[0]) <= {"time", "level", "event", "exchange", "rule", "direction"}
    metrics = _metrics(house)
    assert house.measured("maskproxy_alerts_total", rule="aws-access-key-id", direction="request", **DEVELOPERS) == 3
    assert 'maskproxy_alarms_total{kind="alert"} 1.0' in metrics
    assert AWS not in house.log.getvalue() + metrics


async def test_what_is_allowed_is_not_looked_for(house: House) -> None:
    house.origin.reply = streaming(sse("take ", AWS, "!"))
    answer = await house.post("/v1/messages", messages("hi", stream=True))
    assert text_of(answer.body) == f"take {AWS}!"
    assert await findings(house) == []
    recorded = b"".join(frame.data["body"] for frame in await house.frames() if frame.kind == "response_body")
    assert AWS in text_of(recorded), "in whatever pieces it came"


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_secret_that_passes_comes_back_as_it_is(started: Start, *, stream: bool) -> None:
    house = await started([{"rules": ["*"], "request": "alert", "answer": "alert"}])
    block = {"type": "tool_use", "id": "toolu_1", "name": "Edit", "input": {"old_string": AWS}}
    house.origin.reply = streaming(streamed(block)) if stream else plain(json.dumps({"content": [block]}).encode())
    answer = await house.post("/v1/messages", messages(f"edit {AWS}", stream=stream))
    arguments = given(answer) if stream else json.loads(answer.body)["content"][0]["input"]
    assert arguments == {"old_string": AWS}
    assert AWS.encode() not in await house.recorded()


async def test_under_a_grant_that_observes_nothing_is_blocked_and_all_is_counted(house: House) -> None:
    body = messages(f"my keys are {GITHUB} and {AWS}")
    house.origin.reply = streaming(sse("yes, ", GITHUB))
    answer = await house.post("/v1/messages", body, house.token(groups=["observed"]), more=f"X-Note: {GITHUB}\r\n")
    assert house.origin.received[0].body == body
    assert house.origin.received[0].value("x-note") == GITHUB
    assert answer.body == b"".join(sse("yes, ", GITHUB))
    counts = [(direction, rule, action) for direction, rule, _, action in await findings(house)]
    assert counts.count(("request", "github-pat-classic", "block")) == 2
    assert counts.count(("request", "aws-access-key-id", "alert")) == 1
    assert counts.count(("answer", "github-pat-classic", "block")) == 1
    watched = {"mode": "observe", "grant": "watched", "group": "observed"}
    assert house.measured("maskproxy_blocked_total", rule="github-pat-classic", direction="request", **watched) == 2
    recorded = await house.recorded()
    assert GITHUB.encode() not in recorded
    assert AWS.encode() not in recorded


async def test_the_callers_token_and_the_credential_are_masked_whatever_the_actions(started: Start) -> None:
    house = await started([{"rules": ["*"], "request": "allow", "answer": "allow"}])
    token = house.token()
    house.origin.reply = plain(json.dumps({"content": [{"type": "text", "text": SERVICE_KEY}]}).encode())
    answer = await house.post("/v1/messages", messages(f"{token} {GITHUB}"), token)
    assert token.encode() not in house.origin.received[0].body
    assert GITHUB.encode() in house.origin.received[0].body
    assert SERVICE_KEY.encode() not in answer.body


async def test_a_token_for_an_mcp_server_needs_a_grant(tmp_path: Path) -> None:
    house = House(tmp_path)
    allowed = {"name": "agents", "groups": ["agents"], "routes": ["claude"], "mcp_tokens": True}
    denied = {"name": "developers", "groups": ["engineering"], "routes": ["claude"]}
    watched = {"name": "watched", "groups": ["observed"], "routes": ["claude"], "mode": "observe"}
    house.changes["grants"] = [denied, allowed, watched]
    await house.start()
    try:
        own = "mcp-" + "token-of-ada"
        body = messages("hi", mcp_servers=[{"type": "url", "url": "https://x", "authorization_token": own}])
        batch = json.dumps({"requests": [{"custom_id": "a", "params": json.loads(body)}]}).encode()
        for path, sent in (("/v1/messages", body), ("/v1/messages/batches", batch)):
            answer = await house.post(path, sent)
            assert (answer.status, json.loads(answer.body)["error"]["type"]) == (403, "permission_error")
            assert "a grant with mcp_tokens" in answer.message
            assert house.origin.received == []
            for group in ("agents", "observed"):
                await house.post(path, sent, house.token(groups=[group]))
                assert house.origin.received.pop().body == sent
        told = [(rule, action) for _, rule, _, action in await findings(house)]
        assert told.count(("mcp-authorization-token", "block")) == 4
        assert told.count(("mcp-authorization-token", "mask")) == 2
        assert own.encode() not in await house.recorded()
        assert not re.search(own, house.log.getvalue())
    finally:
        await house.close()
