r"""A request's body cut into the texts that people and tools put in it: JSON's strings without their escapes, or lines.

Where a text is cut depends on the text alone, never on how the body arrived, so that the same string in the next
request gives the same texts. At a cut a run may be lost; each is `SEGMENT_BYTES` from the one before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

SEGMENT_BYTES = 64 * 1024
SHORTEST_BYTES = 64
"""What is shorter holds no run of tokens that would tell."""
_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u[0-9A-Fa-f]{0,3})?\Z")


class Body:
    """Takes a body in pieces, gives texts. Fed a segment's bytes at a time, it holds two segments at most."""

    __slots__ = ("_inside", "_is_json", "_rest")

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._inside = not is_json
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        text = self._rest + data
        at = 0
        while at < len(text):
            if not self._inside:
                at = text.find(b'"', at) + 1
                if not at:
                    break
                self._inside = True
            end = self._end(text, at)
            while end - at > SEGMENT_BYTES:
                cut = self._cut(text, at)
                yield self._plain(text[at:cut])
                at = cut
            if not self._is_json or text[end : end + 1] != b'"':
                self._rest = text[at:]
                return
            if end - at >= SHORTEST_BYTES:
                yield self._plain(text[at:end])
            self._inside, at = False, end + 1
        self._rest = b""

    def finish(self) -> Iterator[bytes]:
        rest, self._rest = self._rest, b""
        if self._inside and len(rest) >= SHORTEST_BYTES:
            yield self._plain(rest)

    def _end(self, text: bytes, at: int) -> int:
        if not self._is_json:
            return len(text)
        match = _STRING.match(text, at)
        assert match is not None
        return match.end()

    def _cut(self, text: bytes, at: int) -> int:
        """Cut a text that is longer than a segment: behind its last line that fits, not inside an escape."""
        cut = at + SEGMENT_BYTES
        newline = rb"\n" if self._is_json else b"\n"
        line = text.rfind(newline, at + SEGMENT_BYTES // 2, cut)
        if line >= 0 and not (self._is_json and text[at:line].endswith(b"\\")):
            return line
        if not self._is_json:
            return cut
        backslashes = len(text[at:cut]) - len(text[at:cut].rstrip(b"\\"))
        if backslashes % 2:
            return cut - 1
        escape = _ESCAPE.search(text, max(at, cut - 6), cut)
        return escape.start() if escape is not None and not backslashes else cut

    def _plain(self, text: bytes) -> bytes:
        if not self._is_json or b"\\" not in text:
            return text
        try:
            return str(json.loads(b'"' + text + b'"', strict=False)).encode("utf-8", "surrogatepass")
        except ValueError:
            return text
