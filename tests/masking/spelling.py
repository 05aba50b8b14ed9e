"""JSON as encoders in use spell it."""

from __future__ import annotations

import json
from collections.abc import Callable


def _indented(value: object) -> str:
    return json.dumps(value, indent=2, separators=(",", "  :\n "))


def _unescaped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _replacing(*changes: tuple[str, str]) -> Callable[[object], str]:
    def encode(value: object) -> str:
        text = json.dumps(value)
        for old, new in changes:
            text = text.replace(old, new)
        return text

    return encode


ENCODERS: tuple[Callable[[object], str], ...] = (
    json.dumps,
    _unescaped,
    _indented,
    _replacing(("/", "\\/")),
    _replacing(("<", "\\u003c"), (">", "\\u003E"), ("&", "\\u0026")),
    _replacing(("'", "\\u0027"), ("=", "\\u003d"), ("+", "\\u002B")),
)

NEEDLESS = _replacing(("g", "\\u0067"), ("5", "\\u0035"))
"""Escapes that no encoder needs. May break other escapes and numbers: for what never reads the result."""
