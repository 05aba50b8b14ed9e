r"""Character classes of Go's regex syntax, as sets of bytes.

A class is its ASCII characters and whether it takes anything beyond them; if it does, it takes every byte of such
characters, which is more than it says and never less.
"""

from __future__ import annotations

import unicodedata

from maskproxy.masking.grammar import ALL_BYTES, of, span

ASCII = span(0x00, 0x7F)
BEYOND = ALL_BYTES & ~ASCII
DIGIT = span(0x30, 0x39)
UPPER = span(0x41, 0x5A)
LOWER = span(0x61, 0x7A)
WORD = DIGIT | UPPER | LOWER | of(b"_")
SPACE = of(b" \t\n\f\r")

PERL = {"d": DIGIT, "w": WORD, "s": SPACE}
POSIX = {
    "alnum": DIGIT | UPPER | LOWER,
    "alpha": UPPER | LOWER,
    "ascii": ASCII,
    "blank": of(b" \t"),
    "cntrl": span(0x00, 0x1F) | of(b"\x7f"),
    "digit": DIGIT,
    "graph": span(0x21, 0x7E),
    "lower": LOWER,
    "print": span(0x20, 0x7E),
    "punct": span(0x21, 0x2F) | span(0x3A, 0x40) | span(0x5B, 0x60) | span(0x7B, 0x7E),
    "space": SPACE | of(b"\v"),
    "upper": UPPER,
    "word": WORD,
    "xdigit": DIGIT | span(0x41, 0x46) | span(0x61, 0x66),
}


def negated(members: int) -> int:
    """Give all that a class does not name. One that names some characters beyond ASCII does not name the others."""
    return (ASCII & ~members) | BEYOND


def folded(members: int) -> int:
    """Give the set with the other case of each letter."""
    return members | (members & UPPER) << 32 | (members & LOWER) >> 32


def unicode_class(name: str) -> int | None:
    r"""Give what `\p{name}` takes: of a category exactly what is ASCII, of a script Latin's letters; None: unknown."""
    if name == "Any":
        return ALL_BYTES
    if len(name) <= 2 and name[:1] in set("LMNPSZC"):
        return BEYOND | of(byte for byte in range(0x80) if unicodedata.category(chr(byte)).startswith(name))
    if name == "Latin":
        return BEYOND | UPPER | LOWER
    if name == "Common":
        return BEYOND | (ASCII & ~(UPPER | LOWER))
    return BEYOND if len(name) > 2 and name.replace("_", "").isalpha() else None
