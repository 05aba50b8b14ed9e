from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.bodies.json_grammar import ELEMENT, STRING, closing_quote

_SLOW = re.compile(rb'(?:[^"\\]|\\.)*"', re.DOTALL)


@given(inside=st.lists(st.sampled_from([b"a", b'"', b"\\", b'\\"', b"\\\\", b"\\n", b'\\\\\\"', b"\x00", b", "])))
def test_a_literal_ends_where_one_ends_that_is_read_escape_by_escape(inside: list[bytes]) -> None:
    raw = b'["' + b"".join(inside)
    match = _SLOW.match(raw, 2)
    assert closing_quote(raw, 2) == (match.end() - 1 if match else -1)


def test_what_follows_a_literal_does_not_make_it_longer() -> None:
    assert closing_quote(b'["\\\\","\\""]', 2) == 4


@pytest.mark.parametrize(
    "inside",
    [b"\\u0041", b"\\uD7ff", b"\\ue000", b"\\ud83d\\uDE00", b'a\\/\\b\\f\\n\\r\\t\\\\\\"', b"\\uD83D\\ude00\\u00e9"],
)
def test_escapes_that_stand_for_characters_are_strings(inside: bytes) -> None:
    assert re.fullmatch(STRING, inside)
    match = ELEMENT.match(b'"' + inside + b'",')
    assert match is not None
    assert (match[2], match[3], match[4]) == (inside, None, b",")


@pytest.mark.parametrize("inside", [b"\\ud800", b"\\udc00", b"\\ud83d\\u0041", b"\\uDE00\\uD83D", b"\\u12", b"\\x"])
def test_others_are_none(inside: bytes) -> None:
    assert not re.fullmatch(STRING, inside)
