"""Server-sent events (WHATWG HTML, 9.2): cut a stream into its events, byte for byte, and put new data into one.

Line ends may be LF, CRLF or CR; the bytes of all events together are the bytes of the stream. An event that does not
end within the limit is TooLarge; what stands behind the last blank line is given at the end as an event of its own.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from maskproxy.errors import MaskproxyError, TooLarge

EVENT_LIMIT_BYTES = 8 << 20

_END = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE = re.compile(rb"([^\r\n]*+)((?>\r\n|\n|\r)?+)")
_BOM = b"\xef\xbb\xbf"


def error_event(error: MaskproxyError) -> bytes:
    """Give the last event of a stream that is ended in words, in the API's shape."""
    shape = {"type": "error", "error": {"type": error.kind, "message": str(error)}}
    return b"event: error\ndata: " + json.dumps(shape).encode() + b"\n\n"


class EventReader:
    """Bytes in, whole events out, each with the blank line that ends it."""

    def __init__(self, *, limit_bytes: int = EVENT_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        held = self._held
        if held:
            # Only the new bytes and the three before them can hold the end: a long event is not searched over and over.
            start = max(0, len(held) - 3)
            held += data
            if _END.search(held, start) is None:
                self._check()
                return []
            data = bytes(held)
            held.clear()
        if b"\r" not in data:
            *ended, rest = data.split(b"\n\n")
            events = [event + b"\n\n" for event in ended]
        else:
            # After a lone CR at the end of a piece, the LF that may follow begins the next event, as a blank line.
            events, at = [], 0
            for match in _END.finditer(data):
                events.append(data[at : match.end()])
                at = match.end()
            rest = data[at:]
        if rest:
            held += rest
            self._check()
        return events

    @property
    def held_bytes(self) -> int:
        return len(self._held)

    def finish(self) -> bytes:
        """Give what has no blank line after it: most readers drop it, some do not."""
        rest = bytes(self._held)
        self._held.clear()
        return rest

    def _check(self) -> None:
        if len(self._held) > self._limit_bytes:
            raise TooLarge("An event of the stream is longer than allowed.")


class _Line(NamedTuple):
    start: int
    value_start: int
    end: int
    is_data: bool


class Event:
    """One event's lines. `data` is None where there is no data line."""

    __slots__ = ("_lines", "data", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._lines = [_line(match) for match in _LINE.finditer(raw, 3 if raw.startswith(_BOM) else 0) if match[1]]
        values = [raw[line.value_start : line.end] for line in self._lines if line.is_data]
        self.data = b"\n".join(values) if values else None

    def others(self) -> list[tuple[int, int]]:
        """Where the lines are that are not data: names, ids, comments."""
        return [(line.start, line.end) for line in self._lines if not line.is_data]

    def rewritten(self, edits: list[tuple[int, int, bytes]], data: bytes | None = None) -> bytes:
        """The event with edits (start, end, replacement; not in data lines) and, where given, other data.

        Each line of the new data goes where the old one stood; lines more or fewer end the last data line.
        """
        if not edits and data is None:
            return self.raw
        places = [line for line in self._lines if line.is_data]
        edits = list(edits)
        if data is not None:
            new = data.split(b"\n")
            last = len(places) - 1
            for number, place in enumerate(places):
                lines = new[number:] if number == last else new[number : number + 1]
                start = self.raw[place.start : place.value_start]
                if any(lines) and not start.startswith(b"data:"):
                    start = b"data: "
                if lines:
                    edits.append((place.start, place.end, b"\n".join(start + line for line in lines)))
                else:
                    edits.append((place.start, place.end, b":"))
        pieces, at = [], 0
        for start_at, end_at, replacement in sorted(edits):
            pieces += [self.raw[at:start_at], replacement]
            at = end_at
        return b"".join([*pieces, self.raw[at:]])


def _line(match: re.Match[bytes]) -> _Line:
    name, colon, value = match[1].partition(b":")
    value_start = match.start() + len(name) + len(colon) + value.startswith(b" ")
    return _Line(match.start(), value_start, match.end(1), is_data=name == b"data")
