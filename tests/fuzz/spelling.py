"""JSON in many spellings: as encoders in use write it, or each character as chance will have it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.masking.spelling import ENCODERS

_SHORT = {'"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}


def spelled(draw: Random, value: Any) -> str:
    """Spell JSON as one of several encoders would, or each character as chance will have it."""
    if draw.random() < 0.6:
        return draw.choice(ENCODERS)(value)
    rate = draw.choice((0.02, 0.3, 1.0))
    text = json.dumps(value, ensure_ascii=False, indent=draw.choice((None, 1)))
    made, inside, at = [], False, 0
    while at < len(text):
        unit = text[at : at + 2] if inside and text[at] == "\\" else text[at]
        at += len(unit)
        if unit == '"':
            inside = not inside
        elif inside and draw.random() < rate:
            unit = _respelled(draw, json.loads(f'"{unit}"'))
        made.append(unit)
    return "".join(made)


def _respelled(draw: Random, character: str) -> str:
    if character in _SHORT and draw.random() < 0.5:
        return "\\" + _SHORT[character]
    units = character.encode("utf-16-be")
    digits = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    return "".join("\\u" + (d.upper() if draw.random() < 0.5 else d) for d in digits)
