"""An exchange from end to end: who may, what is masked, what is recorded, and how failures look to a client."""

import asyncio
import base64
import gzip
import json
import zlib
from typing import Any

import brotli
import pytest
import zstandard

from tests.gateway.house import HOST, SERVICE_KEY, House, plain, read_answer, streaming

GITHUB = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
AWS = "AKIA" + "Q3EGRT5PLK7MWZ2X"
PEM_BODY = "\n".join("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj" + "AgEAAoIBAQC7VJTUt9Us" + str(n) * 4 for n in range(8))
PEM = f"-----BEGIN PRIVATE {'KEY'}-----\n{PEM_BODY}\n-----END PRIVATE {'KEY'}-----"


def messages(text: str, **more: object) -> bytes:
    return json.dumps({"model": "claude", "messages": [{"role": "user", "content": text}], **more}).encode()


def sse(*deltas: str) -> list[bytes]:
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    events: list[dict[str, object]] = [{"type": "message_start", "message": {"id": "msg_1", "content": []}}, start]
    events += [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": delta}} for delta in deltas
    ]
    events += [{"type": "content_block_stop", "index": 0}, {"type": "message_stop"}]
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def text_of(body: bytes) -> str:
    text = ""
    for block in body.decode().split("\n\n"):
        for line in block.split("\n"):
            if line.startswith("data: "):
                event = json.loads(line[6:])
                text += str(event.get("delta", {}).get("text", ""))
    return text


@pytest.mark.parametrize("tunnel", [False, True], ids=["base url", "tunnel"])
@pytest.mark.parametrize("secret", [GITHUB, AWS, PEM], ids=["github", "aws", "pem"])
async def test_a_secret_in_a_request_reaches_neither_upstream_nor_recording(
    house: House, secret: str, *, tunnel: bool
) -> None:
    answer = await house.post("/v1/messages", messages(f"my key is {secret} thanks"), tunnel=tunnel)
    assert answer.status == 200
    (received,) = house.origin.received
    text = json.loads(received.body)["messages"][0]["content"]
    assert text.startswith("my key is MASKED_")
    assert text.endswith(" thanks")
    assert received.value("content-length") == str(len(received.body))
    assert answer.value("x-maskproxy-masked") == "1"
    recorded = await house.recorded()
    assert b"MASKED_" in recorded
    for part in secret.split("\n"):
        assert part.encode() not in recorded or part.startswith("-----")


async def test_a_clean_body_passes_as_the_same_bytes(house: House) -> None:
    body = (
        b'{ "model":"claude",  "max_tokens":1.0e2,\n"messages" : [{"role":"user","content":"h\\u00e9 \\/ hi"}],"x":1}'
    )
    await house.post("/v1/messages?beta=true", body, more="anthropic-beta: a,b\r\n")
    assert house.origin.received[0].body == body
    assert house.origin.received[0].line == "POST /v1/messages?beta=true HTTP/1.1"
    assert house.origin.received[0].value("anthropic-beta") == "a,b"


async def test_the_placeholder_is_the_same_every_turn_and_differs_between_people(house: House) -> None:
    body = messages(GITHUB)
    for subject in ("ada", "ada", "bob"):
        await house.post("/v1/messages", body, house.token(subject))
    first, second, other = (r.body for r in house.origin.received)
    assert first == second
    assert first != other


@pytest.mark.parametrize("cut", range(1, len(GITHUB), 5))
async def test_a_secret_cut_over_deltas_is_masked_in_the_answer(house: House, cut: int) -> None:
    house.origin.reply = streaming(sse("key: " + GITHUB[:cut], GITHUB[cut:] + " end"))
    answer = await house.post("/v1/messages", messages("hi", stream=True))
    text = text_of(answer.body)
    assert text.startswith("key: MASKED_")
    assert text.endswith(" end")
    assert GITHUB.encode() not in await house.recorded()


async def test_a_secret_cut_over_bytes_of_one_event_is_masked(house: House) -> None:
    whole = b"".join(sse(f"key: {GITHUB} end"))
    house.origin.reply = streaming([whole[i : i + 1] for i in range(len(whole))])
    answer = await house.post("/v1/messages", messages("hi", stream=True))
    assert text_of(answer.body).startswith("key: MASKED_GITHUB")


