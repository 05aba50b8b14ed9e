"""Event streams of any service: each event by itself, its data as JSON where it is JSON, else as text.

A secret that a service cuts over two events is found only where the service's events are known (`claude_stream`).
"""

from __future__ import annotations

from maskproxy.bodies.events import Event, EventReader
from maskproxy.bodies.json_text import check_utf8, mask_json
from maskproxy.bodies.output import BodyFinding, Findings, Output, join, same
from maskproxy.bodies.places import FREE
from maskproxy.errors import BadRequest
from maskproxy.masking import Masking, trusted

_WHY = "every line of the event was masked"


class EventsBody:
    """A generic event stream. An event that holds nothing passes as the same bytes, as soon as it ends."""

    streams = True
    unread_bytes = 0

    def __init__(self, masking: Masking) -> None:
        self.findings: list[BodyFinding] = Findings()
        self._masking = masking
        self._reader = EventReader()
        self._events = 0

    def feed(self, data: bytes) -> Output:
        return join([self._mask(raw) for raw in self._reader.feed(data)])

    def finish(self) -> Output:
        raw = self._reader.finish()
        return join([self._mask(raw)] if raw else [])

    def _mask(self, raw: bytes) -> Output:
        self._events += 1
        check_utf8(raw)
        event = Event(raw)
        edits = mask_other_lines(self._masking, event, self.findings)
        place = f"event[{self._events - 1}]"
        data = mask_data(self._masking, event.data, place, self.findings) if event.data else None
        return same(trusted(event.rewritten(edits, data), why=_WHY))


def mask_data(masking: Masking, data: bytes, place: str, findings: list[BodyFinding]) -> bytes | None:
    """Mask an event's data as JSON where it is JSON, else as text; None where nothing changes."""
    if data.lstrip(b" \t\r\n")[:1] in (b"{", b"[", b'"'):
        try:
            masked = mask_json(data, masking, FREE, prefix=place)
        except BadRequest:
            pass  # not JSON after all: text such as `[DONE]`
        else:
            findings += masked.findings
            return masked.forward if masked.findings else None
    text, found = masking.text(data)
    findings += [BodyFinding(finding.rule, place, finding.placeholder) for finding in found]
    return text if found else None


def mask_other_lines(masking: Masking, event: Event, findings: list[BodyFinding]) -> list[tuple[int, int, bytes]]:
    """Mask names, ids and comments as text."""
    edits: list[tuple[int, int, bytes]] = []
    for start, end in event.others():
        text, found = masking.text(event.raw[start:end])
        if found:
            edits.append((start, end, text))
            findings += [BodyFinding(finding.rule, "event", finding.placeholder) for finding in found]
    return edits
