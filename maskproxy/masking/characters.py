"""UTF-8 boundaries in a piece of text, without decoding it. Bytes that are not UTF-8 are left as they are."""

from __future__ import annotations


def floor(text: bytes, at: int) -> int:
    """Move `at` back to the beginning of the character that it would cut, or that is not complete at the text's end."""
    if at < len(text) and text[at] & 0xC0 != 0x80:
        return at
    for start in range(at - 1, max(-1, at - 4), -1):
        byte = text[start]
        if byte & 0xC0 == 0x80:
            continue
        return start if _length(byte) > at - start else at
    return at


def ceil(text: bytes, at: int) -> int:
    """Move `at` forward to the end of the character that it would cut."""
    start = floor(text, at)
    if start == at:
        return at
    end = start + _length(text[start])
    while at < min(end, len(text)) and text[at] & 0xC0 == 0x80:
        at += 1
    return at


def _length(lead: int) -> int:
    if lead < 0xC2 or lead > 0xF4:
        return 1
    return 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
