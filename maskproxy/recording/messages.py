"""Messages of Claude's API as a reader of a session wants them. Pure; takes any JSON and never raises for its shape.

What is opaque (signatures, media) is told by kind and size. `fingerprint` is the same for a message however the client
spells it when it sends the conversation again: as text or blocks, with cache marks or thinking or without.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["text", "thinking", "tool_use", "tool_result", "other"]


@dataclass(frozen=True, slots=True)
class Block:
    """A block: `text` of text, thinking or a result; `name` and `value` (its input) of a tool call."""

    kind: BlockKind
    text: str = ""
    name: str = ""
    id: str = ""
    value: object = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    blocks: tuple[Block, ...]


def text_of(value: object, key: str) -> str:
    """A text at a key, or an empty one for whatever else is there."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def parse(data: bytes | bytearray) -> object:
    """The JSON value, or None for what is none (too deep counts as none)."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def spell(value: object, *, indent: int | None = None) -> str:
    """The value as JSON, as it is read by people: letters stay letters."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent)
    except RecursionError:
        return "(nested too deeply to be shown)"


def message_of(raw: object) -> Message:
    content = raw.get("content") if isinstance(raw, Mapping) else None
    return Message(text_of(raw, "role") or "unknown", blocks_of(content))


def blocks_of(content: object) -> tuple[Block, ...]:
    """The blocks of a `content` or a `system`: a text, or a list."""
    if isinstance(content, str):
        return (Block("text", content),)
    if isinstance(content, list):
        return tuple(block_of(raw) for raw in content)
    return ()


def block_of(raw: object) -> Block:
    kind = text_of(raw, "type")
    if isinstance(raw, str):
        return Block("text", raw)
    if not isinstance(raw, Mapping):
        return Block("other", name="unknown", value=raw)
    if kind == "text":
        return Block("text", text_of(raw, "text"))
    if kind == "thinking":
        return Block("thinking", text_of(raw, "thinking"))
    if kind == "redacted_thinking":
        return Block("thinking", "(encrypted by the API)")
    if kind.endswith("tool_use"):
        return Block("tool_use", name=text_of(raw, "name"), id=text_of(raw, "id"), value=raw.get("input"))
    if kind.endswith("tool_result"):
        failed = raw.get("is_error") is True
        return Block("tool_result", _result_text(raw.get("content")), id=text_of(raw, "tool_use_id"), failed=failed)
    if kind in {"image", "document", "container_upload"}:
        return _media(kind, raw)
    return Block("other", name=kind or "unknown", value={key: raw[key] for key in raw if key != "type"})


def _result_text(content: object) -> str:
    parts = []
    for block in blocks_of(content):
        if block.kind == "other":
            block_text = block.text or spell(block.value)
            parts.append(f"[{block.name}] {block_text}")
        else:
            parts.append(block.text)
    return "\n".join(parts)


def _media(kind: str, raw: Mapping[str, object]) -> Block:
    source = raw.get("source")
    source_kind = text_of(source, "type")
    if source_kind == "text":
        return Block("text", text_of(source, "data"))
    if source_kind == "content" and isinstance(source, Mapping):
        return Block("text", "\n".join(block.text for block in blocks_of(source.get("content"))))
    if source_kind == "base64":
        size = len(text_of(source, "data")) * 3 // 4
        return Block("other", f"{text_of(source, 'media_type') or 'media'}, {size:,} bytes, not shown", name=kind)
    return Block("other", name=kind, value=source)


def fingerprint(message: Message) -> bytes:
    parts: list[object] = [message.role]
    for block in message.blocks:
        if block.kind == "thinking":
            continue
        if block.kind == "tool_use" and block.id:
            parts.append((block.kind, block.id))
        else:
            parts.append((block.kind, block.name, block.id, block.text.strip(), block.value))
    return hashlib.blake2b(spell(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
