"""A stand-in for Claude's API over TLS: messages (whole and streamed), token counts, models, errors in the API's shape.

It believes one API key, keeps every request as it came, byte for byte, and cuts its streams into small deltas, so that
every secret in them is cut somewhere. What it says is in `claude_script`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from maskproxy.dev.claude_script import Block, Script

LIMIT_BYTES = 32 << 20
MODELS = ("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5")
DELTA_CHARACTERS = 7
KINDS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 413: "request_too_large"}


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def raw(self) -> bytes:
        """Everything that was readable here, for the search for secrets."""
        head = b"\n".join([self.target.encode(), *(name + b": " + value for name, value in self.fields)])
        return head + b"\n\n" + self.body


class ClaudeApi:
    """`start`, then `received` tells what came in. `pace_s` is the pause between two events of a stream."""

    def __init__(self, api_key: str, *, script: Script | None = None, pace_s: float = 0.0) -> None:
        self.script = script or Script()
        self.received: list[Received] = []
        self._api_key = api_key
        self._pace_s = pace_s
        app = web.Application(client_max_size=LIMIT_BYTES, middlewares=[self._at_the_door])
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/messages/count_tokens", self._count_tokens)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/", self._root)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)

    async def start(self, context: ssl.SSLContext) -> int:
        """Listen on a free port of loopback; gives the port."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context).start()
        port: int = self._runner.addresses[0][1]
        return port

    async def close(self) -> None:
        await self._runner.cleanup()

    @web.middleware
    async def _at_the_door(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Keep the request, then let in who has the key."""
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return refusal(413, "Request exceeds the maximum size")
        self.received.append(Received(request.method, request.path_qs, request.raw_headers, body))
        if request.path == "/":
            return await handler(request)
        if not secrets.compare_digest(request.headers.get("x-api-key", "").encode(), self._api_key.encode()):
            return refusal(401, "invalid x-api-key")
        if "anthropic-version" not in request.headers:
            return refusal(400, "anthropic-version: header is required")
        try:
            return await handler(request)
        except web.HTTPException as error:
            return refusal(error.status, error.reason)

    async def _root(self, _request: web.Request) -> web.Response:
        return web.Response(text="the stand-in for Claude\n")

    async def _models(self, _request: web.Request) -> web.Response:
        data = [{"type": "model", "id": m, "display_name": m, "created_at": "2026-01-01T00:00:00Z"} for m in MODELS]
        return web.json_response({"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})

    async def _count_tokens(self, request: web.Request) -> web.StreamResponse:
        body = await asked(request)
        return (
            web.json_response({"input_tokens": tokens_in(body)}) if body else refusal(400, "messages: Field required")
        )

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body = await asked(request)
        if body is None:
            return refusal(400, "messages: Field required")
        blocks = self.script.answer(body)
        message = {
            "id": f"msg_{secrets.token_hex(12)}",
            "type": "message",
            "role": "assistant",
            "model": str(body.get("model", MODELS[0])),
            "content": blocks,
            "stop_reason": "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": tokens_in(body), "output_tokens": tokens_in(blocks)},
        }
        fields = {"request-id": f"req_{secrets.token_hex(12)}"}
        if body.get("stream") is not True:
            return web.json_response(message, headers=fields)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", **fields})
        await response.prepare(request)
        for event in events_of(message):
            await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            await asyncio.sleep(self._pace_s)
        await response.write_eof()
        return response


async def asked(request: web.Request) -> Mapping[str, Any] | None:
    """A request's body, if it has the shape of one."""
    try:
        body = json.loads(await request.read())
    except ValueError:
        return None
    return body if isinstance(body, dict) and isinstance(body.get("messages"), list) and body["messages"] else None


def refusal(status: int, message: str) -> web.Response:
    kind = KINDS.get(status, "api_error")
    request_id = f"req_{secrets.token_hex(12)}"
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}
    return web.json_response(body, status=status, headers={"request-id": request_id})


def tokens_in(value: object) -> int:
    """A guess that is good enough to be counted."""
    return max(1, len(json.dumps(value)) // 4)


def events_of(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A message as the events of its stream."""
    usage = message["usage"]
    yield {
        "type": "message_start",
        "message": {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}},
    }
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        yield from events_of_block(index, block)
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ending, "usage": {"output_tokens": usage["output_tokens"]}}
    yield {"type": "message_stop"}


def events_of_block(index: int, block: Block) -> Iterator[dict[str, Any]]:
    if block["type"] == "tool_use":
        start, kind, name, text = {**block, "input": {}}, "input_json_delta", "partial_json", json.dumps(block["input"])
    else:
        start, kind, name, text = {**block, "text": ""}, "text_delta", "text", block["text"]
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for at in range(0, len(text), DELTA_CHARACTERS):
        delta = {"type": kind, name: text[at : at + DELTA_CHARACTERS]}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}
