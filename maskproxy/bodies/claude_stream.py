"""The event stream of Claude's Messages API, masked block by block.

Every string of a delta is a piece of a longer text: each block and field has a masker of its own, so that a secret cut
over deltas is found and nobody waits for another block. Held text goes out in a delta of the same type and index
before its block stops. An event in which nothing changes passes as the very same bytes.

Thinking is forwarded as it is, since the API takes it back only unchanged; the recording gets it masked.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pydantic_core import from_json

from maskproxy.bodies.claude import EVENT
from maskproxy.bodies.edit_tools import EditTools, RestoredJson, Restoring
from maskproxy.bodies.event_text import mask_data, mask_other_lines
from maskproxy.bodies.events import Event, EventReader, error_event
from maskproxy.bodies.json_literal import NOT_JSON, decode, encode
from maskproxy.bodies.json_text import check_utf8, restored_edits
from maskproxy.bodies.json_walk import Edit, Spot, Walk, splice
from maskproxy.bodies.output import NOTHING, BodyFinding, Findings, Output, join, same
from maskproxy.bodies.partial_json import PartialJson
from maskproxy.errors import BadRequest, MaskproxyError, TooLarge, Unrestorable
from maskproxy.masking import Masked, Masking, trusted

MOST_OPEN_TEXTS = 1024

_LITERAL = rb'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
# The one form in which nearly every event comes; whatever differs takes the long way.
_DELTA = re.compile(
    rb"event: ?content_block_delta(\r?\n)"
    rb'data: ?\{ ?"type": ?"content_block_delta", ?"index": ?(0|[1-9][0-9]{0,5}), ?"delta": ?'
    rb'\{ ?"type": ?"(?:(text_delta)", ?"text|(input_json_delta)", ?"partial_json|(thinking_delta)", ?"thinking)": ?'
    rb'"(' + _LITERAL + rb')" ?\} ?\}[ ]*+\1\1'
)
_DELTA_END = re.compile(rb"(" + _LITERAL + rb')" ?\} ?\}[ ]*+(?:\n\n|\r\n\r\n)')
_FIELDS = {b"text_delta": b"text", b"input_json_delta": b"partial_json", b"thinking_delta": b"thinking"}
_START_DELTAS = {b"text": b"text_delta", b"thinking": b"thinking_delta", b"content": b"compaction_delta"}
_WHY_MASKED = "every string of the event was masked, is exempt by its place, or went back to its owner"
_WHY_RESTORED = "their own secrets for the sender of the request, in an edit's arguments"
_WHY_THINKING = "thinking goes back to the API as it came; its recording is masked"


class _TextMasker:
    """A masker that lists what it finds."""

    __slots__ = ("_findings", "_masker", "_place")

    def __init__(self, masking: Masking, findings: list[BodyFinding], *, place: str) -> None:
        self._masker = masking.masker()
        self._findings = findings
        self._place = place

    def feed(self, text: bytes) -> bytes:
        masked = self._masker.feed(text)
        if self._masker.findings:
            self._list()
        return masked

    def finish(self) -> bytes:
        masked = self._masker.finish()
        self._list()
        return masked

    def _list(self) -> None:
        for found in self._masker.findings:
            self._findings.append(BodyFinding(found.rule, self._place, found.placeholder))
        self._masker.findings.clear()


class _Text(NamedTuple):
    """A text that goes on from delta to delta. What is `restored` is masked first, and recorded so."""

    masker: _TextMasker | PartialJson
    is_signed: bool
    restored: RestoredJson | None = None


_TextId = tuple[bytes, bytes, bytes]
"""Block index, type of the delta, its field."""


class ClaudeStream:
    """One answer's events."""

    streams = True
    unread_bytes = 0

    def __init__(self, masking: Masking, tools: EditTools | None = None) -> None:
        """With `tools`, the arguments of their calls get their owner's secrets back."""
        self.findings: list[BodyFinding] = Findings()
        self.stopped: MaskproxyError | None = None
        self._masking = masking
        self._tools = tools
        self._restoring = Restoring(tools, masking, self.findings) if tools is not None else None
        self._edits: set[bytes] = set()
        self._reader = EventReader()
        self._texts: dict[_TextId, _Text] = {}
        # How the last delta began, up to its text, and the text that it belongs to: the next one mostly begins alike.
        self._last_start = b""
        self._last_text: _Text | None = None

    def feed(self, data: bytes) -> Output:
        if self.stopped is not None:
            return NOTHING
        if self._last_text is not None and data.startswith(self._last_start) and not self._reader.held_bytes:
            match = _DELTA_END.fullmatch(data, len(self._last_start))
            if match is not None:
                try:
                    return self._masked_delta(data, match.start(1), match[1], self._last_text)
                except Unrestorable as error:
                    return self._stop(error)
        events = self._reader.feed(data)
        if len(events) == 1:
            return self._event(events[0])
        return join([self._event(raw) for raw in events])

    def finish(self) -> Output:
        """End of the stream, expected or not: what is held is judged as it stands and goes out in deltas."""
        if self.stopped is not None:
            return NOTHING
        rest = self._reader.finish()
        outputs = [self._event(rest)] if rest else []
        if rest and self._texts:
            outputs.append(_ours(b"\n\n"))
        try:
            return join([*outputs, *self._flush(None)])
        except Unrestorable as error:
            return join([*outputs, self._stop(error)])

    def _stop(self, error: MaskproxyError) -> Output:
        """End the stream in words, in the API's shape. What is held is dropped."""
        self.stopped = error
        self._texts.clear()
        self._last_text = None
        return _ours(error_event(error))

    def _event(self, raw: bytes) -> Output:
        if self.stopped is not None:
            return NOTHING
        try:
            return self._one_event(raw)
        except Unrestorable as error:
            return self._stop(error)

    def _one_event(self, raw: bytes) -> Output:
        match = _DELTA.fullmatch(raw)
        if match is None:
            return self._any_event(raw)
        _, index, text_delta, json_delta, thinking_delta, literal = match.groups()
        kind = text_delta or json_delta or thinking_delta
        text = self._texts.get((index, kind, _FIELDS[kind])) or self._open(index, kind, _FIELDS[kind])
        self._last_start, self._last_text = raw[: match.start(6)], text
        return self._masked_delta(raw, match.start(6), literal, text)

    def _masked_delta(self, raw: bytes, start: int, literal: bytes, text: _Text) -> Output:
        """Mask one delta whose text stands at `start`."""
        if not literal.isascii():
            check_utf8(literal)
        decoded = decode(literal) if b"\\" in literal else literal
        masked = text.masker.feed(decoded)
        if text.restored is not None:
            return self._restored_delta(raw, start, literal, decoded, masked, text.restored)
        if masked == decoded:
            same_bytes = trusted(raw, why=_WHY_MASKED)
            return Output(same_bytes, same_bytes)
        made = trusted(raw[:start] + encode(masked) + raw[start + len(literal) :], why=_WHY_MASKED)
        return Output(trusted(raw, why=_WHY_THINKING), made) if text.is_signed else Output(made, made)

    def _restored_delta(
        self, raw: bytes, start: int, literal: bytes, decoded: bytes, masked: bytes, restored: RestoredJson
    ) -> Output:
        """One piece of an edit's arguments: masked for the recording, with its owner's secrets for the client."""
        given = restored.feed(decoded if self._restores_new else masked)
        made = [
            trusted(
                raw if text == decoded else raw[:start] + encode(text) + raw[start + len(literal) :],
                why=_WHY_MASKED if text is masked else _WHY_RESTORED,
            )
            for text in (given, masked)
        ]
        return same(made[0]) if given == masked else Output(*made)

    @property
    def _restores_new(self) -> bool:
        return self._tools is not None and self._tools.restores_new

    def _open(self, index: bytes, kind: bytes, field: bytes) -> _Text:
        if len(self._texts) >= MOST_OPEN_TEXTS:
            raise TooLarge("The stream has too many open blocks.")
        place = f"content_block[{index.decode()}]"
        if kind == b"input_json_delta" and field == b"partial_json":
            restored = RestoredJson(self._restoring) if self._restoring is not None and index in self._edits else None
            masker = PartialJson(self._masking, self.findings, place=f"{place}.input")
            text = _Text(masker, is_signed=False, restored=restored)
        else:
            name = field.decode() if field.isalnum() and len(field) <= 32 else "*"
            plain = _TextMasker(self._masking, self.findings, place=f"{place}.{name}")
            text = _Text(plain, is_signed=kind == b"thinking_delta" and field == b"thinking")
        self._texts[index, kind, field] = text
        return text

    def _any_event(self, raw: bytes) -> Output:
        check_utf8(raw)
        event = Event(raw)
        others = mask_other_lines(self._masking, event, self.findings)
        if event.data is None:
            return same(trusted(event.rewritten(others), why=_WHY_MASKED))
        if not event.data.lstrip(b" \t\r\n").startswith(b"{"):
            data = mask_data(self._masking, event.data, "event", self.findings)
            return same(trusted(event.rewritten(others, data), why=_WHY_MASKED))
        walk = Walk(
            event.data,
            self._masking,
            scan=self._masking.may_hold(event.data),
            refuse_media=False,
            prefix="event",
            tools=self._tools,
        )
        walk.run(EVENT)
        self.findings += walk.findings
        known = _read(event.data)
        before = self._before(known)
        if known.type == "content_block_start":
            is_edit = self._tools is not None and known.tool in self._tools.names
            (self._edits.add if is_edit else self._edits.discard)(known.block())
        recorded = list(walk.edits)
        forwarded = [edit for edit in recorded if not edit.record_only]
        if walk.arguments and self._restoring is not None:
            forwarded = restored_edits(event.data, forwarded, walk.arguments, self._restoring)
        for field, spot in walk.streams:
            given, masked = self._piece(event.data, known, field, spot)
            forwarded += given
            recorded += masked
        forwarded.sort()
        recorded.sort()
        record = _rewrite(event, others, recorded)
        forward = record if forwarded == recorded else _rewrite(event, others, forwarded)
        return join([*before, Output(forward, record)])

    def _before(self, known: _Known) -> list[Output]:
        """What must go out before this event: held text of a block that ends or begins anew, or of all."""
        match known.type:
            case "content_block_stop" | "content_block_start":
                return self._flush(known.block())
            case "content_block_delta" if known.delta_type == b"signature_delta":
                return self._flush(known.block(), signed_only=True)
            case "message_stop" | "error":
                return self._flush(None)
            case _:
                return []

    def _piece(self, data: bytes, known: _Known, field: bytes, spot: Spot) -> tuple[list[Edit], list[Edit]]:
        """Mask a string that goes on in other events. Gives the edits for the client and for the recording."""
        literal = data[spot.start : spot.end]
        text = decode(literal)
        if known.type == "content_block_start":
            kind = _START_DELTAS[field]
            field = _FIELDS.get(kind, field)
        elif known.type == "content_block_delta":
            kind = known.delta_type
        else:
            # Such as the stop sequence in `message_delta`: no other event goes on with it.
            masked, found = self._masking.text(text)
            self.findings += [BodyFinding(finding.rule, "event.delta", finding.placeholder) for finding in found]
            edits = [Edit(spot.start, spot.end, encode(masked), record_only=False)] if found else []
            return edits, edits
        index = known.block()
        open_text = self._texts.get((index, kind, field)) or self._open(index, kind, field)
        masked_text = open_text.masker.feed(text)
        given = text if open_text.is_signed else masked_text
        if open_text.restored is not None:
            given = open_text.restored.feed(text if self._restores_new else masked_text)
        forwarded, recorded = (
            [Edit(spot.start, spot.end, encode(made), record_only=False)] if made != text else []
            for made in (given, masked_text)
        )
        return forwarded, recorded

    def _flush(self, index: bytes | None, *, signed_only: bool = False) -> list[Output]:
        """End the texts of one block, or of all, each with a delta for what its masker held."""
        outputs = []
        for text_id, text in list(self._texts.items()):
            if (index is not None and text_id[0] != index) or (signed_only and not text.is_signed):
                continue
            del self._texts[text_id]
            if self._last_text is text:
                self._last_text = None
            held = text.masker.finish()
            given = b"" if text.is_signed else held
            if text.restored is not None:
                given = text.restored.feed(b"" if self._restores_new else held) + text.restored.finish()
            if held or given:
                forward, record = (_ours(_delta(text_id, made) if made else b"").record for made in (given, held))
                outputs.append(same(record) if forward == record else Output(forward, record))
        return outputs


