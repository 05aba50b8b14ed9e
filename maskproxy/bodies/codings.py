"""Content codings undone under a budget: gzip, deflate, br and zstd, at most two layers.

A body that inflates beyond `limit_bytes`, or implausibly far, ends with `TooLarge` before the excess is made; one
that is cut off, damaged or followed by anything else ends with `BadRequest`; any other coding is `UnsupportedCoding`.
What one step may make is bounded (64 KiB from zlib and brotli; a zstd block or two, and its window of at most 8 MiB).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli
import zstandard

from maskproxy.errors import BadRequest, TooLarge, UnsupportedCoding

PIECE_BYTES = 64 * 1024
ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
ZSTD_INPUT_BYTES = 256
"""Four bytes of zstd can stand for 128 KiB, and its binding has no output limit: so little goes in at a time."""
MOST_LAYERS = 2
FREE_BYTES = 32 * 1024 * 1024
MOST_GAIN = 128
"""Beyond `FREE_BYTES` a body may not inflate to more than so many times what was sent. Text does not; a bomb does."""

_DAMAGED = "The body does not decode with the Content-Encoding that it names."
_CUT_OFF = "The encoded body ends too early."
_TRAILING = "There are bytes after the end of the encoded body."


class Decoder(Protocol):
    """Encoded bytes in, plain bytes out. `pieces` is `feed` in bounded steps, for callers that yield to others."""

    def feed(self, data: bytes) -> bytes: ...

    def pieces(self, data: bytes) -> Iterator[bytes]: ...

    def finish(self) -> bytes: ...


def decoder(content_encoding: str | None, *, limit_bytes: int) -> Decoder:
    """Make the decoder for a Content-Encoding value (RFC 9110, 8.4). None and `identity` pass bytes, counted."""
    codings = [name for part in (content_encoding or "").split(",") if (name := part.strip(" \t").lower())]
    layers = [name for name in codings if name != "identity"]
    if len(layers) > MOST_LAYERS:
        raise UnsupportedCoding("The body has too many layers of Content-Encoding; send it plain or gzip-encoded.")
    return _Chain([_layer(name) for name in reversed(layers)], limit_bytes)


def _layer(name: str) -> _Layer:
    match name:
        case "gzip" | "x-gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
        case _:
            raise UnsupportedCoding("The Content-Encoding is none of gzip, deflate, br, zstd; send the body plain.")


class _Layer(Protocol):
    def pieces(self, data: bytes) -> Iterator[bytes]: ...

    @property
    def complete(self) -> bool:
        """True when the input may end here."""
        ...


class _Inflater(Protocol):
    """What `zlib.decompressobj` makes."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Chain:
    """Layers in the order in which they are undone; each one's output is counted against the limit."""

    def __init__(self, layers: list[_Layer], limit_bytes: int) -> None:
        self._layers = layers
        self._limit_bytes = limit_bytes
        self._made_bytes = [0] * (len(layers) + 1)

    def feed(self, data: bytes) -> bytes:
        return b"".join(self.pieces(data))

    def pieces(self, data: bytes) -> Iterator[bytes]:
        return self._through(0, data)

    def finish(self) -> bytes:
        # A body of no bytes at all is an empty body under any coding (answers to HEAD, 204 and 304).
        if self._made_bytes[0] and not all(layer.complete for layer in self._layers):
            raise BadRequest(_CUT_OFF)
        return b""

    def _through(self, depth: int, data: bytes) -> Iterator[bytes]:
        self._made_bytes[depth] += len(data)
        if self._made_bytes[depth] > self._limit_bytes:
            raise TooLarge("The body is larger than allowed, or inflates to more than is allowed.")
        if self._made_bytes[depth] > max(FREE_BYTES, MOST_GAIN * self._made_bytes[0]):
            raise TooLarge("The body inflates to more than its size can explain. Send it without a Content-Encoding.")
        if depth == len(self._layers):
            if data:
                yield data
            return
        for piece in self._layers[depth].pieces(data):
            yield from self._through(depth + 1, piece)


class _Gzip:
    """RFC 1952: any number of members."""

    def __init__(self) -> None:
        self._member: _Inflater | None = None

    @property
    def complete(self) -> bool:
        return self._member is None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member is None:
                self._member = zlib.decompressobj(wbits=31)
            yield from _inflate(self._member, data)
            data = self._member.unused_data
            if self._member.eof:
                self._member = None


class _Deflate:
    """RFC 1950, and the bare RFC 1951 stream that some senders mean by this name; two bytes tell them apart."""

    def __init__(self) -> None:
        self._start = b""
        self._stream: _Inflater | None = None

    @property
    def complete(self) -> bool:
        return self._stream is not None and self._stream.eof

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if self._stream is None:
            self._start += data
            if len(self._start) < 2:
                return
            data, self._start = self._start, b""
            wrapped = data[0] & 0x0F == 8 and data[0] >> 4 <= 7 and int.from_bytes(data[:2], "big") % 31 == 0
            self._stream = zlib.decompressobj(wbits=15 if wrapped else -15)
        elif self._stream.eof and data:
            raise BadRequest(_TRAILING)
        yield from _inflate(self._stream, data)
        if self._stream.unused_data:
            raise BadRequest(_TRAILING)


def _inflate(stream: _Inflater, data: bytes) -> Iterator[bytes]:
    while True:
        try:
            made = stream.decompress(data, PIECE_BYTES)
        except zlib.error as error:
            raise BadRequest(_DAMAGED) from error
        if made:
            yield made
        data = stream.unconsumed_tail
        # zlib may hold finished output with all input taken: a full piece means that there may be more.
        if stream.eof or (not data and len(made) < PIECE_BYTES):
            return


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._stream.is_finished())

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if data and self._stream.is_finished():
            raise BadRequest(_TRAILING)
        while True:
            try:
                made: bytes = self._stream.process(data, output_buffer_limit=PIECE_BYTES)
            except brotli.error as error:
                raise BadRequest(_DAMAGED) from error
            if made:
                yield made
            data = b""
            if self._stream.is_finished() or (not made and self._stream.can_accept_more_data()):
                return


class _Zstd:
    """RFC 8878: any number of frames, windows of at most 8 MiB as for `zstd` over HTTP (RFC 9659)."""

    def __init__(self) -> None:
        self._codec = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
        self._frame: zstandard.ZstdDecompressionObj | None = None

    @property
    def complete(self) -> bool:
        return self._frame is None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), ZSTD_INPUT_BYTES):
            rest = data[start : start + ZSTD_INPUT_BYTES]
            while rest:
                if self._frame is None:
                    self._frame = self._codec.decompressobj()
                try:
                    made = self._frame.decompress(rest)
                except zstandard.ZstdError as error:
                    raise BadRequest(_DAMAGED) from error
                if made:
                    yield made
                rest = b""
                if self._frame.eof:
                    rest = self._frame.unused_data
                    self._frame = None
