"""The event stream of Claude's Messages API, masked block by block.

Every string of a delta is a piece of a longer text: each block and field has a masker of its own, so that a secret cut
over deltas is found and nobody waits for another block. Held text goes out in a delta of the same type and index
before its block stops. An event in which nothing changes passes as the very same bytes.

Thinking is masked like any text; what was masked goes out sealed behind the block's signature (`thinking`).
"""

from __future__ import annotations

from typing import NamedTuple

from maskproxy.bodies.claude import EVENT
from maskproxy.bodies.claude_events import DELTA, DELTA_END, Known, TextId, delta, ours, read
from maskproxy.bodies.edit_tools import EditTools, RestoredJson, Restoring
from maskproxy.bodies.edits import Edit, Spot, forwarded, recorded, splice
from maskproxy.bodies.event_text import mask_data, mask_other_lines
from maskproxy.bodies.events import Event, EventReader, error_event
from maskproxy.bodies.json_literal import decode, encode
from maskproxy.bodies.json_text import check_utf8, restored_edits
from maskproxy.bodies.json_walk import Walk
from maskproxy.bodies.keyed import shown_key
from maskproxy.bodies.output import NOTHING, BodyFinding, Findings, Output, join, same
from maskproxy.bodies.partial_json import PartialJson
from maskproxy.bodies.places import Kind, fits
from maskproxy.bodies.text_masker import TextMasker
from maskproxy.bodies.thinking import ThinkingMasker
from maskproxy.errors import MaskproxyError, TooLarge, Unrestorable
from maskproxy.masking import Masked, Masking, Seals, trusted

MOST_OPEN_TEXTS = 1024
MOST_OPEN_THOUGHTS = 16
"""Each keeps what was masked in it."""

_FIELDS = {b"text_delta": b"text", b"input_json_delta": b"partial_json", b"thinking_delta": b"thinking"}
_START_DELTAS = {b"text": b"text_delta", b"thinking": b"thinking_delta", b"content": b"compaction_delta"}
_KNOWN_NAMES = frozenset({*_FIELDS, *_FIELDS.values(), *_START_DELTAS.values(), *_START_DELTAS})
_WHY_MASKED = "every string of the event was masked, is exempt by its place, or went back to its owner"
_WHY_RESTORED = "their own secrets for the sender of the request, in an edit's arguments"


class _Text(NamedTuple):
    """A text that goes on from delta to delta. What is `restored` is masked first, and recorded so."""

    masker: TextMasker | PartialJson
    restored: RestoredJson | None = None


