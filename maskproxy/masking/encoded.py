r"""Text one layer down: what a base64 or a percent-encoded span holds once it is decoded.

A base64 span is a run of either alphabet that somewhere holds fifteen bytes of ASCII in a row; it may be wrapped at
the usual widths, with indentation or line numbers in front of each line. A percent-encoded span begins at an escape
of something that text holds. Whether one is a secret is what the rules say of the decoded text.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from maskproxy.masking.grammar import ANYTHING, EMPTY, Bytes, Choice, Repeat, Series, Shape, Tail, of
from maskproxy.masking.gutters import without_gutters

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
RUN = ALPHABET + b"-_"
"""Both alphabets of RFC 4648 in one: sections 4 and 5."""
QUADS = 5
QUAD_BYTES = 4
CORE_BYTES = QUAD_BYTES * QUADS
PERCENT_CONTEXT_BYTES = 64
"""How much of the same run, before a percent-encoded span, is looked at with it."""


def _quad() -> Series:
    """Four characters that stand for three bytes of ASCII: the highest bit of each byte is 0."""

    def having(zeros: int) -> Bytes:
        return Bytes(of(character for number, character in enumerate(ALPHABET) if not number & zeros))

    return Series((having(0b100000), having(0b001000), having(0b000010), Bytes(of(RUN))))


BASE64 = Shape(
    left=ANYTHING,
    before=EMPTY,
    secret=Repeat(_quad(), QUADS, QUADS),
    after=EMPTY,
    tail=Tail(of(RUN), None, None),
    right=ANYTHING,
)
_ESCAPED = b"\n\r !\"#$%&'()*+,-./:;<=>?@[\\]^_{|}~"
_AROUND_BYTES = ALPHABET + b"%._~/+!*-"
_AROUND = Bytes(of(_AROUND_BYTES))
_BEHIND_BYTES = 6
PERCENT_CORE_BYTES = 3 + _BEHIND_BYTES
_ESCAPES = sorted({form for byte in _ESCAPED for form in (b"%02X" % byte, b"%02x" % byte)})
PERCENT_CORE = Series(
    (
        Bytes(of(b"%")),
        Choice(tuple(Series(tuple(Bytes(of((digit,))) for digit in escape)) for escape in _ESCAPES)),
        Repeat(_AROUND, _BEHIND_BYTES, _BEHIND_BYTES),
    )
)
"""The escapes are spelled out: the engine finds them faster than sets of digits."""
PERCENT = Shape(
    left=ANYTHING,
    before=EMPTY,
    secret=PERCENT_CORE,
    after=EMPTY,
    tail=Tail(_AROUND.members, None, None),
    right=ANYTHING,
)

_WHITE = b" \t\r\n"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_QUAD_END = re.compile(rb"[A-Za-z0-9+/_-]{0,%d}\Z" % QUAD_BYTES)


def base64_texts(context: bytes, span: bytes) -> Iterator[tuple[bytes, bool]]:
    """Give what the span may stand for: it may have begun up to three characters before its text.

    What stands before it in the same run is looked at with it, four characters far: text may begin inside of three
    bytes that are not all ASCII.
    Text in UTF-16LE, as PowerShell's encoded commands are, is given as UTF-8, and with True.
    """
    found = _QUAD_END.search(context)
    before = found[0] if found else b""
    run = (before + without_gutters(span)).translate(_URL_SAFE, _WHITE + b"=")
    for start in range(4):
        whole = run[start : len(run) - ((len(run) - start) % 4 == 1)]
        text = binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
        yield text, False
        if text.count(b"\0") * 3 > len(text):
            yield from ((text[odd:].decode("utf-16-le", "ignore").encode(), True) for odd in (0, 1))


def percent_texts(context: bytes, span: bytes) -> Iterator[tuple[bytes, int]]:
    """Give what the span stands for, behind what stands before it in the same run, and how long that is.

    In forms a plus is a space; elsewhere it is itself.
    """
    context = context[-PERCENT_CONTEXT_BYTES:]
    before = context[len(context.rstrip(_AROUND_BYTES)) :]
    yield unquote_to_bytes(before + span), len(unquote_to_bytes(before))
    if b"+" in before or b"+" in span:
        before, span = before.replace(b"+", b" "), span.replace(b"+", b" ")
        yield unquote_to_bytes(before + span), len(unquote_to_bytes(before))
