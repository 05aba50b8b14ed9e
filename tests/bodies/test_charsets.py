from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.bodies.charsets import reader, wide_charset
from maskproxy.bodies.media_types import Charset
from maskproxy.errors import UnsupportedCoding

text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@given(text, st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "utf-16"]), st.integers(1, 5))
def test_every_text_is_read_as_utf_8_and_comes_back_as_it_was(written: str, charset: Charset, cut: int) -> None:
    data = written.encode(charset)
    one = reader(charset)
    pieces = [one.read(data[at : at + cut]) for at in range(0, len(data), cut)]
    one.end()
    whole = b"".join(pieces)
    assert whole.decode().removeprefix("\ufeff" if charset == "utf-16" else "") == written
    assert b"".join(one.written(piece) for piece in pieces if charset != "utf-8") == (
        data if charset != "utf-8" else b""
    )


@pytest.mark.parametrize(
    ("charset", "data"),
    [
        ("utf-16", b"a\0b\0"),
        ("utf-16", b"\xff"),
        ("utf-16-le", b"a\0b"),
        ("utf-16-le", b"\x00\xd8a\0"),
        ("utf-16-be", b"\0\0"),
        ("utf-16", codecs.BOM_UTF16_LE + b"\0\0"),
    ],
)
@pytest.mark.parametrize("cut", [1, 9])
def test_what_is_not_in_its_charset_is_refused(charset: Charset, data: bytes, cut: int) -> None:
    with pytest.raises(UnsupportedCoding):
        _read(charset, data, cut)


def _read(charset: Charset, data: bytes, cut: int) -> None:
    one = reader(charset)
    for at in range(0, len(data), cut):
        one.read(data[at : at + cut])
    one.end()


def test_media_is_not_taken_for_text() -> None:
    assert wide_charset(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))) is None
