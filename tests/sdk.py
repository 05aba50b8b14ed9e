"""A client's reading of a stream, as both SDKs do it: deltas are added up, a signature replaces the one before it."""

from __future__ import annotations

import json
from typing import Any


def events_of(stream: bytes) -> list[dict[str, Any]]:
    blocks = stream.decode().replace("\r\n", "\n").split("\n\n")
    told = ["".join(line[5:] for line in block.split("\n") if line.startswith("data:")) for block in blocks]
    return [json.loads(data) for data in told if data]


def blocks_of(stream: bytes) -> list[dict[str, Any]]:
    """The answer's content, as the client keeps it and sends it again. No block has a delta after its stop."""
    open_blocks: dict[int, dict[str, Any]] = {}
    stopped: list[tuple[int, dict[str, Any]]] = []
    for event in events_of(stream):
        match event.get("type"):
            case "content_block_start":
                open_blocks[event["index"]] = event["content_block"]
            case "content_block_delta":
                _add(open_blocks[event["index"]], event["delta"])
            case "content_block_stop":
                stopped.append((event["index"], open_blocks.pop(event["index"])))
    assert not open_blocks
    return [block for _, block in sorted(stopped, key=lambda pair: pair[0])]


def _add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case other:
            raise AssertionError(other)
