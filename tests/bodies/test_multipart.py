from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.masks import BodyMask, BodyPolicy, request_mask
from maskproxy.errors import BadRequest, TooLarge, UnsupportedCoding
from tests.bodies.fake_masking import SEALS, fake_masking

KEY = "KEY" + "01234567"
MASKED_KEY = "MASKED_KEY_" + b"01234567".hex()
MASKED_PWD = "MASKED_PWD_" + b"hunterpw".hex()


def mask_for(boundary: str = "b", *, refuse_media: bool = False) -> BodyMask:
    return request_mask(
        fake_masking(),
        api="generic",
        method="POST",
        path="/v1/files",
        content_type=f"multipart/form-data; boundary={boundary}",
        policy=BodyPolicy(media="refuse" if refuse_media else "pass"),
        seals=SEALS,
    )


def run(raw: bytes, cut: int = 1 << 20, *, refuse_media: bool = False) -> tuple[bytes, BodyMask]:
    body = mask_for(refuse_media=refuse_media)
    made = b"".join(body.feed(raw[at : at + cut]).forward for at in range(0, len(raw), cut))
    return made + body.finish().forward, body


def part(content: str, disposition: str = 'form-data; name="x"', *fields: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"Content-Disposition: {disposition}", *fields))
    return f"--b\r\n{head}\r\n{content}\r\n".encode()


END = b"--b--\r\n"
FORM = (
    part("hunterpw", 'form-data; name="pwd"')
    + part(f"X={KEY}\n", f'form-data; name="f"; filename="{KEY}.env"', "Content-Type: application/octet-stream")
    + part('{"pwd": "hunter\\u0070w"}', 'form-data; name="j"', "Content-Type: application/json")
    + part(f'{{"a": "{KEY}"}}\n{{}}', "form-data; name=l; filename=l", "Content-Type: application/x-ndjson")
    + part(f"\0{KEY}", 'form-data; name="i"; filename="i.png"', "content-type: image/png")
    + part("", "form-data; name=empty")
    + part(f"\r\n--a\n\r{KEY}-\r\r\n-", "form-data; name=lines", "Content-Transfer-Encoding: 8bit")
    + END
)
MASKED = (
    FORM.replace(b"hunterpw", MASKED_PWD.encode())
    .replace(b"hunter\\u0070w", MASKED_PWD.encode())
    .replace(KEY.encode(), MASKED_KEY.encode())
    .replace(b"\0" + MASKED_KEY.encode(), b"\0" + KEY.encode())
)


def test_a_secret_as_the_boundary_is_refused() -> None:
    with pytest.raises(BadRequest):
        mask_for(KEY)


def test_each_part_is_masked_by_its_own_type() -> None:
    made, body = run(FORM)
    assert made == MASKED
    assert body.unread_bytes == 1 + len(KEY)
    places = [finding.place for finding in body.findings]
    assert places == ["part[0]", "part[1]", "part[1]", "part[2].pwd", "part[3]line[0].a", "part[6]"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_way_of_cutting_shows(data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(FORM)), max_size=30)))
    body = mask_for()
    made = b"".join(body.feed(FORM[a:b]).forward for a, b in zip([0, *cuts], [*cuts, len(FORM)], strict=True))
    assert made + body.finish().forward == MASKED


def test_byte_by_byte() -> None:
    assert run(FORM, cut=1)[0] == MASKED


def test_a_part_streams_before_it_ends() -> None:
    body = mask_for()
    begun = body.feed(part("hello " * 20)[:-30]).forward
    assert begun.count(b"hello") > 10


@pytest.mark.parametrize("raw", [b"--b--", b"--b--\r\n\r\n \t", b""])
def test_an_empty_form_is_none_the_worse(raw: bytes) -> None:
    assert run(raw)[0] == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"preamble\r\n" + FORM,
        b"\r\n" + FORM,
        FORM + b"epilogue",
        FORM[:-6],
        FORM[: len(FORM) // 2],
        b"--b",
        b"--b-",
        b"--b\n\nx\n--b--\n",
        b"--bb\r\n\r\nx\r\n--bb--\r\n",
        part(f"x\n--b\r\n\r\n{KEY}") + END,
        part("x") + b"--b-\r\n" + END,
        part("x") + b"--b -\r\n" + END,
        b"--b\r\nno colon\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Type: text/plain\r\n folded\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Type: text/plain\r\ncontent-type: image/png\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Type : text/plain\r\n\r\nx\r\n--b--",
        b"--b\r\nA: b\nContent-Type: image/png\r\n\r\nx\r\n--b--",
        part('{"a":', "form-data", "Content-Type: application/json") + END,
    ],
)
@pytest.mark.parametrize("cut", [1, 1 << 20])
def test_what_two_readers_could_frame_differently_is_refused(raw: bytes, cut: int) -> None:
    with pytest.raises(BadRequest):
        run(raw, cut)


@pytest.mark.parametrize(
    "raw",
    [
        part("S0VZ", "form-data", "Content-Transfer-Encoding: base64"),
        part("x", "form-data", "Content-Type: text/plain; charset=utf-16"),
        part("x", "form-data", "Content-Type: multipart/mixed; boundary=c"),
        part("x", "form-data", "Content-Type: application/zip"),
        part("\0", 'form-data; name="x"'),
        b"--b\r\nX: \xff\r\n\r\n",
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes) -> None:
    with pytest.raises(UnsupportedCoding):
        run(raw + END)


def test_media_is_refused_where_the_configuration_says_so() -> None:
    with pytest.raises(UnsupportedCoding):
        run(FORM, refuse_media=True)


def test_heads_and_parts_are_bounded() -> None:
    with pytest.raises(TooLarge):
        run(b"--b\r\n" + b"X: " + b"x" * 20_000, cut=1000)
    with pytest.raises(TooLarge):
        run(b"--b\r\n\r\n\r\n" * 10_001, cut=100_000)


@pytest.mark.parametrize("boundary", ["", '""', "é", "x" * 71, '"a b "'])
def test_a_boundary_that_cannot_be_is_refused(boundary: str) -> None:
    with pytest.raises((BadRequest, UnsupportedCoding)):
        mask_for(boundary)
