"""There and back: a request teaches secrets, an edit gets them back, and the next turn masks that edit as it was."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.edit_tools import EditTools
from maskproxy.bodies.json_text import mask_json
from maskproxy.errors import Unrestorable
from maskproxy.masking import Vault
from tests.bodies import slow_json
from tests.fuzz.json_bodies import find
from tests.fuzz.spelling import spelled
from tests.fuzz.streams import edit_stream
from tests.masking.builtin import FILLER, MASKING, SAMPLES
from tests.masking.rulesets import PLACEHOLDERS

_SHAPE = re.compile("MASKED_[A-Z0-9_]{1,64}_[a-z2-7]{16}_[a-z2-7]{8}")
_STRANGER = PLACEHOLDERS.make("somebody-s", b"something else").decode()


def trial(draw: Random) -> int:
    """Try one conversation of two turns."""
    texts = [_said(draw) for _ in range(draw.randint(1, 3))]
    asked = {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}
    tools = EditTools(frozenset({b"Edit"}), Vault())
    first = mask_json(spelled(draw, {"messages": [asked]}).encode(), MASKING, REQUEST, tools=tools, learns=True)
    seen = [block["text"] for block in json.loads(first.forward)["messages"][0]["content"]]
    wanted = {"path": "a/b", "new_string": "".join(draw.sample(seen, draw.randint(1, len(seen))))}
    if draw.random() < 0.3:
        wanted["old_string"] = draw.choice([seen[0][: draw.randint(0, 80)], _said(draw)])
    if draw.random() < 0.05:
        wanted["more"] = f"x {_STRANGER}"
    spelling = spelled(draw, wanted)
    masked = json.loads(slow_json.mask(spelling, find))
    expected = _restored(masked, tools.vault)
    made = _names(masked) - _names(wanted)
    lost = [name for name in sorted(_names(masked) - made) if tools.vault.secret(name.encode()) is None]
    given, recorded, body = edit_stream(draw, spelling, tools)
    if lost:
        assert isinstance(body.stopped, Unrestorable), "a placeholder got out"
        assert not any(name in given for name in lost)
        return 1
    assert body.stopped is None
    assert json.loads(given) == expected, "the owner got something else"
    assert json.loads(recorded) == masked, "the recording got something else"
    return 1


def _said(draw: Random) -> str:
    parts = [
        draw.choice([draw.choice(SAMPLES)[1].decode(), draw.choice(FILLER), "\n"]) for _ in range(draw.randint(1, 4))
    ]
    return draw.choice(["", " ", "\n"]).join(parts)[:900]


def _names(value: Any) -> set[str]:
    """Placeholders of our key, wherever one begins: even inside what only looks like another."""
    text = json.dumps(value)
    shapes = (match[0] for at in range(len(text)) if (match := _SHAPE.match(text, at)))
    return {shape for shape in shapes if PLACEHOLDERS.verify(shape.encode())}


def _restored(value: dict[str, str], vault: Vault) -> dict[str, str]:
    pairs = [(name, vault.secret(name.encode())) for name in sorted(_names(value))]
    for name, secret in pairs:
        if secret is not None:
            value = {key: text.replace(name, secret.decode()) for key, text in value.items()}
    return value
