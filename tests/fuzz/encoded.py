"""Text one layer down: secrets of random and of builtin rules in base64 and percent-encoding, spelled in many ways.

Held against the slow reading of `oracle_encoded`, over short and long looks, with own placeholders beside it and with
spans that are judged in pieces. What is found in plain text is asked of the masker without layers, which other
subjects try.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from random import Random
from unittest import mock
from urllib.parse import quote, quote_plus

from maskproxy.masking import Masking
from tests.fuzz.builtin import builtin_text
from tests.fuzz.cuts import Finds, tried, ways
from tests.fuzz.rules import whole
from tests.masking import oracle, oracle_encoded
from tests.masking.builtin import MASKING
from tests.masking.random_rules import fit, random_rules, random_text
from tests.masking.rulesets import OWN, PLACEHOLDERS

_TEXTS = 40
_CUTS = 40
_MOST_BYTES = 1200
_PROSE = (b"", b" ", b"\n", b"name: one\n", b"# what stands here, ", b"x", b"??>>", b"; and more of it", b"key=")
_GLUE = (b"", b"", b" ", b"\n", b"=", b"/", b"-", b"%22", b"%20", b"\xc3\xa9", b"Some text, ", b"aGVsbG8gd29ybGQs", OWN)


def trial(draw: Random) -> int:
    """Try some texts, of builtin rules or of random ones."""
    if draw.random() < 0.5:
        return sum(_tried(draw, MASKING, builtin_text(draw), builtin_text(draw)) for _ in range(4))
    taken, compiled = fit(random_rules(draw))
    if compiled is None:
        return 0
    words = [word for _, some in taken for word in some]
    masking = Masking(compiled, PLACEHOLDERS)
    return sum(
        _tried(draw, masking, random_text(draw, words), random_text(draw, words, most=120)) for _ in range(_TEXTS)
    )


def _tried(draw: Random, masking: Masking, *plain: bytes) -> int:
    hidden = [_encoded(draw, _sentence(draw, draw.choice(plain))) for _ in range(draw.choice((1, 1, 2)))]
    parts = [*hidden, draw.choice(plain), draw.choice(_GLUE), draw.choice(_GLUE)]
    draw.shuffle(parts)
    text = draw.choice(_GLUE).join(parts)[:_MOST_BYTES]
    pieces = draw.random() < 0.2
    with _limits(draw.choice((4096, 24, 100)), (120, 60) if pieces else None):
        spans = finds(masking, text)
        expected = oracle.masked(text, spans, PLACEHOLDERS), spans
        try:
            whole(masking, text, expected)
            return tried(masking, text, expected, ways(draw, len(text), _CUTS))
        except AssertionError as difference:
            raise AssertionError(f"{[r.pattern for r in masking.rules.rules[:4]]} on {text!r}") from difference


def finds(masking: Masking, text: bytes) -> Finds:
    """Plain findings and encoded ones; where they overlap, the first, else the encoded one, names both."""
    plain = _plain(masking)

    def found(inner: bytes) -> Finds:
        return [(f.rule, f.start, f.end) for f in plain.find(inner)]

    def told(inner: bytes) -> Finds:
        return [span for span in found(inner) if masking.rules.tells(span[0])]

    def told_in_utf16(inner: bytes) -> Finds:
        return [span for span in found(inner) if masking.rules.tells(span[0], in_utf16=True)]

    own = oracle.own_places(text, PLACEHOLDERS)
    encoded = oracle_encoded.spans(text, found, in_base64=told, in_utf16=told_in_utf16, own=own)
    merged: Finds = []
    for rule, start, end in sorted([*encoded, *found(text)], key=lambda span: span[1]):
        if merged and start < merged[-1][2]:
            merged[-1] = (*merged[-1][:2], max(end, merged[-1][2]))
        else:
            merged.append((rule, start, end))
    return merged


@lru_cache(maxsize=4)
def _plain(masking: Masking) -> Masking:
    return Masking(masking.rules, PLACEHOLDERS, depth=0)


@contextmanager
def _limits(long_bytes: int, pieces: tuple[int, int] | None) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(mock.patch("maskproxy.masking.finder.LONG_BYTES", long_bytes))
        if pieces is not None:
            for name, value in zip(("ENCODED_LIMIT", "_ENCODED_OVERLAP"), pieces, strict=True):
                stack.enter_context(mock.patch(f"maskproxy.masking.settling.{name}", value))
            for name, value in zip(("PIECE", "STEP"), (pieces[0], pieces[0] - pieces[1]), strict=True):
                stack.enter_context(mock.patch(f"tests.masking.oracle_encoded.{name}", value))
        yield


def _sentence(draw: Random, secret: bytes) -> bytes:
    return b"".join([draw.choice(_PROSE), draw.choice(_PROSE), secret, draw.choice(_PROSE), draw.choice(_PROSE)])


def _encoded(draw: Random, text: bytes) -> bytes:
    match draw.randrange(8):
        case 0:
            return base64.urlsafe_b64encode(text).rstrip(b"=")
        case 1 | 2:
            return _wrapped(draw, base64.b64encode(text))
        case 3:
            return quote(text, safe=draw.choice(("", "/"))).encode()
        case 4:
            return quote_plus(text).encode()
        case 5:
            return "".join(f"%{byte:02x}" if byte < 0x30 else chr(byte) for byte in text if byte < 0x80).encode()
        case 6:
            return base64.b64encode(text.decode(errors="ignore").encode("utf-16-le"))
        case _:
            return base64.b64encode(text).rstrip(draw.choice((b"", b"=")))


def _wrapped(draw: Random, letters: bytes) -> bytes:
    width = draw.choice((60, 64, 72, 76, 76, 70))
    lines: Sequence[bytes] = [letters[at : at + width] for at in range(0, len(letters), width)]
    end = draw.choice((b"\n", b"\n", b"\r\n", b"\n  ", b"\n\t"))
    if draw.random() < 0.3:
        sign = draw.choice((b"\t", "→".encode()))
        lines = [b"%6d%b%b" % (number, sign, line) for number, line in enumerate(lines, draw.choice((1, 98)))]
        end = b"\n"
    return end.join(lines)