class _Known(NamedTuple):
    """What an event says about itself."""

    type: str
    block_index: object
    delta_type: bytes
    tool: bytes

    def block(self) -> bytes:
        index = self.block_index
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < 1_000_000:
            raise BadRequest("An event of the stream names no block.")
        return b"%d" % index


def _read(data: bytes) -> _Known:
    try:
        document = from_json(data)
    except ValueError as error:  # nested too deep for this parser
        raise BadRequest(NOT_JSON) from error
    kind, index, delta = document.get("type"), document.get("index"), document.get("delta")
    delta_type = delta.get("type") if isinstance(delta, dict) else None
    block = document.get("content_block")
    tool = block.get("name") if isinstance(block, dict) and block.get("type") == "tool_use" else None
    return _Known(
        kind if isinstance(kind, str) else "",
        index,
        delta_type.encode() if isinstance(delta_type, str) else b"",
        tool.encode() if isinstance(tool, str) else b"",
    )


def _rewrite(event: Event, others: list[tuple[int, int, bytes]], edits: list[Edit]) -> Masked:
    assert event.data is not None
    if not others and not edits:
        return trusted(event.raw, why=_WHY_MASKED)
    return trusted(event.rewritten(others, splice(event.data, edits) if edits else None), why=_WHY_MASKED)


def _delta(text_id: _TextId, text: bytes) -> bytes:
    index, kind, field = text_id
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%b,'
        b'"delta":{"type":"%b","%b":"%b"}}\n\n' % (index, encode(kind), encode(field), encode(text))
    )


def _ours(data: bytes) -> Output:
    return same(trusted(data, why="an event of our own around masked text"))
