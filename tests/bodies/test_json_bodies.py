from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.json_bodies import JsonBody, JsonLinesBody
from maskproxy.bodies.json_text import mask_json
from maskproxy.errors import BadRequest, TooLarge
from tests.bodies.fake_masking import fake_masking

KEY = "KEY" + "01234567"
MASKED_KEY = "MASKED_KEY_" + b"01234567".hex()

documents = st.sampled_from([{"a": KEY}, {"pwd": "hunterpw"}, [1, "é 😀"], KEY, 5, "x" * 50])


@given(
    rows=st.lists(documents), blank=st.sampled_from(["", "\n", " \r\n"]), ended=st.booleans(), cut=st.integers(1, 60)
)
def test_every_cut_of_lines_gives_the_same_bytes(rows: list[object], blank: str, ended: bool, cut: int) -> None:
    lines = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
    raw = (blank.encode() + b"\n").join(lines) + (b"\r\n" if ended else b"")
    body = JsonLinesBody(fake_masking())
    made = b"".join(body.feed(raw[at : at + cut]).forward for at in range(0, len(raw), cut)) + body.finish().forward
    expected = [mask_json(line, fake_masking()).forward for line in lines]
    assert made == (blank.encode() + b"\n").join(expected) + (b"\r\n" if ended else b"")


def test_a_line_goes_out_when_it_ends() -> None:
    body = JsonLinesBody(fake_masking())
    assert body.feed(b'{"a": 1').forward == b""
    assert body.feed(b"}\n[").forward == b'{"a": 1}\n'


@pytest.mark.parametrize("raw", [b"{\n}", b"{}\n{", b"{} {}\n", b"\xff\n"])
def test_a_line_that_is_not_json_is_refused(raw: bytes) -> None:
    body = JsonLinesBody(fake_masking())
    with pytest.raises(BadRequest):
        body.feed(raw + b"\n")


def test_lines_and_parts_are_bounded() -> None:
    lines = JsonLinesBody(fake_masking(), limit_bytes=10)
    assert lines.feed(b'"12345678"\n' * 3).forward == b'"12345678"\n' * 3
    with pytest.raises(TooLarge):
        lines.feed(b'"123456789"')
    part = JsonBody(fake_masking(), limit_bytes=3)
    with pytest.raises(TooLarge):
        part.feed(b"1234")


def test_a_document_comes_out_at_the_end_and_an_empty_body_is_empty() -> None:
    body = JsonBody(fake_masking(), REQUEST)
    raw = json.dumps({"messages": [{"role": "user", "content": KEY}]}).encode()
    for at in range(len(raw)):
        assert body.feed(raw[at : at + 1]).forward == b""
    assert body.finish().forward == raw.replace(KEY.encode(), MASKED_KEY.encode())
    assert [finding.place for finding in body.findings] == ["messages[0].content"]
    assert JsonBody(fake_masking()).finish().forward == b""