async def test_a_json_answer_is_masked_and_exactly_framed(house: House) -> None:
    body = json.dumps({"type": "message", "content": [{"type": "text", "text": f"use {AWS} now"}]}).encode()
    house.origin.reply = plain(body, more='ETag: "1"\r\nrequest-id: req_up\r\n')
    answer = await house.post("/v1/messages", messages("hi"), tunnel=True)
    assert answer.value("content-length") == str(len(answer.body))
    assert json.loads(answer.body)["content"][0]["text"].startswith("use MASKED_AWS")
    assert answer.value("etag") is None
    assert answer.value("request-id") == "req_up"
    assert (answer.value("x-maskproxy-session") or "").startswith("s")


async def test_media_is_counted_both_ways_streamed_and_whole(house: House) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo" + "A" * 40}
    block = {"type": "tool_result", "content": [{"type": "image", "source": source}]}
    asked = json.dumps({"model": "m", "messages": [{"role": "user", "content": [block]}]}).encode()
    started = json.dumps({"type": "content_block_start", "index": 0, "content_block": block})
    house.origin.reply = plain(json.dumps({"type": "message", "content": [block]}).encode())
    await house.post("/v1/messages", asked)
    house.origin.reply = streaming([f"event: content_block_start\ndata: {started}\n\n".encode()])
    await house.post("/v1/messages", messages("hi", stream=True))
    assert house.measured("maskproxy_unread_bytes_total", route="claude") == 3 * len(source["data"])


@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
async def test_coded_bodies_are_read_both_ways(house: House, coding: str, encode) -> None:  # type: ignore[no-untyped-def]
    house.origin.reply = plain(encode(messages(AWS)), more=f"Content-Encoding: {coding}\r\n")
    answer = await house.post("/v1/messages", encode(messages(GITHUB)), more=f"Content-Encoding: {coding}\r\n")
    (received,) = house.origin.received
    assert b"MASKED_GITHUB" in received.body
    assert received.value("content-encoding") is None
    assert received.value("accept-encoding") == "identity"
    assert b"MASKED_AWS" in answer.body
    assert answer.value("content-encoding") is None


@pytest.mark.parametrize("coding", ["compress", "snappy", "gzip, gzip, gzip", "x", "gzip;q=1"])
async def test_a_coding_that_cannot_be_read_is_refused(house: House, coding: str) -> None:
    answer = await house.post("/v1/messages", messages("hi"), more=f"Content-Encoding: {coding}\r\n")
    assert answer.status in {400, 415}
    assert house.origin.received == []


async def test_an_answer_in_an_unknown_coding_is_not_passed(house: House) -> None:
    house.origin.reply = plain(b"whatever", more="Content-Encoding: compress\r\n")
    answer = await house.post("/v1/messages", messages("hi"))
    assert answer.status == 503
    assert b"whatever" not in answer.body


async def test_a_bomb_is_cut(house: House) -> None:
    bomb = gzip.compress(b"\0" * (200 << 20))
    answer = await house.post("/v1/messages", bomb, more="Content-Encoding: gzip\r\n")
    assert answer.status in {400, 413}
    assert house.origin.received == []


@pytest.mark.parametrize(
    "body", [b"{", b"[1,]", b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'{"model":"a","model":"b","messages":[]}']
)
async def test_a_body_that_cannot_be_read_is_refused(house: House, body: bytes) -> None:
    answer = await house.post("/v1/messages", body)
    assert answer.status == 400
    assert answer.value("x-should-retry") == "false"
    assert house.origin.received == []


async def test_the_callers_credentials_are_dropped_and_the_services_put_in(house: House) -> None:
    token = house.token()
    await house.post("/v1/messages", messages("hi"), token, more=f"x-api-key: {token}\r\n")
    (received,) = house.origin.received
    assert received.value("authorization") is None
    assert [v for n, v in received.fields if n.lower() == "x-api-key"] == [SERVICE_KEY]
    assert token not in str(received.fields)


async def test_connection_cannot_take_the_credential_away(house: House) -> None:
    await house.post("/v1/messages", messages("hi"), more="Connection: x-api-key\r\n")
    assert house.origin.received[0].value("x-api-key") == SERVICE_KEY


@pytest.mark.parametrize("form", ["plain", "basic"])
async def test_the_callers_own_token_is_masked_in_bodies(house: House, form: str) -> None:
    token = house.token()
    shown = token if form == "plain" else base64.b64encode(f"me:{token}".encode()).decode()
    await house.post("/v1/messages", messages(f"HTTPS_PROXY=http://me@proxy {shown} end"), token)
    body = house.origin.received[0].body.decode()
    assert token not in body
    assert token.rpartition(".")[2] not in body
    assert base64.b64encode(b"xx" + token.encode())[8:60].decode() not in body
    assert base64.b64encode(b"me:" + token.encode())[4:60].decode() not in body


