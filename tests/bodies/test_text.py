from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.bodies.output import BodyMask
from maskproxy.bodies.text import BinaryBody, TextBody, looks_like_text
from maskproxy.errors import UnsupportedCoding
from tests.bodies.fake_masking import fake_masking

KEY = b"KEY" + b"01234567"
MASKED = b"MASKED_KEY_" + b"01234567".hex().encode()


def run(body: BodyMask, data: bytes, cut: int = 3) -> bytes:
    made = b"".join(body.feed(data[at : at + cut]).forward for at in range(0, len(data), cut))
    return made + body.finish().forward


@given(words=st.lists(st.sampled_from(["KEY01234567", "KEY", "é", "😀", "x\n"])), cut=st.integers(1, 9))
def test_text_is_masked_at_every_cut(words: list[str], cut: int) -> None:
    text = "".join(words).encode()
    assert run(TextBody(fake_masking()), text, cut) == text.replace(KEY, MASKED)


def test_latin_1_comes_out_as_latin_1() -> None:
    text = "né KEY01234567 é".encode("latin-1")
    body = TextBody(fake_masking(), charset="latin-1")
    assert run(body, text) == text.replace(KEY, MASKED)
    assert [finding.place for finding in body.findings] == ["body"]


@pytest.mark.parametrize(
    ("charset", "data"),
    [
        ("utf-8", b"a\xff"),
        ("utf-8", b"a\xc3"),
        ("utf-8", b"\xed\xa0\x80"),
        ("utf-8", "KEY01234567".encode("utf-16-le")),
        ("utf-8", "KEY01234567".encode("utf-16")),
        ("utf-8", "KEY01234567".encode("utf-32-be")),
        ("ascii", "é".encode()),
        ("latin-1", "KEY01234567".encode("utf-16-be")),
    ],
)
@pytest.mark.parametrize("cut", [1, 100])
def test_a_lying_charset_is_refused(charset: str, data: bytes, cut: int) -> None:
    with pytest.raises(UnsupportedCoding):
        run(TextBody(fake_masking(), charset=charset), data, cut)  # type: ignore[arg-type]


@pytest.mark.parametrize("coding", ["utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["KEY01234567", "a: é KEY01234567\n" * 300])
def test_utf_32_that_is_called_binary_is_refused(coding: str, text: str) -> None:
    with pytest.raises(UnsupportedCoding):
        run(BinaryBody(fake_masking(), refuse=False), text.encode(coding), 100)


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["KEY01234567", "a: é 😀 KEY01234567\n" * 300])
@pytest.mark.parametrize("cut", [1, 7, 100])
def test_utf_16_that_is_called_binary_is_masked_as_text(coding: str, text: str, cut: int) -> None:
    body = BinaryBody(fake_masking(), refuse=True)
    masked = run(body, text.encode(coding), cut)
    assert masked == text.replace(KEY.decode(), MASKED.decode()).encode(coding)
    assert body.unread_bytes == 0


def test_binary_passes_and_is_counted() -> None:
    data = b"\x89PNG\0" + KEY + b"\0" * 5000
    for cut in (1, 1000, 10_000):
        body = BinaryBody(fake_masking(), refuse=False)
        assert run(body, data, cut) == data
        assert body.unread_bytes == len(data)
        assert body.findings == []


@pytest.mark.parametrize("data", [b"\0", b"\xff" * 5000])
def test_binary_is_refused_where_the_configuration_says_so(data: bytes) -> None:
    with pytest.raises(UnsupportedCoding):
        run(BinaryBody(fake_masking(), refuse=True), data)


@pytest.mark.parametrize("refuse", [True, False])
@pytest.mark.parametrize("size", [0, 1, 300, 3000])
def test_what_is_called_binary_and_is_text_is_masked(refuse: bool, size: int) -> None:
    text = b"A_" + KEY + b"\n"
    body = BinaryBody(fake_masking(), refuse=refuse, key=b"file", place="part[0]")
    assert run(body, text * size, cut=1000) == text.replace(KEY, MASKED) * size
    assert body.unread_bytes == 0
    assert {finding.place for finding in body.findings} <= {"part[0]"}


def test_text_that_turns_binary_later_is_refused() -> None:
    with pytest.raises(UnsupportedCoding):
        run(BinaryBody(fake_masking(), refuse=False), b"x" * 3000 + b"\0", cut=1000)


def test_what_looks_like_text() -> None:
    assert looks_like_text("a é".encode()[:-1])
    assert not looks_like_text(b"\x1f\x8b")
    assert not looks_like_text(b"a\0")
