"""Protected source in requests, over real sockets: refused before upstream has it, or told."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from maskproxy.protected import Printer, Prints
from maskproxy.protected.sealed_file import written
from tests.gateway.house import House
from tests.gateway.test_actions import DEVELOPERS, findings, last_of
from tests.gateway.test_exchange import _metrics, messages
from tests.protected.source import function, module

KEY = bytes(range(32))
Start = Callable[..., Awaitable[House]]


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[Start]:
    houses: list[House] = []

    async def start(action: str = "block", mode: str = "enforce") -> House:
        house = House(tmp_path)
        key = tmp_path / "masking.key"
        key.write_text(KEY.hex())
        key.chmod(0o600)
        prints = Prints.of(Printer(KEY), [("src/rates.py", module(30).encode())])
        (tmp_path / "rates.prints").write_bytes(written(prints, KEY))
        protected = [{"name": "rates", "file": "rates.prints", "lines": 25, "action": action}]
        house.changes["masking"] = {"key": {"file": "masking.key"}, "protected": protected}
        house.changes["grants"] = [
            {"name": "developers", "groups": ["engineering"], "routes": ["claude"], "mode": mode}
        ]
        houses.append(house)
        await house.start()
        return house

    yield start
    for house in houses:
        await house.close()


def part(count: int) -> str:
    return "".join(f"{n:6}\t{line}\n" for n, line in enumerate(module(30).splitlines()[:count], 1))


async def test_too_much_is_refused_with_the_places(started: Start) -> None:
    house = await started()
    answer = await house.post("/v1/messages", messages(f"Explain this:\n{part(60)}"))
    assert (answer.status, answer.value("x-should-retry")) == (400, "false")
    assert "lines of protected source: rates (src/rates.py 1-" in answer.message
    assert "Take them out, or start a new conversation" in answer.message
    assert house.origin.received == []
    ((direction, rule, place, action),) = await findings(house)
    assert (direction, rule, action) == ("request", "protected-rates", "block")
    assert place.split(" lines: ")[1].startswith("src/rates.py 1-")
    assert (await last_of(house, "end"))["outcome"] == "refused"
    assert house.measured("maskproxy_blocked_total", rule="protected-rates", direction="request", **DEVELOPERS) == 1


async def test_a_little_and_other_source_pass(started: Start) -> None:
    house = await started()
    for text in (part(15), module(200, seed=2)):
        assert (await house.post("/v1/messages", messages(text))).status == 200
    assert len(house.origin.received) == 2
    assert await findings(house) == []


async def test_it_adds_up_over_a_conversation(started: Start) -> None:
    house = await started()
    turns = [
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": function(n, 1)}]}
        for n in range(3)
    ]
    answer = await house.post("/v1/messages", json.dumps({"model": "m", "max_tokens": 9, "messages": turns}).encode())
    assert answer.status == 400


async def test_an_alert_lets_pass_and_tells(started: Start) -> None:
    house = await started("alert")
    assert (await house.post("/v1/messages", messages(part(60)))).status == 200
    assert [found[1:2] + found[3:] for found in await findings(house)] == [("protected-rates", "alert")]
    assert house.measured("maskproxy_alerts_total", rule="protected-rates", direction="request", **DEVELOPERS) == 1
    assert 'maskproxy_alarms_total{kind="alert"} 1.0' in _metrics(house)
    assert "protected-rates" in house.log.getvalue()


async def test_an_observing_grant_only_counts(started: Start) -> None:
    house = await started(mode="observe")
    body = messages(part(60))
    assert (await house.post("/v1/messages", body)).status == 200
    assert house.origin.received[0].body == body
    watched = DEVELOPERS | {"mode": "observe"}
    assert house.measured("maskproxy_blocked_total", rule="protected-rates", direction="request", **watched) == 1


@pytest.mark.parametrize("kind", ["text/plain", "application/x-ndjson"])
async def test_a_streamed_upload_is_cut(started: Start, kind: str) -> None:
    house = await started()
    text = module(200, seed=2) + part(100)
    body = text.encode() if kind == "text/plain" else json.dumps({"text": text}).encode() + b"\n"
    answer = await house.post("/v1/other", body, more=f"Content-Type: {kind}\r\n")
    assert answer.status == 400
    assert "protected source" in answer.message
    assert all(b"return" not in received.body[-200:] for received in house.origin.received)