async def test_the_services_credential_reflected_by_upstream_is_masked(house: House) -> None:
    house.origin.reply = plain(
        json.dumps({"error": f"bad key {SERVICE_KEY}"}).encode(), status="400 Bad", more=f"X-Echo: {SERVICE_KEY}\r\n"
    )
    answer = await house.post("/v1/messages", messages("hi"))
    assert answer.status == 400
    assert SERVICE_KEY.encode() not in answer.body
    assert SERVICE_KEY not in str(answer.fields)
    assert SERVICE_KEY.encode() not in await house.recorded()


async def test_secrets_in_the_target_and_in_fields_are_masked(house: House) -> None:
    await house.post(f"/v1/messages?k={GITHUB}", messages("hi"), more=f"X-Note: {AWS}\r\n")
    (received,) = house.origin.received
    assert "MASKED_GITHUB" in received.line
    assert "MASKED_AWS" in (received.value("x-note") or "")


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_upstreams_refusal_of_the_credential_is_our_503(house: House, status: str) -> None:
    house.origin.reply = plain(b'{"type":"error","error":{"type":"authentication_error"}}', status=status)
    answer = await house.post("/v1/messages", messages("hi"))
    assert answer.status == 503
    assert "own credential" in answer.message
    assert 'maskproxy_alarms_total{kind="credential"}' in _metrics(house)


async def test_the_credential_is_read_again_after_upstream_refused_it(house: House) -> None:
    await house.post("/v1/messages", messages("hi"))
    (house.directory / "service.key").write_text("rotated" + "-service-key-0123456789")
    house.origin.reply = plain(b"{}", status="401 Unauthorized")
    answer = await house.post("/v1/messages", messages("hi"))
    assert (answer.status, answer.value("x-should-retry")) == (503, "true")
    house.origin.reply = plain(b"{}")
    assert (await house.post("/v1/messages", messages("hi"))).status == 200
    assert house.origin.received[-1].value("x-api-key") == "rotated-service-key-0123456789"


async def test_other_errors_of_upstream_pass_as_they_are(house: House) -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_2"}'
    house.origin.reply = plain(body, status="529 ")
    answer = await house.post("/v1/messages", messages("hi"))
    assert (answer.status, answer.body) == (529, body)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"groups": ["sales"]}, 403),
        ({"groups": []}, 403),
        ({"aud": "other"}, 401),
        ({"exp": 1}, 401),
        ({"iss": "https://elsewhere.example"}, 401),
        ({"iat": 1_000_000_000}, 403),
    ],
)
async def test_nobody_without_a_grant_reaches_upstream(house: House, changes: dict[str, Any], status: int) -> None:
    answer = await house.post("/v1/messages", messages("hi"), house.token(**changes))
    assert answer.status == status
    assert answer.value("x-should-retry") == "false"
    assert json.loads(answer.body)["request_id"] == answer.value("request-id")
    assert house.origin.received == []


async def test_two_different_credentials_are_refused(house: House) -> None:
    answer = await house.post("/v1/messages", messages("hi"), more="x-api-key: other\r\n")
    assert answer.status == 400


async def test_a_grant_that_observes_forwards_as_it_is_and_records_masked(house: House) -> None:
    token = house.token(groups=["observed"])
    body = messages(f"key {GITHUB}")
    house.origin.reply = streaming(sse(f"here {AWS} end"))
    answer = await house.post(f"/v1/messages?k={GITHUB}", body, token, more=f"X-Note: {AWS}\r\n")
    (received,) = house.origin.received
    assert received.body == body
    assert GITHUB in received.line
    assert received.value("x-note") == AWS
    assert AWS in text_of(answer.body)
    recorded = await house.recorded()
    assert GITHUB.encode() not in recorded
    assert AWS.encode() not in recorded


async def test_what_is_recorded_of_an_exchange(house: House) -> None:
    await house.post("/v1/messages", messages(f"key {GITHUB}"), more="x-claude-code-session-id: abc\r\n")
    frames = await house.frames()
    kinds = [f.kind for f in frames]
    assert kinds[:3] == ["session", "request", "decision"]
    assert {"request_body", "finding", "response", "response_body", "end"} <= set(kinds)
    assert kinds[-1] == "end"
    assert frames[-1].data["outcome"] == "complete"
    assert len({f.session for f in frames}) == 1
    assert house.token() not in str(frames)


async def test_a_refusal_of_a_known_person_is_recorded(house: House) -> None:
    await house.post("/v1/messages", messages("hi"), house.token(groups=["sales"]))
    frames = await house.frames()
    assert [f.kind for f in frames] == ["session", "request", "decision", "end"]
    assert frames[-1].data["outcome"] == "refused"


