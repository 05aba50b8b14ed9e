"""Every built-in rule's samples, encoded and embedded in long texts: one finding however a text is looked through."""

from __future__ import annotations

import base64
import re
from itertools import pairwise
from random import Random
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking import Finding, finder
from tests.masking.builtin import MASKING, SAMPLES
from tests.masking.spelling import ENCODERS

BEFORE = [
    b"",
    b"x",
    b"ab",
    b"# settings\n",
    b"a text of more than fifteen bytes: ",
    b"\xc3\xa9",
    b"\xff\xfe",
    b"p" * 77,
]
FILLERS = [
    b"some plain text, of words that say nothing; ",
    base64.b64encode(b"This is only plain text which says nothing at all. "),
    b"/usr/local/share/some/Path_name-of/",
    b"%20of%2Ftext",
    b"line of it\n",
    "é “so” ".encode(),
]


def in_base64(draw: Random, text: bytes) -> bytes:
    made = draw.choice([base64.b64encode, base64.urlsafe_b64encode])(text)
    if draw.random() < 0.3:
        made = made.rstrip(b"=")
    width = draw.choice([0, 0, 60, 64, 72, 76, 70])
    if not width:
        return made
    lines = [made[at : at + width] for at in range(0, len(made), width)]
    match draw.choice(["plain", "indented", "numbered"]):
        case "numbered":
            return b"\n".join(b"%6d\t%b" % numbered for numbered in enumerate(lines, 1))
        case "indented":
            return (draw.choice([b"\n", b"\r\n"]) + b"    ").join(lines)
        case _:
            return draw.choice([b"\n", b"\r\n"]).join(lines)


def in_percent(draw: Random, text: bytes) -> bytes:
    made = draw.choice([quote(text), quote(text, safe=""), quote_plus(text)]).encode()
    return re.sub(rb"%..", lambda escape: escape[0].lower(), made) if draw.random() < 0.3 else made


def fed(text: bytes, cuts: list[int]) -> tuple[bytes, list[Finding]]:
    stream = MASKING.masker()
    stops = [0, *sorted(cuts), len(text)]
    pieces = [stream.feed(text[start:end]) for start, end in pairwise(stops)]
    return b"".join([*pieces, stream.finish()]), stream.findings


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_it_is_found_in_long_texts_as_in_short_ones_and_in_any_cut(draw: Random) -> None:
    hidden = draw.choice([in_base64, in_percent])(draw, draw.choice(BEFORE) + draw.choice(SAMPLES)[1] + b"\nand so on")
    before, after = (draw.choice(FILLERS) * draw.randrange(200) for _ in range(2))
    text = before + hidden + after + draw.choice(FILLERS) * 60
    whole = MASKING.text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finder, "LONG_BYTES", 1 << 30)
        assert MASKING.text(text) == whole
    for step in (draw.randrange(4000, 6000), draw.randrange(40, 400)):
        assert fed(text, list(range(step, len(text), step))) == whole
    assert fed(text, [draw.randrange(len(text)) for _ in range(3)]) == whole
    readable = hidden.decode("utf-8", "replace")
    if MASKING.find(readable.encode()):
        documents = [readable, {readable: 1}, {"list": [readable]}]
        assert all(MASKING.may_hold(spell(it).encode()) for spell in ENCODERS for it in documents)
