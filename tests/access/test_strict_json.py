from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.access import strict_json

_scalars = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=10)
_documents = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner)
)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


@given(_documents)
def test_reads_what_json_wrote_and_counts_depth_exactly(document: object) -> None:
    data = json.dumps(document, ensure_ascii=False).encode()
    depth = _depth(document)
    assert strict_json.parse(data, depth=depth) == document
    if depth:
        with pytest.raises(ValueError, match="too deep"):
            strict_json.parse(data, depth=depth - 1)


@given(st.binary(max_size=60))
def test_never_fails_in_another_way(data: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(strict_json.parse(data), None | bool | int | float | str | list | dict)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a":1,"a":1}', "twice"),
        (b'{"x":{"a":1,"\\u0061":2}}', "twice"),
        (b"NaN", "finite"),
        (b"[Infinity]", "finite"),
        (b"-Infinity", "finite"),
        (b"1e999", "too large"),
        (b"-1e999", "too large"),
        (b"9" * 33, "too long"),
        (b"0." + b"1" * 40, "too long"),
        (b"[" * 9 + b"]" * 9, "too deep"),
        (b"[" * 100_000, "too deep"),
        (b'{"a":' * 100_000, "too deep"),
        (b'"\\ud800"', "half a character"),
        (b'{"\\udc00":1}', "half a character"),
        (b'"\xff"', "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        ('{"a":1}'.encode("utf-16"), "UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), "JSON"),
        (b'\xef\xbb\xbf{"a":1}', "JSON"),
        (b"", "JSON"),
        (b"{'a':1}", "JSON"),
        (b'{"a":1,}', "JSON"),
        (b'{"a":1} {}', "JSON"),
        (b'"\x00"', "JSON"),
    ],
)
def test_refuses(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        strict_json.parse(data)
    assert type(caught.value) is ValueError, "a decoder's error would carry the document along"
