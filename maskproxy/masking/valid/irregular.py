"""Text as a machine draws it, which names in programs are not: `SLnEquivariantMatrices` is made of words."""

from __future__ import annotations

import re

_IRREGULAR = re.compile(
    rb"[0-9].*[0-9]|[0-9].*[A-Z][a-z]?[A-Z]|[A-Z][a-z]?[A-Z].*[0-9]|\A[A-Z]*(?:[a-z]{1,3}[A-Z]+){3,}[a-z]{0,3}\Z",
    re.DOTALL,
)


def is_irregular(candidate: bytes) -> bool:
    """Tell whether this has two digits, or one among capitals, or small letters nowhere in the length of a word."""
    return _IRREGULAR.search(candidate) is not None
