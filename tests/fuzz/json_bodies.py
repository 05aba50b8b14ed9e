"""JSON bodies as many encoders spell them, against decode, mask, encode in plain Python; and broken ones, refused.

Every byte of the result is compared, so what is not a secret is known to be untouched.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.json_text import mask_json
from maskproxy.bodies.places import FREE, Place
from maskproxy.errors import BadRequest
from tests.bodies import slow_json
from tests.fuzz.builtin import builtin_text
from tests.fuzz.spelling import spelled
from tests.masking.builtin import MASKING, SAMPLES

_KEYS = ["password", "db_password", "apiKey", "token", "client_secret", "Authorization", "x-api-key", "name", "a", "é"]
_PAD = ["", "x", "plain words ", "né → 😀 ", "0" * 40, "lorem ipsum " * 40, "y" * 3000, "<a href='b'>&amp;</a>\n"]
_BREAKS = (*'{}[]:,"\\ ud8', "\\u", "\\ud800", "\\udc00", "\x00", "\n", "1", "null", "é", "\ufeff")


def find(text: bytes) -> list[tuple[int, int, str]]:
    return [(f.start, f.end, f.placeholder) for f in MASKING.find(text)]


def said(draw: Random) -> str:
    """A string, which may hold secrets, or be one that only its key betrays."""
    match draw.randrange(6):
        case 0:
            return builtin_text(draw).decode(errors="ignore")
        case 1:
            return draw.choice(_PAD) + draw.choice(SAMPLES)[1].decode() + draw.choice(_PAD)
        case 2:
            return draw.choice(["hunter2pw", 'pa"ss\\wörd', "Bearer abcdef0123456789", "a/b=c+d1", "😀x1y2"])
        case _:
            return draw.choice(_PAD)


def document(draw: Random, depth: int = 4) -> Any:
    match draw.randrange(8 if depth else 4):
        case 0:
            return draw.choice([0, -1.5e-7, True, None, 12345678901234567890, [], {}])
        case 1 | 2 | 3:
            return said(draw)
        case 4 | 5:
            return [document(draw, depth - 1) for _ in range(draw.randint(0, 4))]
        case _:
            return {_key(draw): document(draw, depth - 1) for _ in range(draw.randint(0, 4))}


def _key(draw: Random) -> str:
    return draw.choice(SAMPLES)[1].decode() if draw.random() < 0.05 else draw.choice(_KEYS)


def trial(draw: Random) -> int:
    """Try one document, whole and with something broken in it."""
    place: Place = FREE
    value = document(draw)
    if draw.random() < 0.4:
        place = REQUEST
        value = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": said(draw)}, value]}]}
    raw = spelled(draw, value)
    assert mask_json(raw.encode(), MASKING, place).forward.decode() == slow_json.mask(raw, find), "another result"
    return 1 + sum(_broken(draw, raw) for _ in range(3))


def _broken(draw: Random, raw: str) -> int:
    """What a strict parser does not take is refused; what it takes is masked."""
    at = draw.randint(0, len(raw))
    bad = raw[:at] + draw.choice(_BREAKS) + raw[at + draw.choice((0, 0, 1)) :]
    try:
        json.dumps(json.loads(bad, parse_constant=_refuse), ensure_ascii=False).encode()
        data = bad.encode()
    except (ValueError, RecursionError):
        try:
            mask_json(bad.encode(errors="surrogatepass"), MASKING)
        except BadRequest:
            return 1
        raise AssertionError("what is no JSON was let through") from None
    assert mask_json(data, MASKING).forward.decode() == slow_json.mask(bad, find), "another result when damaged"
    return 1


def _refuse(_: str) -> None:
    raise ValueError
