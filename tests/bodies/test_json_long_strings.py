"""Strings so long that their end is looked for first and their inside is read by a foreign parser."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.json_text import mask_json
from maskproxy.bodies.places import FREE, Place
from maskproxy.errors import BadRequest
from tests.bodies.fake_masking import fake_masking
from tests.bodies.test_json_text import KEY, masked_by_hand, styles

WORDS = 'words, "quoted" and \\" more\n' * 40
LONG = json.dumps(WORDS)[1:-1]
NO_END = ["\\", "\\u00", "\\\\\\"]
BROKEN = ["\\x", "\\u00g0", "\\ud800", "\\udc00", "\\ud83d\\u0041", "\x00", "\n", '"x', '","']


@pytest.mark.parametrize("place", [FREE, REQUEST])
@pytest.mark.parametrize("mark", ["", "KEY"])
@pytest.mark.parametrize("part", NO_END + BROKEN)
def test_one_that_is_broken_is_refused(part: str, mark: str, place: Place) -> None:
    strings = [f'"{LONG}{part}"', f'"{LONG}{part}']
    if part in BROKEN:
        strings += [f'"{part}{LONG}"', f'"{LONG}{part}{LONG}"']
    for string in strings:
        for document in (string, f'{{"{mark}": {string}}}', f'{{"a": {string}, "b": "{mark}"}}'):
            with pytest.raises(BadRequest):
                mask_json(document.encode(), fake_masking(), place)


@pytest.mark.parametrize("behind", ["x", " 1", "]", ":", '"', "}}", ",}", ",,"])
@pytest.mark.parametrize("mark", ["", "KEY"])
def test_what_follows_one_must_be_json_too(behind: str, mark: str) -> None:
    with pytest.raises(BadRequest):
        mask_json(f'{{"{mark}": "{LONG}"{behind}}}'.encode(), fake_masking())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([KEY, WORDS, '"', "\\", "\n", "é", "😀", "pwd: hunterpw", "0" * 300]), max_size=10))
def test_they_are_masked_like_short_ones(parts: list[str]) -> None:
    text = "".join(parts)
    document = {"pwd": text, "more": [text, {"deep": text}], "content": [{"type": "text", "text": text}], "last": KEY}
    for style, raw in styles(document).items():
        for place in (FREE, REQUEST):
            assert json.loads(mask_json(raw, fake_masking(), place).forward) == masked_by_hand(document), style
