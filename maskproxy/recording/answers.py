"""An answer of the Messages API from the pieces of its body, with the time of each. Pure.

The body may be an SSE stream or one JSON value; what it is shows at its first byte. An event that cannot be read is
counted, never fatal: a recording is shown as far as it goes. Memory is bounded by LIMIT_BYTES of body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from maskproxy.recording.messages import Block, Message, block_of, parse, text_of

LIMIT_BYTES: Final = 64 << 20


class Piece(NamedTuple):
    """A part of a block as it came: some text, or an empty text at the moment when a whole tool call was there."""

    at_ns: int
    block: int
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`pieces` follow each other in time; `block` counts in `message.blocks`. `error` is the API's, or empty."""

    message: Message
    pieces: tuple[Piece, ...]
    model: str = ""
    stop_reason: str = ""
    usage: Mapping[str, object] = field(default_factory=dict)
    error: str = ""
    unread_events: int = 0


class _OpenBlock:
    """A block of a stream while its deltas come."""

    def __init__(self, place: int, raw: object) -> None:
        self.place = place
        self.first = block_of(raw)
        self.texts = [self.first.text] if self.first.text else []
        self.json: list[str] = []

    def whole(self) -> Block:
        text = "".join(self.texts)
        if not self.json:
            return Block(self.first.kind, text, self.first.name, self.first.id, self.first.value, self.first.failed)
        spelled = "".join(self.json)
        value = parse(spelled.encode("utf-8", "surrogatepass"))
        return Block(self.first.kind, text, self.first.name, self.first.id, spelled if value is None else value)


class AnswerReader:
    """Feed the body's pieces with their times, then finish."""

    def __init__(self) -> None:
        self._body = bytearray()
        self._streams: bool | None = None
        self._size = 0
        self._data: list[bytes] = []
        self._last_ns = 0
        self._blocks: dict[int, _OpenBlock] = {}
        self._order: list[_OpenBlock] = []
        self._pieces: list[Piece] = []
        self._role = "assistant"
        self._model = ""
        self._stop_reason = ""
        self._usage: dict[str, object] = {}
        self._error = ""
        self._unread = 0

    def feed(self, data: bytes, at_ns: int) -> None:
        self._last_ns = max(self._last_ns, at_ns)
        self._size += len(data)
        if self._size > LIMIT_BYTES:
            return
        self._body += data
        if self._streams is None and self._body.strip():
            self._streams = not self._body.lstrip().startswith((b"{", b"["))
        if self._streams and b"\n" in data:
            self._take_lines(at_ns)

    def finish(self) -> Answer:
        if self._size > LIMIT_BYTES:
            self._unread += 1
        if self._streams:
            self._body += b"\n\n"  # an event that was cut off just before its end
            self._take_lines(self._last_ns)
        elif self._body.strip():
            self._take_whole(parse(self._body))
        for block in self._blocks.values():
            self._show_whole(block, self._last_ns)
        message = Message(self._role, tuple(block.whole() for block in self._order))
        pieces = tuple(sorted(self._pieces, key=lambda piece: piece.at_ns))
        return Answer(message, pieces, self._model, self._stop_reason, self._usage, self._error, self._unread)

    def _take_lines(self, at_ns: int) -> None:
        *lines, rest = bytes(self._body).split(b"\n")
        self._body = bytearray(rest)
        for raw in lines:
            line = raw.removesuffix(b"\r")
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                event = parse(b"\n".join(self._data))
                self._data = []
                self._take_event(event, at_ns)

    def _take_event(self, event: object, at_ns: int) -> None:
        if not isinstance(event, Mapping):
            self._unread += 1
            return
        kind = text_of(event, "type")
        index = event.get("index")
        if kind == "message_start":
            self._take_head(event.get("message"))
        elif kind == "content_block_start" and isinstance(index, int):
            self._open(index, event.get("content_block"), at_ns)
        elif kind == "content_block_delta" and isinstance(index, int) and index in self._blocks:
            self._extend(self._blocks[index], event.get("delta"), at_ns)
        elif kind == "content_block_stop" and isinstance(index, int) and index in self._blocks:
            self._show_whole(self._blocks.pop(index), at_ns)
        elif kind == "message_delta":
            self._stop_reason = text_of(event.get("delta"), "stop_reason") or self._stop_reason
            self._take_usage(event.get("usage"))
        elif kind == "error":
            self._take_error(event.get("error"))

    def _open(self, index: int, raw: object, at_ns: int) -> None:
        block = _OpenBlock(len(self._order), raw)
        self._order.append(block)
        self._blocks[index] = block
        if block.first.kind in {"text", "thinking"} and block.first.text:
            self._pieces.append(Piece(at_ns, block.place, block.first.text))

    def _extend(self, block: _OpenBlock, delta: object, at_ns: int) -> None:
        kind = text_of(delta, "type")
        if kind == "input_json_delta":
            block.json.append(text_of(delta, "partial_json"))
            return
        text = text_of(delta, "text" if kind == "text_delta" else "thinking")
        if text:
            block.texts.append(text)
            self._pieces.append(Piece(at_ns, block.place, text))

    def _show_whole(self, block: _OpenBlock, at_ns: int) -> None:
        """The moment of a block that is not shown piece by piece."""
        if block.first.kind not in {"text", "thinking"}:
            self._pieces.append(Piece(at_ns, block.place, ""))

    def _take_head(self, message: object) -> None:
        self._role = text_of(message, "role") or "assistant"
        self._model = text_of(message, "model")
        if isinstance(message, Mapping):
            self._take_usage(message.get("usage"))

    def _take_usage(self, usage: object) -> None:
        if isinstance(usage, Mapping):
            self._usage.update(usage)

    def _take_error(self, error: object) -> None:
        self._error = f"{text_of(error, 'type') or 'error'}: {text_of(error, 'message')}"

    def _take_whole(self, value: object) -> None:
        if not isinstance(value, Mapping):
            self._unread += 1
        elif text_of(value, "type") == "error":
            self._take_error(value.get("error"))
        else:
            self._take_head(value)
            self._stop_reason = text_of(value, "stop_reason")
            content = value.get("content")
            for place, raw in enumerate(content if isinstance(content, list) else []):
                self._order.append(_OpenBlock(place, raw))
                shown = block_of(raw)
                text = shown.text if shown.kind in {"text", "thinking"} else ""
                self._pieces.append(Piece(self._last_ns, place, text))
