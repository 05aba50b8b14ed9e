from __future__ import annotations

import contextlib
import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.codings import FREE_BYTES, decoder
from maskproxy.errors import BadRequest, TooLarge, UnsupportedCoding


def bare_deflate(data: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(data) + encoder.flush()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def compress_brotli(data: bytes) -> bytes:
    return bytes(brotli.compress(data, quality=5))


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare_deflate),
    "br": ("br", compress_brotli),
    "zstd": ("zstd", zstd),
}
each_coding = pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS.keys())


def decode(name: str | None, data: bytes, limit_bytes: int = 1 << 20, cut: int = 65536) -> bytes:
    decoding = decoder(name, limit_bytes=limit_bytes)
    made = [decoding.feed(data[i : i + cut]) for i in range(0, len(data), cut)]
    return b"".join([*made, decoding.finish()])


@each_coding
@settings(max_examples=25, deadline=None)
@given(body=st.binary(max_size=3000), times=st.integers(1, 200), cut=st.integers(1, 4000))
def test_every_cut_gives_the_body_back(
    name: str, encode: Callable[[bytes], bytes], body: bytes, times: int, cut: int
) -> None:
    assert decode(name, encode(body * times), cut=cut) == body * times


@pytest.mark.parametrize("name", [None, "", "identity", "Identity, "])
def test_identity_passes_through(name: str | None) -> None:
    assert decode(name, b"plain") == b"plain"


def test_identity_is_counted_too() -> None:
    assert decode(None, b"12345", limit_bytes=5) == b"12345"
    with pytest.raises(TooLarge):
        decode(None, b"123456", limit_bytes=5)


def test_two_layers_are_undone_from_the_outside_in() -> None:
    assert decode("gzip, br", compress_brotli(gzip.compress(b"text"))) == b"text"
    assert decode("X-GZIP,identity , ZSTD", zstd(gzip.compress(b"text")), cut=1) == b"text"


@pytest.mark.parametrize("name", ["compress", "gzip, gzip, gzip", "aws-chunked", "gzip;q=1", "utf-16", "dcb"])
def test_an_unknown_or_deep_coding_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedCoding):
        decoder(name, limit_bytes=100)


@each_coding
def test_truncation_anywhere_is_refused(name: str, encode: Callable[[bytes], bytes]) -> None:
    whole = encode(b"some text that is long enough to be cut " * 5)
    for end in range(1, len(whole)):
        with pytest.raises(BadRequest):
            decode(name, whole[:end])


@each_coding
@pytest.mark.parametrize("garbage", [b"\0", b"x", b"garbage" * 100])
@pytest.mark.parametrize("cut", [1, 65536])
def test_trailing_garbage_is_refused(name: str, encode: Callable[[bytes], bytes], garbage: bytes, cut: int) -> None:
    with pytest.raises(BadRequest):
        decode(name, encode(b"text") + garbage, cut=cut)


@each_coding
def test_no_bytes_at_all_are_an_empty_body(name: str, encode: Callable[[bytes], bytes]) -> None:
    assert decode(name, b"") == b""


@each_coding
def test_a_damaged_body_never_ends_in_a_foreign_error(name: str, encode: Callable[[bytes], bytes]) -> None:
    whole = encode(bytes(range(256)) * 3)
    dice = random.Random(7)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        with contextlib.suppress(BadRequest, TooLarge):
            decode(name, bytes(damaged), cut=dice.randint(1, 200))


def test_members_and_frames_follow_one_another() -> None:
    assert decode("gzip", gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two"), cut=3) == b"one two"
    skippable = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"..."
    assert decode("zstd", zstd(b"one ") + skippable + zstd(b"two"), cut=3) == b"one two"


def test_a_zstd_window_over_8_mib_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    encoder = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(BadRequest):
        decode("zstd", encoder.compress(b"text") + encoder.flush())


def zeros(gib_quarters: int) -> Iterator[bytes]:
    for _ in range(gib_quarters * 256):
        yield bytes(1 << 20)


def gzip_bomb() -> bytes:
    encoder = zlib.compressobj(wbits=31)
    return b"".join(encoder.compress(piece) for piece in zeros(1)) + encoder.flush()


def zstd_bomb() -> bytes:
    encoder = zstandard.ZstdCompressor().compressobj()
    return b"".join(encoder.compress(piece) for piece in zeros(4)) + encoder.flush()


def brotli_bomb() -> bytes:
    encoder = brotli.Compressor(quality=1)
    return b"".join(encoder.process(piece) for piece in zeros(1)) + bytes(encoder.finish())


@pytest.mark.parametrize(
    ("name", "bomb"),
    [("gzip", gzip_bomb), ("br", brotli_bomb), ("zstd", zstd_bomb), ("gzip, gzip", lambda: gzip.compress(gzip_bomb()))],
)
def test_a_bomb_is_cut_while_memory_stays_small(name: str, bomb: Callable[[], bytes]) -> None:
    body = bomb()
    decoding = decoder(name, limit_bytes=32 << 20)
    made = 0

    def inflate() -> None:
        nonlocal made
        for start in range(0, len(body), 65536):
            for piece in decoding.pieces(body[start : start + 65536]):
                made += len(piece)

    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            inflate()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made <= 32 << 20
    assert peak < 24 << 20


def test_what_feed_makes_in_one_call_is_bounded_by_the_limit() -> None:
    decoding = decoder("br", limit_bytes=1 << 20)
    with pytest.raises(TooLarge):
        decoding.feed(brotli_bomb())


def test_a_body_may_be_small_and_inflate_far_but_not_small_and_huge() -> None:
    generous = decoder("gzip", limit_bytes=1 << 30)
    assert len(generous.feed(gzip.compress(bytes(FREE_BYTES)))) == FREE_BYTES
    with pytest.raises(TooLarge, match="without a Content-Encoding"):
        decoder("gzip", limit_bytes=1 << 30).feed(gzip.compress(bytes(FREE_BYTES + 1)))


def test_a_large_body_of_text_passes() -> None:
    line = b"".join(b"%d: the quick brown fox jumps over the lazy dog\n" % n for n in range(200_000))
    body = line * (FREE_BYTES // len(line) + 1)
    assert decoder("gzip", limit_bytes=1 << 30).feed(gzip.compress(body, 1)) == body
