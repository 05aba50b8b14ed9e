"""The inside of one JSON string literal: decode it, find its way back from decoded offsets, encode text for one."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pydantic_core import from_json

from maskproxy.errors import BadRequest

NOT_JSON = "The body is not valid JSON."

_ESCAPE = re.compile(
    rb'\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|["\\/bfnrt])'
)
# Behind so many plain characters no escape goes on, nor any character.
_BETWEEN = re.compile(rb"[ !#-\[\]-~]{12}")
_STRETCH_BYTES = 512
_FAR_BYTES = 1024
_UNITS = re.compile(
    rb"(?:[^\\\x80-\xff]|[\xc2-\xf4][\x80-\xbf]++"
    rb'|\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4}|u[0-9a-fA-F]{4}|["\\/bfnrt])){1,1024}+'
)
"""Characters and whole escapes, of a literal in which nothing is plain for long."""
_MOST_STRETCHES = 16
_PIECE_BYTES = 256 * 1024
_TO_ESCAPE = re.compile(rb'["\\\x00-\x1f]')
_SHORT = {b'"': rb"\"", b"\\": rb"\\", b"\n": rb"\n", b"\r": rb"\r", b"\t": rb"\t"}


def decode(literal: bytes) -> bytes:
    """Give the UTF-8 text of a literal (without its quotes). Broken escapes, UTF-8 or lone surrogates: BadRequest."""
    return literal if b"\\" not in literal else read(literal)


def read(literal: bytes | memoryview) -> bytes:
    """Decode a literal (without its quotes) that may be anything: what is none is BadRequest."""
    if len(literal) <= _PIECE_BYTES:
        return _read(literal).encode()
    # Into one growing array: pieces that are kept between the parser's texts would scatter over the heap.
    made = bytearray()
    for piece in _pieces(literal):
        made += piece
    return bytes(made)


def _pieces(literal: bytes | memoryview) -> Iterator[bytes]:
    """Decode by the piece: the parser's own text takes four bytes for each character where one is an emoji."""
    at = 0
    while at < len(literal):
        end = _cut(literal, at, _PIECE_BYTES)
        yield _read(literal[at:end]).encode()
        at = end


def _read(literal: bytes | memoryview) -> str:
    try:
        text = from_json(b'"' + literal + b'"', cache_strings="none")
    except ValueError as error:
        raise BadRequest(NOT_JSON) from error
    assert isinstance(text, str)
    return text


def _cut(literal: bytes | memoryview, at: int, size: int) -> int:
    """Give a place between two characters, `size` bytes or somewhat more behind `at`, or the end."""
    if len(literal) - at <= size:
        return len(literal)
    plain = _BETWEEN.search(literal, at + size, at + size + _FAR_BYTES)
    if plain is not None:
        return plain.end()
    end = at
    while end - at < size and (units := _UNITS.match(literal, end)):
        end = units.end()
    return end if end - at >= size else len(literal)


def encode(text: bytes) -> bytes:
    """Escape UTF-8 text for a literal, as little as JSON allows."""
    return _TO_ESCAPE.sub(_escape, text)


def _escape(match: re.Match[bytes]) -> bytes:
    return _SHORT.get(match[0]) or b"\\u%04x" % match[0][0]


def spans_in(literal: bytes, text: bytes, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give where spans of a literal's decoded text, in order, stand in the literal; one that cuts an escape widens.

    Nearly always a span is spelled there without escapes, and what lies before it proves that it is that span.
    """
    if len(literal) == len(text):
        return list(spans)
    found: list[tuple[int, int]] = []
    raw_at = text_at = 0
    for start, end in spans:
        part = text[start:end]
        at = literal.find(part, raw_at + start - text_at)
        if at < 0 or b"\\" in part or _text_length(literal, raw_at, at) != start - text_at:
            way_back = WayBack(literal)
            return found + [(way_back.start(start), way_back.end(end)) for start, end in spans[len(found) :]]
        raw_at, text_at = at + len(part), end
        found.append((at, raw_at))
    return found


def _text_length(literal: bytes, start: int, end: int) -> int:
    """How long the text of a part of a literal is, which begins between characters; -1 if it ends inside an escape."""
    if literal.find(b"\\", start, end) < 0:
        return end - start
    try:
        return sum(len(piece) for piece in _pieces(memoryview(literal)[start:end]))
    except BadRequest:
        return -1


class WayBack:
    """Maps offsets in a literal's decoded text to offsets in the literal; an offset inside an escape widens to it.

    The literal is measured stretch by stretch, and only stretches that are asked for are read escape by escape.
    """

    def __init__(self, literal: bytes) -> None:
        self._literal = literal
        self._stretches: dict[int, _Stretch] = {}
        self._cuts, self._texts = array("Q", [0]), array("Q", [0])
        """Where stretches begin, in the literal and in its text."""
        if b"\\" not in literal:
            return
        while (end := _cut(literal, self._cuts[-1], _STRETCH_BYTES)) < len(literal):
            self._texts.append(self._texts[-1] + len(decode(literal[self._cuts[-1] : end])))
            self._cuts.append(end)

    def start(self, offset: int) -> int:
        number = bisect_right(self._texts, offset) - 1
        return self._cuts[number] + self._stretch(number).start(offset - self._texts[number])

    def end(self, offset: int) -> int:
        number = bisect_right(self._texts, offset - 1) - 1 if offset else 0
        return self._cuts[number] + self._stretch(number).end(offset - self._texts[number])

    def _stretch(self, number: int) -> _Stretch:
        stretch = self._stretches.get(number)
        if stretch is None:
            end = self._cuts[number + 1] if number + 1 < len(self._cuts) else len(self._literal)
            if len(self._stretches) >= _MOST_STRETCHES:
                self._stretches.clear()
            stretch = self._stretches[number] = _Stretch(self._literal[self._cuts[number] : end])
        return stretch


class _Stretch:
    """A piece of a literal, each escape in it."""

    def __init__(self, literal: bytes) -> None:
        self._text_ends = array("I", [0])
        self._raw_ends = array("I", [0])
        self._text_starts = array("I", [0])
        self._raw_starts = array("I", [0])
        text_at = raw_at = 0
        for match in _ESCAPE.finditer(literal):
            text_at += match.start() - raw_at
            raw_at = match.end()
            self._text_starts.append(text_at)
            self._raw_starts.append(match.start())
            text_at += _utf8_length(match)
            self._text_ends.append(text_at)
            self._raw_ends.append(raw_at)

    def start(self, offset: int) -> int:
        unit = bisect_right(self._text_starts, offset) - 1
        past = offset - self._text_ends[unit]
        return self._raw_ends[unit] + past if past >= 0 else self._raw_starts[unit]

    def end(self, offset: int) -> int:
        unit = bisect_right(self._text_starts, offset - 1) - 1 if offset else 0
        return self._raw_ends[unit] + max(0, offset - self._text_ends[unit])


def _utf8_length(match: re.Match[bytes]) -> int:
    if match[1]:
        return 4
    if match[3]:
        point = int(match[3], 16)
        return 1 if point < 0x80 else 2 if point < 0x800 else 3
    return 1
