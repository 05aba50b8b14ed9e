"""What is left alone at its place is searched for the exchange's own secrets, byte for byte, and only for those."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from maskproxy.bodies.claude import ANSWER, REQUEST
from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.bodies.json_text import mask_json
from maskproxy.errors import UnsupportedCoding
from maskproxy.masking import Masking, PlaceholderKey
from tests.bodies.fake_masking import SEALS
from tests.compiled import built_in

OWN = "sk-own/" + "0123456789+abcdef"
GITHUB = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
ENCODED = base64.b64encode(b"my " + OWN.encode() + b"\n").decode()
LITERALS = [("service-credential", OWN.encode()), ("service-credential", ENCODED[4:20].encode())]
MASKING = Masking(built_in("builtin:github"), PlaceholderKey(b"k" * 32).scoped("a person"), LITERALS)


def request(value: str) -> dict[str, Any]:
    media = {"type": "base64", "media_type": "image/png", "data": value}
    blocks = [
        {"type": "tool_result", "tool_use_id": value, "content": "ok"},
        {"type": "thinking", "thinking": "hm", "signature": value},
        {"type": "redacted_thinking", "data": value},
        {"type": "image", "source": media},
    ]
    return {"container": value, "messages": [{"role": "assistant", "id": value, "content": blocks}]}


@pytest.mark.parametrize("slashes", [False, True], ids=["plain", "escaped slashes"])
@pytest.mark.parametrize(("value", "own"), [("toolu_" + OWN, OWN), (ENCODED, ENCODED[4:20])], ids=["plain", "base64"])
def test_they_are_masked_wherever_they_stand(value: str, own: str, *, slashes: bool) -> None:
    raw = json.dumps(request(value)).replace("/", "\\/" if slashes else "/").encode()
    masked = mask_json(raw, MASKING, REQUEST)
    placeholder = MASKING.placeholders.make("service-credential", own.encode()).decode()
    assert json.loads(masked.forward) == json.loads(json.dumps(request(value.replace(own, placeholder))).encode())
    assert masked.record is masked.forward
    assert len(masked.findings) == 6


def test_no_escape_hides_them_in_a_signature() -> None:
    raw = json.dumps({"type": "thinking", "thinking": "", "signature": OWN}).replace("sk-", "sk\\u002d").encode()
    whole = mask_json(b'{"content":[%b]}' % raw, MASKING, ANSWER, seals=SEALS)
    begun = b'data: {"type":"content_block_start","index":0,"content_block":%b}\n\n' % raw
    delta = raw.replace(b'"type": "thinking"', b'"type": "signature_delta"')
    signed = b'data: {"type":"content_block_delta","index":0,"delta":%b}\n\n' % delta
    streamed = [ClaudeStream(MASKING, seals=SEALS).feed(event).forward for event in (begun, signed)]
    for made in [whole.forward, *streamed]:
        assert made.count(MASKING.placeholders.make("service-credential", OWN.encode())) == 1


def test_nothing_else_is_looked_for_there() -> None:
    raw = json.dumps({**request(GITHUB), "system": OWN}).encode()
    masked = mask_json(raw, MASKING, REQUEST)
    assert masked.forward.count(GITHUB.encode()) == 6
    assert [finding.place for finding in masked.findings] == ["system"]


def test_media_that_is_refused_stays_refused() -> None:
    with pytest.raises(UnsupportedCoding):
        mask_json(json.dumps(request(ENCODED)).encode(), MASKING, REQUEST, refuse_media=True)
