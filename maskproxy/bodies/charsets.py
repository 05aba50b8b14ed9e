"""Charsets of text bodies: to UTF-8, which the masker reads, and back to what the body is in.

Promises: what is not in the charset that was named is UnsupportedCoding, and so is a NUL; what goes back is, where
nothing was masked, the same bytes.
"""

from __future__ import annotations

import codecs
from typing import Protocol

from maskproxy.bodies.media_types import Charset
from maskproxy.errors import UnsupportedCoding

_LYING = "The body is not in the charset that it names; send it as UTF-8."
_NUL = "The body is labelled as text and is not, or is UTF-16 without saying so; name its charset."
_NO_MARK = "The body is in UTF-16 and does not say in which order; begin it with a byte order mark, or send UTF-8."
_MARKS: dict[bytes, Charset] = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_MARKS_OF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Reader(Protocol):
    """One body's charset."""

    def read(self, data: bytes) -> bytes:
        """Give UTF-8."""
        ...

    def end(self) -> None:
        """The body has ended: a character that is not complete is a fault."""
        ...

    def written(self, text: bytes) -> bytes:
        """Turn UTF-8 back."""
        ...


def reader(charset: Charset) -> Reader:
    match charset:
        case "utf-8" | "ascii":
            return _Utf8(only_ascii=charset == "ascii")
        case "latin-1":
            return _Latin1()
        case _:
            return _Utf16(charset)


def wide_charset(start: bytes) -> Charset | None:
    """The kind of UTF-16 that bytes which call themselves binary are in. UTF-32 is UnsupportedCoding.

    By a byte order mark, or mostly ASCII when read so, which other bytes are not by chance.
    """
    if start.startswith(_MARKS_OF_32) or _mostly_ascii(start, "utf-32-le") or _mostly_ascii(start, "utf-32-be"):
        raise UnsupportedCoding("The body is text in UTF-32, which is not read here; send it as UTF-8.")
    guesses: tuple[Charset, ...] = ("utf-16-le", "utf-16-be")
    return _MARKS.get(start[:2]) or next((guess for guess in guesses if _mostly_ascii(start, guess)), None)


def _mostly_ascii(start: bytes, charset: str) -> bool:
    text = start.decode(charset, "ignore")
    return 2 * sum(" " <= character <= "~" for character in text) > len(text)


class _Utf8:
    def __init__(self, *, only_ascii: bool) -> None:
        self._only_ascii = only_ascii
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def read(self, data: bytes) -> bytes:
        if b"\0" in data:
            raise UnsupportedCoding(_NUL)
        if data.isascii() and not self._decoder.getstate()[0]:
            return data
        if self._only_ascii:
            raise UnsupportedCoding(_LYING)
        _decoded(self._decoder, data)
        return data

    def end(self) -> None:
        _decoded(self._decoder, b"", final=True)

    def written(self, text: bytes) -> bytes:
        return text


class _Latin1:
    def read(self, data: bytes) -> bytes:
        if b"\0" in data:
            raise UnsupportedCoding(_NUL)
        return data.decode("latin-1").encode()

    def end(self) -> None:
        pass

    def written(self, text: bytes) -> bytes:
        return text.decode().encode("latin-1")


class _Utf16:
    """Where the order is not named, a mark must tell it: readers differ about what holds without one."""

    def __init__(self, charset: Charset) -> None:
        self._start = b""
        self._charset = charset
        self._decoder = None if charset == "utf-16" else codecs.getincrementaldecoder(charset)()

    def read(self, data: bytes) -> bytes:
        if self._decoder is None:
            self._start += data
            if len(self._start) < 2:
                return b""
            charset = _MARKS.get(self._start[:2])
            if charset is None:
                raise UnsupportedCoding(_NO_MARK)
            self._charset, self._decoder = charset, codecs.getincrementaldecoder(charset)()
            data = self._start
        text = _decoded(self._decoder, data)
        if "\0" in text:
            raise UnsupportedCoding(_NUL)
        return text.encode()

    def end(self) -> None:
        if self._decoder is not None:
            _decoded(self._decoder, b"", final=True)
        elif self._start:
            raise UnsupportedCoding(_LYING)

    def written(self, text: bytes) -> bytes:
        return text.decode().encode(self._charset)


def _decoded(decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool = False) -> str:
    try:
        return decoder.decode(data, final)
    except UnicodeDecodeError as error:
        raise UnsupportedCoding(_LYING) from error
