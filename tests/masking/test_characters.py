from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.characters import ceil, floor


@given(st.text(max_size=8), st.integers(0, 40))
def test_places_in_text_move_to_the_nearest_boundary(text: str, at: int) -> None:
    data = text.encode()
    at = min(at, len(data))
    boundaries = [len(text[:i].encode()) for i in range(len(text) + 1)]
    assert floor(data, at) == max(b for b in boundaries if b <= at)
    assert ceil(data, at) == min(b for b in boundaries if b >= at)


@given(st.text(min_size=1, max_size=4).filter(lambda t: ord(t[-1]) > 127))
def test_a_character_that_is_not_complete_is_held(text: str) -> None:
    data = text.encode()
    assert floor(data[:-1], len(data) - 1) == len(text[:-1].encode())


@given(st.binary(max_size=12), st.integers(0, 12))
def test_bytes_that_are_not_utf8_move_nothing_far(data: bytes, at: int) -> None:
    at = min(at, len(data))
    assert at - 3 <= floor(data, at) <= at <= ceil(data, at) <= min(at + 3, len(data))


def test_only_a_byte_that_goes_on_with_a_character_is_inside_one() -> None:
    assert floor(b"a\xc3;", 2) == ceil(b"a\xc3;", 2) == 2
    assert floor(b"\xe2\x86\xe2\x86\x92", 2) == 2
    assert floor(b"a\xc3", 2) == 1
