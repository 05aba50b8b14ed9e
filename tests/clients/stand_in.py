"""A stand-in for Claude's API with what real clients use: messages, token counts, batches, files, models.

It plays a `Script`, believes one credential, signs its thinking and refuses a history whose thinking was changed. Every
request is kept by the origin that it answers for, byte for byte.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from maskproxy.dev.claude_api import KINDS, MODELS, tokens_in
from tests.clients.script import Request, Script
from tests.clients.signing import Block, Signer
from tests.gateway.house import HOST, SERVICE_KEY, Received

DELTA_CHARACTERS = 7
DATE = "2026-01-01T00:00:00Z"
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 529: "Overloaded"}
Answer = tuple[int, str, bytes]


class StandIn:
    """`place.origin.reply = StandIn(script).reply`."""

    def __init__(self, script: Script, *, breaks: int = 0) -> None:
        self.script = script
        self.breaks = breaks
        """How many of the streams to come end in the API's `error` event, amid a block."""
        self.refused: list[str] = []
        """Why requests were refused."""
        self.files: dict[str, bytes] = {}
        self._batches: dict[str, list[Mapping[str, Any]]] = {}

    @property
    def signer(self) -> Signer:
        return self.script.signer

    async def reply(self, received: Received, writer: asyncio.StreamWriter) -> None:
        method, target, _ = received.line.split(" ")
        path = urlsplit(target).path
        body = parsed(received.body)
        if method == "POST" and path == "/v1/messages" and body.get("stream") is True:
            refusal = self._refusal(received, body)
            if refusal is None:
                await streamed(writer, self._events(body))
                return
            status, kind, data = refusal
        elif method == "HEAD":
            status, kind, data = 200, "text/plain", b""
        else:
            status, kind, data = self._answer(received, method, path, body)
        fields = f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\nrequest-id: {new('req')}\r\n"
        writer.write(f"HTTP/1.1 {status} {REASONS[status]}\r\n{fields}\r\n".encode() + data)

    def _answer(self, received: Received, method: str, path: str, body: Request) -> Answer:
        match method, path.strip("/").split("/")[1:]:
            case "POST", ["messages"]:
                return self._refusal(received, body) or of_json(self._message(body))
            case "POST", ["messages", "count_tokens"]:
                return self._refusal(received, body) or of_json({"input_tokens": tokens_in(body)})
            case "POST", ["messages", "batches"]:
                return self._new_batch(body)
            case "GET", ["messages", "batches", batch] if batch in self._batches:
                return of_json(self._batch(batch))
            case "GET", ["messages", "batches", batch, "results"] if batch in self._batches:
                return 200, "application/x-jsonl", b"".join(self._results(batch))
            case "POST", ["files"]:
                return self._new_file(received)
            case "GET", ["files", file, "content"] if file in self.files:
                return 200, "text/plain", self.files[file]
            case "GET", ["models"]:
                data = [{"type": "model", "id": m, "display_name": m, "created_at": DATE} for m in MODELS]
                return of_json({"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})
        return self._refuse(404, "Not found")

    def _refusal(self, received: Received, body: Request) -> Answer | None:
        if received.value("x-api-key") != SERVICE_KEY:
            return self._refuse(401, "invalid x-api-key")
        if not body.get("messages"):
            return self._refuse(400, "messages: Field required")
        fault = self.signer.fault(body)
        return self._refuse(400, fault) if fault else None

    def _refuse(self, status: int, message: str) -> Answer:
        self.refused.append(message)
        error = {"type": KINDS.get(status, "api_error"), "message": message}
        data = json.dumps({"type": "error", "error": error, "request_id": new("req")}).encode()
        return status, "application/json", data

    def _events(self, body: Request) -> Iterator[dict[str, Any]]:
        events = events_of(self._message(body))
        if self.breaks == 0:
            yield from events
            return
        self.breaks -= 1
        yield from itertools.islice(events, 4)
        yield {"type": "error", "error": {"type": "api_error", "message": "Internal server error"}}

    def _message(self, body: Request) -> dict[str, Any]:
        blocks = self.script.answer(body)
        return {
            "id": new("msg"),
            "type": "message",
            "role": "assistant",
            "model": str(body.get("model", MODELS[0])),
            "content": blocks,
            "stop_reason": "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": tokens_in(body), "output_tokens": tokens_in(blocks)},
        }

    def _new_batch(self, body: Request) -> Answer:
        batch = new("msgbatch")
        self._batches[batch] = body["requests"]
        return of_json(self._batch(batch))

    def _batch(self, batch: str) -> dict[str, Any]:
        counts = {"processing": 0, "errored": 0, "canceled": 0, "expired": 0, "succeeded": len(self._batches[batch])}
        return {
            "id": batch,
            "type": "message_batch",
            "processing_status": "ended",
            "request_counts": counts,
            "created_at": DATE,
            "ended_at": DATE,
            "expires_at": DATE,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"https://{HOST}/v1/messages/batches/{batch}/results",
        }

    def _results(self, batch: str) -> Iterator[bytes]:
        for request in self._batches[batch]:
            result = {"type": "succeeded", "message": self._message(request["params"])}
            yield json.dumps({"custom_id": request["custom_id"], "result": result}).encode() + b"\n"

    def _new_file(self, received: Received) -> Answer:
        file = new("file")
        self.files[file] = received.body
        told = {"filename": "upload.txt", "mime_type": "text/plain", "size_bytes": len(received.body)}
        return of_json({"id": file, "type": "file", "created_at": DATE, "downloadable": False, **told})


def new(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"


def of_json(value: object) -> Answer:
    return 200, "application/json", json.dumps(value).encode()


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object; what is none gives an empty one."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


async def streamed(writer: asyncio.StreamWriter, events: Iterator[Mapping[str, Any]]) -> None:
    fields = f"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nrequest-id: {new('req')}\r\n"
    writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode())
    for event in events:
        data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")


def events_of(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A message as the events of its stream."""
    begun = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    yield {"type": "message_start", "message": begun}
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        start, deltas = begin_and_deltas(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ending, "usage": {"output_tokens": message["usage"]["output_tokens"]}}
    yield {"type": "message_stop"}


def begin_and_deltas(block: Block) -> tuple[Block, list[Block]]:
    """A block as it begins, and what follows, cut so small that every secret is cut somewhere."""
    if block["type"] == "tool_use":
        pieces = cut(json.dumps(block["input"]))
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    if block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in cut(block["thinking"])]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {**block, "thinking": "", "signature": ""}, [*deltas, signed]
    if block["type"] == "redacted_thinking":
        return block, []
    return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in cut(block["text"])]


def cut(text: str) -> list[str]:
    return [text[at : at + DELTA_CHARACTERS] for at in range(0, len(text), DELTA_CHARACTERS)]
