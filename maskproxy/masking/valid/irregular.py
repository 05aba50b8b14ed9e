"""Text as a machine draws it, which names in programs are not: `SLnEquivariantMatrices` is made of words."""

from __future__ import annotations

import re

_IRREGULAR = re.compile(
    rb"[0-9].*[0-9]|[0-9].*[A-Z][a-z]?[A-Z]|[A-Z][a-z]?[A-Z].*[0-9]|\A[A-Z]*(?:[a-z]{1,3}[A-Z]+){3,}[a-z]{0,3}\Z",
    re.DOTALL,
)


_TYPE = re.compile(rb"(?:[A-Z]{1,4}[0-9]{1,2})?(?:[A-Z][a-z]+){2,}(?:[A-Z]?[0-9]{1,3})?(?:[A-Z][a-z]+)*")
"""How types are named: `TCP6ServerEndpoint`, `OptionsForModelS700`."""


def is_irregular(candidate: bytes) -> bool:
    """Tell whether this has two digits, or one among capitals, or small letters nowhere in the length of a word."""
    return _IRREGULAR.search(candidate) is not None and _TYPE.fullmatch(candidate) is None
