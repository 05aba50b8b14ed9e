from __future__ import annotations

from maskproxy.bodies.claude import EVENT
from maskproxy.bodies.json_walk import Walk
from tests.bodies.fake_masking import fake_masking

KEY = b"KEY" + b"01234567"


def walked(raw: bytes) -> Walk:
    walk = Walk(raw, fake_masking(), scan=True, refuse_media=False, prefix="event")
    walk.run(EVENT)
    return walk


def test_pieces_of_longer_texts_are_told_and_not_masked() -> None:
    raw = b'{"delta":{"text":"a %b","type":"text_delta","words":"w"},"note":"%b"}' % (KEY, KEY)
    walk = walked(raw)
    assert [(key, raw[spot.start : spot.end]) for key, spot in walk.streams] == [
        (b"text", b"a " + KEY),
        (b"words", b"w"),
    ]
    assert [raw[edit.start : edit.end] for edit in walk.edits] == [KEY]
    assert [finding.place for finding in walk.findings] == ["event.note"]


def test_the_text_in_a_block_s_start_is_a_piece_only_in_a_block_of_its_type() -> None:
    assert [key for key, _ in walked(b'{"content_block":{"text":"a","type":"text"}}').streams] == [b"text"]
    assert walked(b'{"content_block":{"text":"a","type":"other"}}').streams == []
