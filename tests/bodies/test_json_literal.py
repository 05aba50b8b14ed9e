from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.json_literal import WayBack, decode, encode, spans_in
from maskproxy.errors import BadRequest

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(text=texts)
def test_encode_and_decode_are_each_other_s_way_back(text: str) -> None:
    literal = encode(text.encode())
    assert decode(literal) == text.encode()
    assert json.loads(b'"' + literal + b'"') == text


@given(text=texts, ascii_only=st.booleans(), data=st.data())
def test_a_span_of_the_text_is_the_span_of_its_escapes(text: str, ascii_only: bool, data: st.DataObject) -> None:
    literal = json.dumps(text, ensure_ascii=ascii_only)[1:-1].replace("/", "\\/").encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    way_back = WayBack(literal)
    raw = literal[way_back.start(len(text[:start].encode())) : way_back.end(len(text[:end].encode()))]
    if start < end:
        assert json.loads(b'"' + raw + b'"') == text[start:end]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["plain words, many of them. ", "x" * 700, "\n", '\\"', "é", "😀 ", "a"]), max_size=90),
    st.booleans(),
    st.data(),
)
def test_the_way_back_through_a_long_text(parts: list[str], ascii_only: bool, data: st.DataObject) -> None:
    text = "".join(parts)
    literal = json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode()
    way_back = WayBack(literal)
    for start in data.draw(st.lists(st.integers(0, max(0, len(text) - 1)), max_size=5)):
        before, character = text[:start], text[start : start + 1]
        at = len(json.dumps(before, ensure_ascii=ascii_only)[1:-1].encode())
        end = len(json.dumps(before + character, ensure_ascii=ascii_only)[1:-1].encode())
        assert way_back.start(len(before.encode())) == at
        assert way_back.end(len((before + character).encode())) == end


def test_an_offset_inside_an_escape_widens_to_it() -> None:
    way_back = WayBack(rb"a\u00e9b\ud83d\ude00c")
    assert (way_back.start(2), way_back.end(2)) == (1, 7)
    assert (way_back.start(5), way_back.end(5)) == (8, 20)
    assert (way_back.start(8), way_back.end(9)) == (20, 21)


@pytest.mark.parametrize(
    "literal", [rb"\ud800", rb"\udc00", rb"\ud83d\ud83d", rb"\x", rb"\u12g4", b"\\u\xff", rb"\ud83dx"]
)
def test_broken_escapes_and_lone_surrogates_are_refused(literal: bytes) -> None:
    with pytest.raises(BadRequest):
        decode(literal)


def test_the_way_back_through_many_escapes_takes_little_memory() -> None:
    literal = rb"\u0041" * 200_000
    tracemalloc.start()
    try:
        way_back = WayBack(literal)
        taken_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken_bytes < 4 * len(literal)
    assert (way_back.start(100_000), way_back.end(100_001)) == (600_000, 600_006)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["word ", "0041", "u0041", "n", "\n", "\\", '"', "é", "😀", "A", "\x00"]), max_size=30),
    st.sampled_from(["ascii", "plain", "all"]),
    st.data(),
)
def test_spans_stand_in_the_literal_where_the_way_back_says(parts: list[str], how: str, data: st.DataObject) -> None:
    text = "".join(parts)
    literal = json.dumps(text, ensure_ascii=how == "ascii")[1:-1].encode()
    if how == "all":
        literal = "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else json.dumps(c)[1:-1] for c in text).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    offsets = [len(text[:cut].encode()) for cut in cuts]
    spans = [(start, end) for start, end in zip(offsets[::2], offsets[1::2], strict=False) if start < end]
    way_back = WayBack(literal)
    assert spans_in(literal, text.encode(), spans) == [(way_back.start(a), way_back.end(b)) for a, b in spans]
