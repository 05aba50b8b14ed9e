"""A stage that writes a session as JSON lines: one object for each turn, written when the turn ends.

Content is exact here: JSON escapes what a terminal could obey.
"""

from __future__ import annotations

import json
from typing import TextIO

from maskproxy.recording.answers import Answer, Piece
from maskproxy.recording.catalog import SessionEntry, iso_time
from maskproxy.recording.conversation import Turn
from maskproxy.recording.messages import Block, Message


class JsonLines:
    def __init__(self, file: TextIO) -> None:
        self._file = file

    def header(self, entry: SessionEntry) -> None:
        self._write({"type": "session", **entry.as_json()})

    def begin(self, turn: Turn) -> None:
        """Nothing: a turn is one line."""

    def answer(self, turn: Turn, piece: Piece) -> None:
        """Nothing: a turn is one line."""

    def end(self, turn: Turn) -> None:
        self._write({"type": "turn", **turn_as_json(turn)})

    def _write(self, value: object) -> None:
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()


def turn_as_json(turn: Turn, *, contents: bool = True) -> dict[str, object]:
    """Everything about a turn; without `contents`, all but what was said."""
    first_ms = None if turn.first_answer_ns is None else _ms(turn.first_answer_ns - turn.mono_ns)
    facts: dict[str, object] = {
        "exchange": turn.exchange,
        "at": iso_time(turn.wall_ns),
        "method": turn.method,
        "target": turn.target,
        "route": turn.request.get("route"),
        "agent": turn.request.get("agent"),
        "parent_agent": turn.request.get("parent_agent"),
        "model": turn.model,
        "status": turn.status,
        "decision": turn.decision,
        "outcome": turn.outcome,
        "sentence": turn.sentence,
        "first_byte_ms": first_ms,
        "duration_ms": _ms(turn.last_ns - turn.mono_ns),
        "bytes_in": turn.request_bytes,
        "bytes_out": turn.response_bytes,
        "findings": [finding._asdict() for finding in turn.findings],
    }
    if not contents:
        return facts
    return {
        **facts,
        "system": list(turn.system),
        "tools": list(turn.tools),
        "messages_shown_before": turn.resent,
        "messages": [_message(message) for message in turn.messages],
        "answer": None if turn.answer is None else _answer(turn, turn.answer),
    }


def _answer(turn: Turn, answer: Answer) -> dict[str, object]:
    return {
        **_message(answer.message),
        "stop_reason": answer.stop_reason,
        "usage": dict(answer.usage),
        "error": answer.error,
        "unread_events": answer.unread_events,
        "pieces": [
            {"at_ms": _ms(piece.at_ns - turn.mono_ns), "block": piece.block, "characters": len(piece.text)}
            for piece in answer.pieces
        ],
    }


def _message(message: Message) -> dict[str, object]:
    return {"role": message.role, "blocks": [_block(block) for block in message.blocks]}


def _block(block: Block) -> dict[str, object]:
    if block.kind == "tool_use":
        return {"kind": block.kind, "name": block.name, "id": block.id, "input": block.value}
    if block.kind == "tool_result":
        return {"kind": block.kind, "id": block.id, "text": block.text, "failed": block.failed}
    if block.kind == "other":
        return {"kind": block.kind, "name": block.name, "text": block.text, "value": block.value}
    return {"kind": block.kind, "text": block.text}


def _ms(nanoseconds: int) -> float:
    return round(nanoseconds / 1e6, 3)
