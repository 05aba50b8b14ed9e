"""Shannon's entropy: how evenly a text uses its characters."""

from __future__ import annotations

from collections import Counter
from math import log2


def entropy(text: bytes | str) -> float:
    """Give the entropy in bits a byte, or a character."""
    size = len(text)
    return -sum(n / size * log2(n / size) for n in Counter(text).values()) if size else 0.0
