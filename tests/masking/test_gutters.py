from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.gutters import Gutters


@given(
    st.lists(
        st.sampled_from([b"\n", b"\n  12\t", "\n 3→".encode(), b"4", b"\t", b" ", b"x", "→".encode()]), max_size=12
    ),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_line_numbers_go_however_the_text_is_cut(parts: list[bytes], places: list[int]) -> None:
    text = b"".join(parts)
    stops = sorted({min(place, len(text)) for place in places})
    gutters = Gutters()
    out = b"".join(gutters.feed(text[a:b]) for a, b in zip([0, *stops], [*stops, len(text)], strict=True))
    assert out + gutters.finish() == re.sub(rb"\n[ \t]{0,8}[0-9]{1,6}(\t|\xe2\x86\x92)", b"\n", text)