class ClaudeStream:
    """One answer's events."""

    streams = True

    def __init__(
        self, masking: Masking, tools: EditTools | None = None, *, seals: Seals, refuse_media: bool = False
    ) -> None:
        """With `tools`, the arguments of their calls get their owner's secrets back."""
        self.findings: list[BodyFinding] = Findings()
        self.unread_bytes = 0
        self._refuse_media = refuse_media
        self.stopped: MaskproxyError | None = None
        self._masking = masking
        self._seals = seals
        self._tools = tools
        self._restoring = Restoring(tools, masking, self.findings) if tools is not None else None
        self._edits: set[bytes] = set()
        self._reader = EventReader()
        self._texts: dict[TextId, _Text] = {}
        self._thoughts: dict[bytes, ThinkingMasker] = {}
        # How the last delta began, up to its text, and the text that it belongs to: the next one mostly begins alike.
        self._last_start = b""
        self._last_text: _Text | None = None

    def feed(self, data: bytes) -> Output:
        if self.stopped is not None:
            return NOTHING
        if self._last_text is not None and data.startswith(self._last_start) and not self._reader.held_bytes:
            match = DELTA_END.fullmatch(data, len(self._last_start))
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
        try:
            last = self._flush(None)
        except Unrestorable as error:
            last = [self._stop(error)]
        if rest and last:
            outputs.append(ours(b"\n\n"))
        return join([*outputs, *last])

    def _stop(self, error: MaskproxyError) -> Output:
        """End the stream in words, in the API's shape. What is held is dropped."""
        self.stopped = error
        self._texts.clear()
        self._thoughts.clear()
        self._last_text = None
        return ours(error_event(error))

    def _event(self, raw: bytes) -> Output:
        if self.stopped is not None:
            return NOTHING
        try:
            return self._one_event(raw)
        except Unrestorable as error:
            return self._stop(error)

    def _one_event(self, raw: bytes) -> Output:
        match = DELTA.fullmatch(raw)
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
        return same(trusted(raw[:start] + encode(masked) + raw[start + len(literal) :], why=_WHY_MASKED))

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
            text = _Text(masker, restored)
        elif kind == b"thinking_delta" and field == b"thinking":
            text = _Text(self._thought(index))
        else:
            name = shown_key(self._masking, field)
            text = _Text(TextMasker(self._masking, self.findings, place=f"{place}.{name}"))
        self._texts[index, kind, field] = text
        return text

    def _thought(self, index: bytes) -> ThinkingMasker:
        """The thinking of a block, from its first word to its stop, over any number of signatures."""
        if index not in self._thoughts:
            if len(self._thoughts) >= MOST_OPEN_THOUGHTS:
                raise TooLarge("The stream has too many open thinking blocks.")
            place = f"content_block[{index.decode()}].thinking"
            self._thoughts[index] = ThinkingMasker(self._masking, self.findings, place=place, seals=self._seals)
        return self._thoughts[index]

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
            refuse_media=self._refuse_media,
            prefix="event",
            tools=self._tools,
            seals=self._seals,
        )
        walk.run(EVENT)
        self.unread_bytes += walk.media_bytes
        self.findings += walk.findings
        known = read(event.data)
        before = self._before(known)
        if known.type == "content_block_start":
            is_edit = self._tools is not None and known.tool in self._tools.names
            (self._edits.add if is_edit else self._edits.discard)(known.block())
        elif known.type == "content_block_stop":
            self._edits.discard(known.block())
        given, kept = forwarded(walk.edits), recorded(walk.edits)
        if walk.arguments and self._restoring is not None:
            given = restored_edits(event.data, given, walk.arguments, self._restoring)
        for field, spot in walk.streams:
            more_given, more_kept = self._piece(event.data, known, field, spot)
            given += more_given
            kept += more_kept
        given.sort()
        kept.sort()
        record = _rewrite(event, others, kept)
        forward = record if given == kept else _rewrite(event, others, given)
        return join([*before, Output(forward, record)])

    def _before(self, known: Known) -> list[Output]:
        """What must go out before this event: held text of a block that ends or begins anew, or of all."""
        match known.type:
            case "content_block_stop" | "content_block_start":
                return self._flush(known.block())
            case "content_block_delta" if known.delta_type == b"signature_delta":
                return self._flush(known.block(), thinking_only=True)
            case "message_stop" | "error":
                return self._flush(None)
            case _:
                return []

    def _piece(self, data: bytes, known: Known, field: bytes, spot: Spot) -> tuple[list[Edit], list[Edit]]:
        """Mask a string that goes on in other events. Gives the edits for the client and for the recording."""
        literal = data[spot.start : spot.end]
        text = decode(literal)
        if field == b"signature" and (known.type == "content_block_start" or known.delta_type == b"signature_delta"):
            return self._signature(known, literal, spot)
        if known.type == "content_block_start":
            kind = _START_DELTAS[field]
            field = _FIELDS.get(kind, field)
        elif known.type == "content_block_delta":
            kind = known.delta_type
        else:
            # Such as the stop sequence in `message_delta`: no other event goes on with it.
            edits = self._whole(text, spot)
            return edits, edits
        index, kind, field = known.block(), self._named(kind), self._named(field)
        open_text = self._texts.get((index, kind, field)) or self._open(index, kind, field)
        masked_text = open_text.masker.feed(text)
        given: bytes = masked_text
        if open_text.restored is not None:
            given = open_text.restored.feed(text if self._restores_new else masked_text)
        for_client, for_record = (
            [Edit(spot.start, spot.end, encode(made), record_only=False)] if made != text else []
            for made in (given, masked_text)
        )
        return for_client, for_record

    def _named(self, name: bytes) -> bytes:
        """Give the name of a field or type, known to us or not, as the event has it now and our deltas may say it."""
        return name if name in _KNOWN_NAMES else self._masking.text(name)[0]

    def _whole(self, text: bytes, spot: Spot) -> list[Edit]:
        """Mask a string with which no other event goes on."""
        masked, found = self._masking.text(text)
        self.findings += [BodyFinding(finding.rule, "event.delta", finding.placeholder) for finding in found]
        return [Edit(spot.start, spot.end, encode(masked), record_only=False)] if found else []

    def _signature(self, known: Known, literal: bytes, spot: Spot) -> tuple[list[Edit], list[Edit]]:
        """What was masked in the block's thinking goes behind its signature, for the client alone."""
        is_opaque = fits(Kind.SIGNATURE, literal) and not self._masking.holds_own(decode(literal))
        kept = [] if is_opaque else self._whole(decode(literal), spot)
        if kept:
            literal = kept[0].placeholder
        thought = self._thought(known.block())
        if known.type == "content_block_start":
            # What it signs is still to come: it is sealed when the block stops, if not before.
            thought.signature = decode(literal)
            return kept, kept
        seal = thought.seal(decode(literal))
        return [Edit(spot.start, spot.end, literal + seal, record_only=False)] if seal else kept, kept

    def _flush(self, index: bytes | None, *, thinking_only: bool = False) -> list[Output]:
        """End the texts of one block, or of all, each with a delta for what its masker held."""
        outputs = []
        for text_id, text in list(self._texts.items()):
            if (index is not None and text_id[0] != index) or (
                thinking_only and not isinstance(text.masker, ThinkingMasker)
            ):
                continue
            del self._texts[text_id]
            if self._last_text is text:
                self._last_text = None
            held = text.masker.finish()
            given: bytes = held
            if text.restored is not None:
                given = text.restored.feed(b"" if self._restores_new else held) + text.restored.finish()
            if held or given:
                forward, record = (ours(delta(text_id, made) if made else b"").record for made in (given, held))
                outputs.append(same(record) if forward == record else Output(forward, record))
        return outputs if thinking_only else outputs + self._settle(index)

    def _settle(self, index: bytes | None) -> list[Output]:
        """End the thinking of one block, or of all: what no signature carries yet goes out behind one of ours."""
        outputs = []
        for block in [index] if index is not None else list(self._thoughts):
            thought = self._thoughts.pop(block, None)
            if thought is not None and thought.is_owing():
                signed = thought.signature + thought.seal(thought.signature)
                made = ours(delta((block, b"signature_delta", b"signature"), signed))
                outputs.append(Output(made.forward, NOTHING.record))
        return outputs


def _rewrite(event: Event, others: list[tuple[int, int, bytes]], edits: list[Edit]) -> Masked:
    assert event.data is not None
    if not others and not edits:
        return trusted(event.raw, why=_WHY_MASKED)
    return trusted(event.rewritten(others, splice(event.data, edits) if edits else None), why=_WHY_MASKED)
