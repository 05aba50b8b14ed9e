"""What is seen through in a text, said slowly: every place is tried, and every way to decode what stands there.

Shares no code with the masker. `finds` tells the rules that find something in a decoded text, in order of place.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote_to_bytes

from tests.masking.oracle import may_begin_base64

Finds = Callable[[bytes], list[tuple[str, int, int]]]
Span = tuple[str, int, int]

PIECE, STEP = 16384, 12288
_RUN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_GUTTER = re.compile(rb"\n[ \t]{0,8}[0-9]{1,6}(?:\t|\xe2\x86\x92)")
_UNRESERVED = rb"A-Za-z0-9%._~/+!*-"
_ESCAPE = re.compile(rb"%%(?i:2[0-9A-F]|3[A-F]|40|5[B-F]|7[B-E]|0[AD])[%b]{6,}" % _UNRESERVED)


def spans(
    text: bytes,
    finds: Finds,
    *,
    in_base64: Finds | None = None,
    in_utf16: Finds | None = None,
    own: Sequence[bool] | None = None,
) -> list[Span]:
    """Give (rule, start, end) of every encoded span that holds something.

    `in_base64`, `in_utf16`: what is found there, if less than elsewhere. `own`: bytes of our placeholders, which belong
    to none.
    """
    mine = own or [False] * len(text)
    return sorted(
        [*_in_base64(text, (in_base64 or finds, in_utf16 or finds), mine), *_in_percent(text, finds, mine)],
        key=lambda span: span[1],
    )


def _in_base64(text: bytes, finds: tuple[Finds, Finds], own: Sequence[bool]) -> list[Span]:
    found, at = [], 0
    while at + 20 <= len(text):
        core = text[at : at + 20]
        if not may_begin_base64(core[:19]) or core[19] not in _RUN:
            at += 1
            continue
        whole = at, _end(text, at)
        at = whole[1]
        for first, end in _parts(whole, own):
            start = first
            while end - start > PIECE and not _name(text[:start], text[start : start + PIECE], finds):
                start += STEP
            name = _name(text[:start], text[start : min(end, start + PIECE)], finds)
            if name:
                found.append((name, start, end))
    return found


def _parts(span: tuple[int, int], own: Sequence[bool]) -> list[tuple[int, int]]:
    """Take our placeholders out."""
    parts, start = [], span[0]
    for at in range(span[0], span[1] + 1):
        if at == span[1] or own[at]:
            if at > start:
                parts.append((start, at))
            start = at + 1
    return parts


def _end(text: bytes, start: int) -> int:
    at = line = start
    while True:
        while at < len(text) and text[at] in _RUN:
            at += 1
        if text[at : at + 1] == b"=":
            return at + (2 if text[at : at + 2] == b"==" else 1)
        wrap = re.compile(rb"\r?\n[ \t]{0,16}(?:[0-9]{1,6}(?:\t|\xe2\x86\x92))?").match(text, at)
        if at - line not in (60, 64, 72, 76) or wrap is None or text[wrap.end() : wrap.end() + 1] not in _letters():
            return at
        at = line = wrap.end()


def _letters() -> set[bytes]:
    return {bytes((byte,)) for byte in _RUN}


def _name(before: bytes, span: bytes, finds: tuple[Finds, Finds]) -> str | None:
    near = b""
    while len(near) < 4 and before and before[-1] in _RUN:
        near, before = before[-1:] + near, before[:-1]
    plain = near + bytes(c for c in _GUTTER.sub(b"\n", span) if c not in b" \t\r\n=")
    plain = plain.replace(b"-", b"+").replace(b"_", b"/")
    for skipped in range(4):
        letters = plain[skipped:]
        if len(letters) % 4 == 1:
            letters = letters[:-1]
        text = base64.b64decode(letters + b"=" * (-len(letters) % 4))
        texts = [(text, finds[0])]
        if text.count(0) > len(text) / 3:
            texts += [(text[odd:].decode("utf-16-le", errors="ignore").encode(), finds[1]) for odd in (0, 1)]
        for said, found in texts:
            for name, _, _ in found(said):
                return name
    return None


def _in_percent(text: bytes, finds: Finds, own: Sequence[bool]) -> list[Span]:
    found, at = [], 0
    while (match := _ESCAPE.search(text, at)) is not None:
        at = match.end()
        for first, end in _parts(match.span(), own):
            start = first
            while end - start > PIECE and not _name_in_percent(text, start, start + PIECE, finds):
                start += STEP
            name = _name_in_percent(text, start, min(end, start + PIECE), finds)
            if name:
                found.append((name, start, end))
    return found


def _name_in_percent(text: bytes, start: int, end: int, finds: Finds) -> str | None:
    before = re.compile(rb"[%b]{0,64}\Z" % _UNRESERVED).search(text[:start][-64:])
    assert before is not None
    for plus in (b"+", b" "):
        context = unquote_to_bytes(before[0].replace(b"+", plus))
        whole = unquote_to_bytes((before[0] + text[start:end]).replace(b"+", plus))
        for name, _, last in finds(whole):
            if last > len(context):
                return name
    return None
