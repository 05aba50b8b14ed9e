import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from maskproxy.dev.claude_api import DELTA_CHARACTERS, ClaudeApi, events_of
from maskproxy.dev.talk import blocks_of
from maskproxy.dev.throwaway import server_identity

FIELDS = {"x-api-key": "right", "anthropic-version": "2023-06-01"}
HELLO = {"model": "m", "messages": [{"role": "user", "content": "make a token"}]}


@dataclass
class Client:
    api: ClaudeApi
    session: aiohttp.ClientSession
    url: str

    async def ask(self, path: str, body: object = None, fields: dict[str, str] | None = None) -> tuple[int, str, bytes]:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        method = "GET" if data is None else "POST"
        sent = FIELDS if fields is None else fields
        async with self.session.request(method, self.url + path, data=data, headers=sent) as response:
            return response.status, response.content_type, await response.read()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    api = ClaudeApi("right")
    identity = server_identity()
    port = await api.start(identity.context)
    trust = ssl.create_default_context(cadata=identity.ca_pem.decode())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:
        yield Client(api, session, f"https://localhost:{port}")
    await api.close()


async def test_whole_and_streamed_say_the_same(client: Client) -> None:
    edit = {
        "tools": [{"name": "Edit"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": 'é\nX_TOKEN="q\\uote"'}]}],
    }
    status, kind, whole = await client.ask("/v1/messages?beta=true", edit)
    assert (status, kind) == (200, "application/json")
    assert json.loads(whole)["stop_reason"] == "tool_use"
    status, kind, streamed = await client.ask("/v1/messages", {**edit, "stream": True})
    assert (status, kind) == (200, "text/event-stream")
    first, second = blocks_of(whole), blocks_of(streamed)
    assert [b | {"id": ""} for b in first] == [b | {"id": ""} for b in second]


async def test_a_stream_has_the_apis_events_in_their_order(client: Client) -> None:
    _, _, body = await client.ask("/v1/messages", {**HELLO, "stream": True})
    kinds = [line[7:] for line in body.decode().splitlines() if line.startswith("event: ")]
    assert kinds[:3] == ["message_start", "ping", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[3:-3]) == {"content_block_delta"}
    (secret,) = client.api.script.made_up
    assert secret.value.encode() not in body
    assert secret.value in blocks_of(body)[0]["text"]


async def test_it_keeps_what_it_receives_byte_for_byte(client: Client) -> None:
    body = b'{ "messages" : [{"role":"user","content":"x"}] , "z":1e5}'
    await client.ask("/v1/messages", body)
    (received,) = client.api.received
    assert received.body == body
    assert b"x-api-key: right" in received.raw.lower()
    assert received.raw.endswith(body)


@pytest.mark.parametrize(
    ("path", "body", "fields", "status", "kind"),
    [
        ("/v1/messages", HELLO, {**FIELDS, "x-api-key": "wrong"}, 401, "authentication_error"),
        ("/v1/messages", HELLO, {"x-api-key": "right"}, 400, "invalid_request_error"),
        ("/v1/messages", b"{", FIELDS, 400, "invalid_request_error"),
        ("/v1/messages", {"messages": []}, FIELDS, 400, "invalid_request_error"),
        ("/v1/messages/count_tokens", [], FIELDS, 400, "invalid_request_error"),
        ("/v1/nothing", None, FIELDS, 404, "not_found_error"),
    ],
)
async def test_errors_have_the_apis_shape(
    client: Client, path: str, body: object, fields: dict[str, str], status: int, kind: str
) -> None:
    given, _, answer = await client.ask(path, body, fields)
    error: dict[str, Any] = json.loads(answer)
    assert (given, error["type"], error["error"]["type"]) == (status, "error", kind)
    assert len(client.api.received) == 1


async def test_models_tokens_and_the_probe(client: Client) -> None:
    assert json.loads((await client.ask("/v1/models"))[2])["data"][0]["type"] == "model"
    assert json.loads((await client.ask("/v1/messages/count_tokens", HELLO))[2])["input_tokens"] > 1
    assert (await client.ask("/", fields={}))[0] == 200


def test_no_delta_is_longer_than_it_should_be() -> None:
    message = {
        "content": [{"type": "text", "text": "x" * 50}],
        "stop_reason": "end_turn",
        "usage": {"output_tokens": 1},
    }
    texts = [e["delta"]["text"] for e in events_of(message) if e["type"] == "content_block_delta"]
    assert max(map(len, texts)) == DELTA_CHARACTERS
    assert "".join(texts) == "x" * 50
