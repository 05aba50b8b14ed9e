"""Plain text bodies, streamed; and bodies that are not text, passed or refused as configured, and counted.

Text is UTF-8, ASCII or Latin-1, and proves it: wrong bytes or a NUL (UTF-16 in disguise) are UnsupportedCoding.
What is called binary but begins as text is masked as text.
"""

from __future__ import annotations

import codecs

from maskproxy.bodies.keyed import KeyedMasker
from maskproxy.bodies.media_types import Charset
from maskproxy.bodies.output import NOTHING, BodyFinding, Findings, Output, same
from maskproxy.errors import UnsupportedCoding
from maskproxy.masking import Masking, trusted

SNIFFED_BYTES = 2048
_LYING = "The body is not in the charset that it names; send it as UTF-8."
_WHY = "out of a masker"
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


class TextBody:
    """A text that is masked while it streams."""

    streams = True
    unread_bytes = 0

    def __init__(self, masking: Masking, *, charset: Charset = "utf-8", key: bytes = b"", place: str = "body") -> None:
        self.findings: list[BodyFinding] = Findings()
        self._masker = KeyedMasker(masking, key)
        self._charset = charset
        self._place = place
        self._utf8 = codecs.getincrementaldecoder("utf-8")()

    def feed(self, data: bytes) -> Output:
        self._check(data)
        if self._charset == "latin-1":
            data = data.decode("latin-1").encode()
        return self._give(self._masker.feed(data))

    def finish(self) -> Output:
        self._check_end()
        return self._give(self._masker.finish())

    def _give(self, made: bytes) -> Output:
        self.findings += [BodyFinding(found.rule, self._place, found.placeholder) for found in self._masker.news()]
        if self._charset == "latin-1":
            made = made.decode().encode("latin-1")
        return same(trusted(made, why=_WHY)) if made else NOTHING

    def _check(self, data: bytes) -> None:
        if b"\0" in data:
            raise UnsupportedCoding("The body is labelled as text and is not; UTF-16 is not read here.")
        if self._charset == "latin-1":
            return
        if data.isascii() and not self._utf8.getstate()[0]:
            return
        if self._charset == "ascii":
            raise UnsupportedCoding(_LYING)
        try:
            self._utf8.decode(data)
        except UnicodeDecodeError as error:
            raise UnsupportedCoding(_LYING) from error

    def _check_end(self) -> None:
        try:
            self._utf8.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise UnsupportedCoding(_LYING) from error


class BinaryBody:
    """A body of a type that nobody reads here. Its first bytes decide whether it is text after all."""

    streams = True

    def __init__(self, masking: Masking, *, refuse: bool, key: bytes = b"", place: str = "body") -> None:
        self.unread_bytes = 0
        self._refuse = refuse
        self._start = b""
        self._decided = False
        self._text = TextBody(masking, key=key, place=place)

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
        if looks_wide(start):
            raise UnsupportedCoding("The body is text in UTF-16 or UTF-32, which is not read here; send it as UTF-8.")
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


def looks_wide(start: bytes) -> bool:
    """UTF-16 or UTF-32: a byte order mark, or mostly ASCII when read so, which other bytes are not by chance."""
    if start.startswith(_WIDE_MARKS):
        return True
    for coding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        text = start.decode(coding, "ignore")
        if 2 * sum(" " <= character <= "~" for character in text) > len(text):
            return True
    return False
