from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.json_text import mask_json
from maskproxy.bodies.output import BodyFinding
from maskproxy.bodies.partial_json import PartialJson
from maskproxy.errors import BadRequest, TooLarge
from tests.bodies.fake_masking import fake_masking
from tests.bodies.test_json_text import documents, styles

KEY = "KEY" + "01234567"
MASKED_KEY = "MASKED_KEY_" + b"01234567".hex()


def run(pieces: list[str]) -> tuple[str, list[BodyFinding]]:
    findings: list[BodyFinding] = []
    partial = PartialJson(fake_masking(), findings, place="input")
    made = [partial.feed(piece.encode()) for piece in pieces]
    return b"".join([*made, partial.finish()]).decode(), findings


def shred(data: st.DataObject, text: str) -> list[str]:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@settings(max_examples=200, deadline=None)
@given(document=documents, data=st.data())
def test_pieces_cut_anywhere_equal_the_whole_document(document: Any, data: st.DataObject) -> None:
    for raw in styles(document).values():
        made, findings = run(shred(data, raw.decode()))
        whole = mask_json(raw, fake_masking())
        assert json.loads(made) == json.loads(whole.forward)
        assert [f.placeholder for f in findings] == [f.placeholder for f in whole.findings]
        if not findings and not any(alive in raw for alive in (b"K", b"p", b"\\")):
            assert made.encode() == raw


shards = st.sampled_from([KEY, '"', "\\", "{", "}", ":", ",", "\\ud83d", "\\u00", "tru", "1", "\n", "é", " "])


@settings(max_examples=200, deadline=None)
@given(text=st.lists(shards).map("".join), data=st.data())
def test_broken_json_is_masked_too_and_loses_nothing(text: str, data: st.DataObject) -> None:
    made, _ = run(shred(data, text))
    assert KEY not in made
    assert made.replace(MASKED_KEY, KEY) == text


def test_untouched_values_keep_their_spelling() -> None:
    raw = '{"a\\u0020" : "\\u003c\\/\\ud83d\\ude00", "n": [1.50E+3, -0, true]}'
    for size in (1, 4, 100):
        assert run([raw[at : at + size] for at in range(0, len(raw), size)])[0] == raw


def test_a_value_streams_and_a_key_waits() -> None:
    partial = PartialJson(fake_masking(), [])
    assert partial.feed(b'{"na') == b"{"
    assert partial.feed(b'me": "hel') == b'"name": "hel'
    assert partial.feed(b"lo \\u00") == b"lo "
    assert partial.feed(b"e9 ") == b"\\u00e9 "
    assert partial.feed(b"KEY0") == b""
    assert partial.finish() == b"KEY0"


def test_places_name_the_key() -> None:
    _, findings = run([json.dumps({"pwd": ["hunterpw"], "x": {"y": KEY}}), KEY])
    assert [finding.place for finding in findings] == ["input.pwd", "input.y", "input"]


def test_depth_and_keys_are_bounded() -> None:
    with pytest.raises(BadRequest):
        run(["[" * 10_001])
    with pytest.raises(TooLarge):
        run(["{", '"', *["k" * 1000] * 70])
