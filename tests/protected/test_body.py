"""Texts cut out of a body: the same however it arrives."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.protected import body
from maskproxy.protected.body import SEGMENT_BYTES, SHORTEST_BYTES, Body


def texts(data: bytes, cuts: list[int], *, is_json: bool) -> list[bytes]:
    reading = Body(is_json=is_json)
    edges = [0, *sorted(cuts), len(data)]
    found = [text for a, b in itertools.pairwise(edges) for text in reading.feed(data[a:b])]
    return [*found, *reading.finish()]


@given(
    st.lists(st.text(alphabet='ab"\\\n\t/é😀', min_size=0, max_size=200), max_size=5),
    st.lists(st.integers(0, 2000), max_size=8),
    st.booleans(),
)
def test_strings_of_json_come_out_decoded_and_short_ones_not(strings: list[str], cuts: list[int], ascii_: bool) -> None:
    data = json.dumps({"k": strings}, ensure_ascii=ascii_).encode()
    found = texts(data, [min(cut, len(data)) for cut in cuts], is_json=True)
    long = [s.encode() for s in strings if len(json.dumps(s, ensure_ascii=ascii_).encode()) - 2 >= SHORTEST_BYTES]
    assert found == long


@given(
    st.text(alphabet='abc \\"n\n\té', min_size=300, max_size=900),
    st.lists(st.integers(0, 3000), max_size=8),
    st.booleans(),
)
def test_long_strings_are_cut_the_same_however_they_arrive(text: str, cuts: list[int], is_json: bool) -> None:
    data = json.dumps([text]).encode() if is_json else text.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body, "SEGMENT_BYTES", 100)
        found = texts(data, [min(cut, len(data)) for cut in cuts], is_json=is_json)
        assert found == texts(data, [], is_json=is_json)
    # What is shorter than a text worth reading may be missing at the end.
    assert text.encode().startswith(b"".join(found))
    assert len(text.encode()) - len(b"".join(found)) < SHORTEST_BYTES


def test_text_that_is_no_json_comes_out_as_it_is_and_in_lines() -> None:
    data = b"".join(b"line %d of a long text\n" % n for n in range(9000))
    found = texts(data, [1000, 70_000], is_json=False)
    assert b"".join(found) == data
    assert all(len(text) <= SEGMENT_BYTES for text in found)
    assert all(text.startswith(b"\n") for text in found[1:])


def test_a_body_is_not_gathered() -> None:
    reading = Body(is_json=True)
    list(reading.feed(b'{"a": "'))
    for _ in range(100):
        list(reading.feed(b"x" * SEGMENT_BYTES))
        assert len(reading._rest) <= 2 * SEGMENT_BYTES
