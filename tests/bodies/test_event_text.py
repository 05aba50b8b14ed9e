from __future__ import annotations

import pytest

from maskproxy.bodies.event_text import EventsBody
from maskproxy.errors import BadRequest
from tests.bodies.fake_masking import fake_masking

KEY = b"KEY" + b"01234567"
MASKED = b"MASKED_KEY_" + b"01234567".hex().encode()


def run(stream: bytes, cut: int = 5) -> tuple[bytes, list[str]]:
    body = EventsBody(fake_masking())
    made = b"".join(body.feed(stream[at : at + cut]).forward for at in range(0, len(stream), cut))
    return made + body.finish().forward, [finding.place for finding in body.findings]


def test_data_is_masked_as_json_or_as_text_and_every_other_line_too() -> None:
    stream = b': K\nevent: %b\nid: 7\ndata: {"a": "\\u004bEY01234567",\ndata:  "b": 1}\n\n'
    stream += b"data: {no json %b\n\ndata: [DONE]\n\n"
    masked, places = run(stream % (KEY, KEY))
    assert masked == (stream % (MASKED, MASKED)).replace(b"\\u004bEY01234567", MASKED)
    assert places == ["event", "event[0].a", "event[1]"]


def test_a_text_secret_over_data_lines_is_masked() -> None:
    masked, _ = run(b"data: pwd: hunterpw\ndata: x\n\n")
    assert masked == b"data: pwd: MASKED_PWD_" + b"hunterpw".hex().encode() + b"\ndata: x\n\n"


def test_the_last_event_needs_no_end() -> None:
    assert run(b"data: a\n\ndata: " + KEY)[0] == b"data: a\n\ndata: " + MASKED


def test_what_is_not_utf8_is_refused() -> None:
    with pytest.raises(BadRequest):
        run(b"data: \xff\n\n")
