"""Base64 spans over the ends of lines, followed in pieces."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.encoded import CORE_BYTES
from maskproxy.masking.wrapped import WIDTHS, EncodedTail, first_cores

TEXT = base64.b64encode(b"A line of text that is long enough to be wrapped a few times when it is encoded. " * 3)


def wrapped(width: int, between: bytes) -> bytes:
    return between.join(TEXT[at : at + width] for at in range(0, len(TEXT), width))


def end_of(text: bytes, cuts: list[int] | None = None) -> int:
    tail = EncodedTail(0, 0, CORE_BYTES)
    for stop in sorted({min(cut, len(text)) for cut in cuts or []} | {len(text)}):
        if stop >= CORE_BYTES:
            tail.extend(text[:stop], 0, final=stop == len(text))
    assert tail.closed
    return tail.end


@pytest.mark.parametrize("width", sorted(WIDTHS))
@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\n    ", b"\n\t", b"\n     7\t", "\n 12→".encode()])
@pytest.mark.parametrize("behind", [b"", b"\nend of it", b'", "next"', b"\r\n\r\n"])
def test_a_wrapped_span_is_one_span(width: int, between: bytes, behind: bytes) -> None:
    span = wrapped(width, between)
    assert end_of(span + behind) == len(span)
    assert end_of(span + behind, list(range(len(span + behind)))) == len(span)


@pytest.mark.parametrize("between", [b"\n\n", b"\n" + b" " * 17, b" ", b"\n|"])
def test_what_no_encoder_writes_between_lines_ends_the_span(between: bytes) -> None:
    assert end_of(wrapped(76, between)) == 76


def test_a_line_of_another_width_is_the_last() -> None:
    assert end_of(wrapped(70, b"\n")) == 70


def test_padding_belongs_to_the_span_and_ends_it() -> None:
    span = TEXT[:40]
    for padding, more in ((b"=", b"abc"), (b"==", b"="), (b"==", b"\nabc")):
        assert end_of(span + padding + more, list(range(60))) == len(span + padding)


@given(st.lists(st.integers(0, 400), max_size=8), st.sampled_from(sorted(WIDTHS)), st.sampled_from([b"\n", b"\r\n  "]))
def test_no_cut_shows(cuts: list[int], width: int, between: bytes) -> None:
    span = wrapped(width, between)
    assert end_of(span + b"\n-- ", cuts) == len(span)


@pytest.mark.parametrize("between", [b"\n", b"\n     7\t"])
def test_a_place_in_any_line_leads_to_the_first_core(between: bytes) -> None:
    text = b"before: " + wrapped(76, between) + b"\nbehind"
    for place in range(8 + CORE_BYTES, len(text) - 20):
        assert first_cores(text, [place])[:1] == [8 + CORE_BYTES]
    assert first_cores(text, []) == []