async def test_a_truncated_answer_is_visibly_incomplete(house: House) -> None:
    house.origin.reply = streaming(sse("hello ", "world")[:3], finish=False)
    answer = await house.post("/v1/messages", messages("hi"))
    assert answer.status == 200
    assert not answer.complete
    assert (await house.frames())[-1].data["outcome"] == "failed"


async def test_a_json_answer_that_is_cut_is_an_error(house: House) -> None:
    async def reply(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        writer.close()

    house.origin.reply = reply
    answer = await house.post("/v1/messages", messages("hi"))
    assert answer.status == 503


async def test_upstream_is_dropped_at_once_when_the_client_goes_away(house: House) -> None:
    gone = asyncio.Event()

    async def reply(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"6\r\n: ok\n\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            gone.set()
            raise

    house.origin.reply = reply
    reader, writer = await house.tunnel(house.token())
    body = messages("hi", stream=True)
    head = f"POST /v1/messages HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await reader.readuntil(b": ok")
    writer.transport.abort()
    async with asyncio.timeout(3):
        await gone.wait()
    assert (await house.frames())[-1].data["outcome"] == "aborted"


async def test_the_head_of_a_stream_does_not_wait_for_its_body(house: House) -> None:
    async def reply(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(30)

    house.origin.reply = reply
    reader, writer = await house.tunnel(house.token())
    body = messages("hi", stream=True)
    head = f"POST /v1/messages HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    async with asyncio.timeout(2):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_recorder_that_fails_ends_the_exchange(house: House) -> None:
    from maskproxy.errors import RecordingFailed

    class Broken:
        def offer(self, frame: object) -> bool:
            raise RecordingFailed("The recording cannot be written.")

        async def append(self, frame: object) -> None:
            raise RecordingFailed("The recording cannot be written.")

    house.parts.gateway.recorder = Broken()
    answer = await house.post("/v1/messages", messages("hi"))
    assert answer.status == 503
    assert house.origin.received == []


async def test_a_masker_that_fails_ends_the_exchange(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        streams = False
        findings: list[object] = []  # noqa: RUF012
        unread_bytes = 0

        def feed(self, data: bytes) -> object:
            raise RuntimeError(data)

        def finish(self) -> object:
            raise RuntimeError

    monkeypatch.setattr("maskproxy.gateway.exchange.request_mask", lambda *_, **__: Broken())
    answer = await house.post("/v1/messages", messages(GITHUB))
    assert answer.status == 503
    assert house.origin.received == []
    assert GITHUB not in house.log.getvalue()


async def test_expect_continue(house: House) -> None:
    reader, writer = await house.connect()
    body = messages("hi")
    head = f"POST /v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {house.token()}\r\nExpect: 100-continue\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert (await read_answer(reader)).status == 200
    assert house.origin.received[0].value("expect") is None
    writer.close()


async def test_expect_continue_is_not_asked_of_strangers(house: House) -> None:
    answer = await house.raw(
        b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 401")


async def test_head_requests_have_no_body(house: House) -> None:
    reader, writer = await house.tunnel(house.token())

    async def reply(_: object, out: asyncio.StreamWriter) -> None:
        out.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n")

    house.origin.reply = reply
    for _ in range(2):
        writer.write(f"HEAD / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_large_body_is_masked_whole(house: House) -> None:
    text = ("lorem ipsum dolor " * 100 + GITHUB + " ") * 500
    answer = await house.post("/v1/messages", messages(text))
    assert answer.status == 200
    (received,) = house.origin.received
    assert GITHUB.encode() not in received.body
    assert received.body.count(b"MASKED_GITHUB") == 500


async def test_a_body_over_its_limit_is_refused(house: House) -> None:
    answer = await house.post("/v1/messages", b" " * (33 << 20))
    assert answer.status == 400
    assert answer.value("x-should-retry") == "false"


def _metrics(house: House) -> str:
    from prometheus_client import generate_latest

    return generate_latest(house.parts.metrics.registry).decode()


async def test_metrics_hold_no_persons_data(house: House) -> None:
    await house.post("/v1/messages", messages(f"key {GITHUB}"), house.token("ada-lovelace"))
    metrics = _metrics(house)
    assert 'outcome="complete"' in metrics
    assert "maskproxy_masked_total" in metrics
    assert "ada-lovelace" not in metrics
    assert GITHUB not in metrics


async def test_a_draining_gateway_says_so(house: House) -> None:
    house.parts.gateway.draining = True
    answer = await house.post("/v1/messages", messages("hi"))
    assert (answer.status, answer.value("x-should-retry")) == (503, "true")
