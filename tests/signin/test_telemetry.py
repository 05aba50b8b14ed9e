"""Telemetry on its way to the company's collector: masked, and only what can be read."""

from __future__ import annotations

import gzip
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.house import Answer, Origin, plain
from tests.gateway.test_exchange import GITHUB
from tests.signin.surfing import Front

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def collector() -> Origin:
    return Origin(reply=plain(b"{}"))


@pytest.fixture
async def front(tmp_path: Path, collector: Origin) -> AsyncIterator[Front]:
    front = Front(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    front.other.issue_cert("127.0.0.1").configure_cert(context)
    await collector.start(context)
    place = {"collector": f"https://127.0.0.1:{collector.port}", "trust": "other.pem"}
    del front.changes["masking"]
    front.changes["claude_code"] = {"telemetry": place}
    await front.start()
    yield front
    await front.close()
    await collector.close()


def logs(text: str) -> bytes:
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text}}]}]}]}).encode()


async def send(front: Front, body: bytes, token: str | None = None, **fields: str) -> Answer:
    proof = {"Authorization": f"Bearer {front.token() if token is None else token}"} if token != "" else {}
    return await front.program().ask("POST", "/v1/logs", JSON | proof | fields, body)


async def test_secrets_are_masked_before_the_collector_sees_them(front: Front, collector: Origin) -> None:
    token = front.token()
    answer = await send(front, logs(f"export A={GITHUB}; I am {token}"), token)
    assert (answer.status, answer.body) == (200, b"{}")
    (received,) = collector.received
    assert received.line == "POST /v1/logs HTTP/1.1"
    text = received.body.decode()
    assert "MASKED_GITHUB" in text
    assert "export A=" in text
    for secret in (GITHUB, token):
        assert secret not in text + front.log.getvalue()
    assert received.value("authorization") is None
    assert front.origin.received == []


async def test_what_was_packed_is_unpacked_and_read(front: Front, collector: Origin) -> None:
    packed = gzip.compress(logs(f"export A={GITHUB}"))
    assert (await send(front, packed, **{"Content-Encoding": "gzip"})).status == 200
    assert b"MASKED_GITHUB" in collector.received[0].body
    assert collector.received[0].value("content-encoding") is None


async def test_what_cannot_be_read_goes_nowhere(front: Front, collector: Origin) -> None:
    answer = await send(front, GITHUB.encode(), **{"Content-Type": "application/x-protobuf"})
    assert (answer.status, answer.body) == (200, b"")
    assert "OTEL_EXPORTER_OTLP_PROTOCOL" in front.log.getvalue()
    assert (await send(front, b"{", front.token())).status == 400
    assert (await send(front, b"{}", front.token(), **{"Content-Encoding": "unknown"})).status == 415
    assert collector.received == []


async def test_nobody_sends_to_the_collector_without_a_token(front: Front, collector: Origin) -> None:
    for token in ("", "none"):
        answer = await send(front, logs("hello"), token)
        assert (answer.status, answer.value("x-should-retry")) == (401, "false")
    assert collector.received == []


async def test_a_collector_that_refuses_is_told_in_the_log_and_one_that_is_down_to_the_client(
    front: Front, collector: Origin
) -> None:
    collector.reply = plain(b"no", status="400 Bad Request")
    assert (await send(front, logs("hello"))).status == 200
    assert "telemetry refused by the collector" in front.log.getvalue()
    await collector.close()
    answer = await send(front, logs("hello"))
    assert (answer.status, answer.value("x-should-retry")) == (503, "true")
