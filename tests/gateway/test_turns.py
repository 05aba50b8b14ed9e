"""What people may have at a time, a minute and a day, over real sockets; and the counters that nodes share."""

import asyncio
import json
import sqlite3
import time
from typing import Any

import pytest

from maskproxy.access.grants import Grant
from maskproxy.access.limits import GrantLimits
from maskproxy.errors import StoreFailed
from maskproxy.gateway import turns
from maskproxy.gateway.turns import MemoryCounters, Turns
from maskproxy.store.shares import Key, Taken
from tests.gateway.conftest import Start
from tests.gateway.house import Answer, Received, plain, read_answer, streaming
from tests.gateway.test_exchange import messages
from tests.gateway.test_grant_terms import DEVELOPERS

BODY = messages("hello")
QUOTA = "anthropic-ratelimit-requests-remaining: 7\r\nanthropic-ratelimit-unified-status: rejected\r\n"


def message(tokens: int) -> bytes:
    return json.dumps({"content": [], "usage": {"input_tokens": 1, "output_tokens": tokens - 1}}).encode()


def events(tokens: int) -> list[bytes]:
    told: list[dict[str, object]] = [
        {
            "type": "message_start",
            "message": {"id": "m", "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}},
        },
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": tokens - 3}},
        {"type": "message_stop"},
    ]
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in told]


def refused(answer: Answer) -> tuple[int, str, str | None]:
    return answer.status, json.loads(answer.body)["error"]["type"], answer.value("x-should-retry")


