"""What Claude Code asks of its gateway beside sign-in and messages."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from typing import Any

import pytest

from tests.signin.conftest import Start
from tests.signin.surfing import Front

SETTINGS = {"permissions": {"deny": ["WebFetch"]}, "env": {"A": "ü"}, "b": True}
POLICIES = [
    {"name": "engineers", "groups": ["engineering", "research"], "settings": SETTINGS},
    {"name": "admins", "groups": ["admins"], "settings": {"model": "opus"}},
]


async def settings(front: Front, token: str, *tags: str) -> Any:
    fields = {"Authorization": f"Bearer {token}", "If-None-Match": ", ".join(tags)}
    return await front.program().ask("GET", "/managed/settings", fields)


async def test_settings_are_given_by_group_with_their_checksum(started: Start) -> None:
    front = await started(claude_code={"managed_settings": POLICIES})
    token = front.token()
    answer = await settings(front, token)
    document = json.loads(answer.body)
    written = json.dumps(SETTINGS, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    checksum = "sha256:" + hashlib.sha256(written).hexdigest()
    assert set(document) == {"uuid", "checksum", "settings"}
    assert (document["settings"], document["checksum"]) == (SETTINGS, checksum)
    assert answer.value("etag") == f'"{checksum}"'
    for tags in ([f'"{checksum}"'], [checksum], ['"other"', f'W/"{checksum}"']):
        known = await settings(front, token, *tags)
        assert (known.status, known.body, known.value("etag")) == (304, b"", f'"{checksum}"')
    for tag in ('"sha256:other"', "*"):
        assert (await settings(front, token, tag)).status == 200
    admin = json.loads((await settings(front, front.token("root", groups=["admins"]))).body)
    assert admin["settings"] == {"model": "opus"}
    assert admin["uuid"] != document["uuid"]
    nobody = await settings(front, front.token("eve", groups=["sales"]))
    assert (nobody.status, json.loads(nobody.body)["error"]["type"]) == (404, "not_found_error")
    assert front.origin.received == []


async def test_what_needs_a_token_refuses_as_the_api_does(started: Start) -> None:
    front = await started(claude_code={"models": "hide"})
    for path in ("/managed/settings", "/api/oauth/usage", "/v1/models"):
        for token in ("", "no-token"):
            fields = {"Authorization": f"Bearer {token}"} if token else None
            answer = await front.program().ask("GET", path, fields)
            error = json.loads(answer.body)
            assert (answer.status, answer.value("x-should-retry")) == (401, "false")
            assert (error["type"], error["error"]["type"]) == ("error", "authentication_error")
            assert error["request_id"] == answer.value("request-id")
        known = await front.program().ask("GET", path, {"Authorization": f"Bearer {front.token()}"})
        assert (known.status, known.value("x-should-retry")) == (404, "false")


async def test_models_are_upstream_s_unless_they_are_hidden(front: Front) -> None:
    answer = await front.program().ask("GET", "/v1/models?limit=3", {"Authorization": f"Bearer {front.token()}"})
    assert json.loads(answer.body) == {"ok": True}
    assert front.origin.received[-1].line == "GET /v1/models?limit=3 HTTP/1.1"


async def test_telemetry_is_taken_and_goes_nowhere(front: Front) -> None:
    program = front.program()
    for path in ("/v1/metrics", "/v1/logs", "/v1/traces"):
        told = await program.ask("POST", path, {"Content-Type": "application/json"}, b'{"resourceLogs":[]}')
        assert (told.status, told.body) == (200, b"{}")
        packed = await program.ask("POST", path, {"Content-Type": "application/x-protobuf"}, b"\x0a\x00" * 5000)
        assert (packed.status, packed.body, packed.value("content-type")) == (200, b"", "application/x-protobuf")
    assert front.origin.received == []


async def test_too_much_telemetry_is_refused(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskproxy.signin.telemetry.LIMIT_BYTES", 1000)
    told = await front.program().ask("POST", "/v1/logs", {"Content-Type": "application/json"}, b"x" * 1001)
    assert told.status == 413


async def test_hello_is_answered_to_anybody(front: Front) -> None:
    context = ssl.create_default_context()
    front.other.configure_trust(context)
    reader, writer = await asyncio.open_connection("localhost", front.port, ssl=context)
    writer.write(f"HEAD /api/hello HTTP/1.1\r\nHost: {front.host}\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n"), "no body"
    assert (await front.program().ask("GET", "/api/hello", {"Host": "another.example.com"})).status == 200


async def test_a_notice_is_shown_before_signing_in(started: Start) -> None:
    front = await started(claude_code={"login_notice": "Company use only."})
    assert (await front.program().device())["login_notice"] == "Company use only."


async def test_a_node_that_drains_says_so_in_each_shape(front: Front) -> None:
    front.parts.gateway.draining = True
    program = front.program()
    hello, token, page = [
        await program.ask("GET", "/api/hello"),
        await program.post("/oauth/token", {}),
        await program.ask("GET", "/oauth/device"),
    ]
    assert [hello.status, token.status, page.status] == [503] * 3
    assert hello.value("x-should-retry") == "true"
    assert json.loads(token.body)["error"] == "temporarily_unavailable"
    assert page.value("connection") == "close"


async def test_a_fault_of_ours_is_told_without_its_text(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret" + " detail")

    monkeypatch.setattr("maskproxy.signin.codes.user_codes.new", fail)
    answer = await front.program().post("/oauth/device_authorization", {})
    assert (answer.status, json.loads(answer.body)["error"]) == (503, "temporarily_unavailable")
    assert "secret detail" not in front.log.getvalue() + answer.body.decode()
    assert front.measured("maskproxy_alarms_total", kind="internal") == 1
