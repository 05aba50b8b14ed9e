"""Texts and claims against patterns. Pure.

A pattern is a text, in which `*` stands for any characters, none too; nothing else is special. Matching takes time in
proportion to the text for each piece of the pattern, whoever wrote either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


def fits(pattern: str, text: str) -> bool:
    """Tell whether the whole text is as the pattern says."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    *middle, last = rest
    at, end = len(first), len(text) - len(last)
    if end < at or not text.startswith(first) or not text.endswith(last):
        return False
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def fits_one(patterns: Iterable[str], text: str) -> bool:
    return any(fits(pattern, text) for pattern in patterns)


class ClaimRule(NamedTuple):
    """A claim by its name, or a dotted path into nested ones, and the patterns of which one must fit."""

    claim: str
    patterns: tuple[str, ...]

    def meets(self, claims: Mapping[str, object]) -> bool:
        """Tell whether the claim is there and fits. Of a list, one text must."""
        return any(fits_one(self.patterns, text) for text in _texts(claim_at(claims, self.claim)))


def claim_at(claims: Mapping[str, object], path: str) -> object:
    """The claim of that very name, since names may hold dots; else the one that the dotted path leads to, or None."""
    found: object = claims
    for name in [path] if path in claims else path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found


def _texts(claim: object) -> list[str]:
    values = claim if isinstance(claim, list) else [claim]
    return [text for value in values if (text := as_text(value)) is not None]


def as_text(value: object) -> str | None:
    """A claim's value as patterns see it: true, false and whole numbers as JSON writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None