@pytest.mark.parametrize("store", [None, "sqlite:///state.db"])
async def test_a_days_tokens_are_counted_by_the_apis_own_usage(start: Start, store: str | None) -> None:
    house = await start(DEVELOPERS | {"limits": {"tokens_per_day": 1000}}, **({"store": store} if store else {}))
    house.origin.reply = plain(message(400), more=QUOTA)
    answer = await house.post("/v1/messages", BODY)
    assert answer.value("anthropic-ratelimit-requests-remaining") is None
    assert answer.value("anthropic-ratelimit-unified-status") == "allowed"
    midnight = (int(time.time()) // 86400 + 1) * 86400
    assert answer.value("anthropic-ratelimit-unified-reset") == str(midnight)
    house.origin.reply = streaming(events(500))
    assert (await house.post("/v1/messages", BODY, tunnel=True)).status == 200
    house.origin.reply = plain(message(200), more=QUOTA)
    answer = await house.post("/v1/messages", BODY)
    assert answer.value("anthropic-ratelimit-unified-status") == "allowed_warning"
    for path in ("/v1/messages", "/v1/messages/batches"):
        answer = await house.post(path, BODY)
        assert refused(answer) == (429, "billing_error", "false")
        assert "allows 1000 tokens a day, and they are used up. It resets in " in answer.message
        assert abs(int(answer.value("retry-after") or 0) - (midnight - time.time())) < 5
    assert (await house.post("/v1/messages/count_tokens", BODY)).status == 200, "it costs nothing"
    assert (await house.post("/v1/messages", BODY, house.token("bob"))).status == 200
    if store:
        await house.restart()
        assert (await house.post("/v1/messages", BODY)).status == 429


async def test_requests_a_minute(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await start(DEVELOPERS | {"limits": {"requests_per_minute": 3}})
    monkeypatch.setattr(house.parts.gateway.turns, "_wall_ns", lambda: 1_800_000_010 * 10**9)
    for _ in range(3):
        answer = await house.post("/v1/messages", BODY)
        assert (answer.status, answer.value("anthropic-ratelimit-unified-status")) == (200, None), "there is no cap"
    answer = await house.post("/v1/models", b"{}")
    assert refused(answer) == (429, "rate_limit_error", "false")
    assert "allows 3 requests a minute" in answer.message
    assert "It resets in 50 seconds, at 08:01:00 UTC." in answer.message
    assert answer.value("retry-after") == "50"
    assert (await house.post("/v1/messages", BODY, house.token("bob"))).status == 200
    assert len(house.origin.received) == 4
    monkeypatch.setattr(house.parts.gateway.turns, "_wall_ns", lambda: 1_800_000_060 * 10**9)
    assert (await house.post("/v1/messages", BODY)).status == 200


async def test_so_many_run_at_a_time(start: Start) -> None:
    house = await start(DEVELOPERS | {"limits": {"streams": 2}})
    go = asyncio.Event()

    async def wait(received: Received, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        await plain(b"{}")(received, writer)

    house.origin.reply = wait
    running = [asyncio.create_task(house.post("/v1/messages", BODY)) for _ in range(2)]
    async with asyncio.timeout(10):
        while len(house.origin.received) < 2:
            await asyncio.sleep(0.01)
    answer = await house.post("/v1/messages", BODY)
    assert refused(answer) == (429, "rate_limit_error", "false")
    assert "You have 2 requests running" in answer.message
    assert answer.value("retry-after") == "5"
    go.set()
    assert [one.status for one in await asyncio.gather(*running)] == [200, 200]
    reader, writer = await house.connect()
    go.clear()
    head = f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {house.token()}\r\n"
    writer.write(f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
    async with asyncio.timeout(10):
        while len(house.origin.received) < 3:
            await asyncio.sleep(0.01)
    writer.transport.abort()
    go.set()
    assert (await house.post("/v1/messages", BODY)).status == 200
    assert house.parts.gateway.turns._running == {}
    del reader


@pytest.mark.parametrize(("path", "status"), [("/v1/messages", 400), ("/v1/files", 413)])
async def test_a_grant_has_its_own_limit_for_bodies(start: Start, path: str, status: int) -> None:
    house = await start(DEVELOPERS | {"limits": {"body_bytes": "1KiB"}})
    assert (await house.post(path, messages("x" * 200))).status == 200
    for more in ("", "Transfer-Encoding: chunked\r\n"):
        if more:
            reader, writer = await house.connect()
            body = messages("x" * 2000)
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {house.token()}\r\n{more}"
            writer.write(f"{head}Content-Type: application/json\r\n\r\n{len(body):x}\r\n".encode() + body)
            answer = await read_answer(reader)
            writer.close()
        else:
            answer = await house.post(path, messages("x" * 2000))
        assert (answer.status, "limit of 1024 bytes" in answer.message) == (status, True)


async def test_where_the_counters_fail_whoever_has_spent_their_lease_is_refused(start: Start) -> None:
    limits = {"requests_per_minute": 20}
    house = await start(DEVELOPERS | {"limits": limits}, store="sqlite:///state.db")
    assert (await house.post("/v1/messages", BODY)).status == 200
    with sqlite3.connect(house.directory / "state.db") as other:
        other.execute("ALTER TABLE counters RENAME TO hidden")
    other.close()
    statuses = [(await house.post("/v1/messages", BODY)).status for _ in range(2)]
    assert 503 in statuses
    answer = await house.post("/v1/messages", BODY)
    assert refused(answer) == (503, "api_error", "true")
    assert "how much your grant leaves you" in answer.message


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000

    def __call__(self) -> int:
        return self.now_s * 10**9


def grant(**limits: Any) -> Grant:
    return Grant("g", frozenset({"a"}), frozenset({"r"}), None, limits=GrantLimits(**limits))


async def test_of_very_many_only_those_of_now_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_MOST_PURSES", 10)
    clock = Clock()
    counters = MemoryCounters()
    these = Turns(counters, clock)
    for number in range(60):
        clock.now_s += 60
        (await these.begin(f"p{number}", grant(requests_per_minute=1), costs_tokens=False)).end()
    assert len(these._purses) <= 11
    assert len(counters._totals) <= 11


async def test_without_counters_nobody_can_tell() -> None:
    class Failing(MemoryCounters):
        async def take(self, key: Key, window_s: int, wanted: int, limit: int) -> Taken:
            raise StoreFailed("no", detail="hidden")

    these = Turns(Failing(), Clock())
    with pytest.raises(StoreFailed, match="Nobody can tell"):
        await these.begin("ada", grant(tokens_per_day=5), costs_tokens=True)
    assert these._running == {}
    assert (await these.begin("ada", grant(tokens_per_day=5), costs_tokens=False)).standing is None
