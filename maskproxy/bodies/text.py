"""Plain text bodies, streamed; and bodies that are not text, passed or refused as configured, and counted.

Text is UTF-8, ASCII, Latin-1 or UTF-16, and proves it: wrong bytes or a NUL are UnsupportedCoding. What is called
binary but begins as text is masked as text.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable

from maskproxy.bodies.charsets import Reader, reader, wide_charset
from maskproxy.bodies.keyed import KeyedMasker
from maskproxy.bodies.media_types import Charset
from maskproxy.bodies.output import NOTHING, BodyFinding, Findings, Output, same
from maskproxy.errors import UnsupportedCoding
from maskproxy.masking import Masking, trusted

SNIFFED_BYTES = 2048
_WHY = "out of a masker"


class TextBody:
    """A text that is masked while it streams."""

    streams = True
    unread_bytes = 0

    def __init__(self, masking: Masking, *, charset: Charset = "utf-8", key: bytes = b"", place: str = "body") -> None:
        self.findings: list[BodyFinding] = Findings()
        self._masker = KeyedMasker(masking, key)
        self._reader: Reader = reader(charset)
        self._place = place

    def feed(self, data: bytes) -> Output:
        return self._give(self._masker.feed(self._reader.read(data)))

    def finish(self) -> Output:
        self._reader.end()
        return self._give(self._masker.finish())

    def _give(self, made: bytes) -> Output:
        self.findings += [BodyFinding(found.rule, self._place, found.placeholder) for found in self._masker.news()]
        return same(trusted(self._reader.written(made), why=_WHY)) if made else NOTHING


class BinaryBody:
    """A body of a type that nobody reads here. Its first bytes decide whether it is text after all."""

    streams = True

    def __init__(self, masking: Masking, *, refuse: bool, key: bytes = b"", place: str = "body") -> None:
        self.unread_bytes = 0
        self._refuse = refuse
        self._start = b""
        self._decided = False
        self._text = TextBody(masking, key=key, place=place)
        self._wide_text: Callable[[Charset], TextBody] = lambda charset: TextBody(
            masking, charset=charset, key=key, place=place
        )

    @property
    def findings(self) -> list[BodyFinding]:
        return self._text.findings

    def feed(self, data: bytes) -> Output:
        if self._decided:
            return self._pass(data)
        self._start += data
        return self._decide() if len(self._start) >= SNIFFED_BYTES else NOTHING

    def finish(self) -> Output:
        if self._decided:
            return NOTHING if self.unread_bytes else self._text.finish()
        first = self._decide()
        last = NOTHING if self.unread_bytes else self._text.finish()
        return same(trusted(first.forward + last.forward, why=_WHY))

    def _decide(self) -> Output:
        start, self._start, self._decided = self._start, b"", True
        if looks_like_text(start):
            return self._text.feed(start)
        wide = wide_charset(start)
        if wide is not None:
            self._text = self._wide_text(wide)
            return self._text.feed(start)
        if self._refuse:
            raise UnsupportedCoding("Images, PDFs and other binary bodies are not allowed here: they cannot be read.")
        self.unread_bytes = len(start)
        return same(trusted(start, why="media that the configuration lets pass"))

    def _pass(self, data: bytes) -> Output:
        if not self.unread_bytes:
            return self._text.feed(data)
        self.unread_bytes += len(data)
        return same(trusted(data, why="media that the configuration lets pass"))


def looks_like_text(start: bytes) -> bool:
    """UTF-8 without NUL so far; a character cut at the end is no fault."""
    if b"\0" in start:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True
