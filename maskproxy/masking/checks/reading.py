"""Reads what a rule's file says under `checks`, and asks those checks of a candidate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from maskproxy.errors import RuleRefused
from maskproxy.masking.checks.entropy import entropy
from maskproxy.masking.checks.evidence import EVIDENCE, Evidence
from maskproxy.masking.checks.public import is_public
from maskproxy.masking.checks.references import (
    is_code,
    is_constant,
    is_hex,
    is_identifier,
    is_reference,
)
from maskproxy.masking.checks.stand_ins import is_example, is_stand_in
from maskproxy.masking.placeholders import SHAPE
from maskproxy.masking.valid import VALID

Check = Callable[[bytes], bool]
_OURS = re.compile(SHAPE.encode())

CLEARS: Mapping[str, Check] = {
    "stand-in": is_stand_in,
    "reference": is_reference,
    "identifier": is_identifier,
    "hex": is_hex,
    "code": is_code,
    "constant": is_constant,
}


@dataclass(frozen=True)
class Checks:
    """What a candidate of one rule must pass."""

    entropy: float = 0.0
    """At least so many bits a byte."""
    clears: tuple[Check, ...] = ()
    """A candidate that one of these takes is not masked."""
    allow: frozenset[bytes] = frozenset()
    """Exact values that are not masked."""
    some_of: tuple[re.Pattern[bytes], ...] = ()
    """Each must be found in the candidate."""
    unless_after: tuple[re.Pattern[bytes], ...] = ()
    """A candidate right before which one of these ends is not masked."""
    valid: tuple[Check, ...] = ()
    """Each must take the candidate."""
    keyword: re.Pattern[bytes] | None = None
    """What must stand before the candidate; inside of a placeholder of ours it is the name of that one's rule."""
    evidence: Evidence | None = None
    """Judges the candidate beside the name before it."""

    def pass_(self, text: bytes, before: bytes = b"") -> bool:
        """Tell whether the candidate is to be masked, that stands behind `before`."""
        return not (
            is_example(text)
            or is_public(text)
            or text in self.allow
            or any(clears(text) for clears in self.clears)
            or (self.entropy and entropy(text) < self.entropy)
            or not all(pattern.search(text) for pattern in self.some_of)
            or any(pattern.search(before) for pattern in self.unless_after)
            or not all(valid(text) for valid in self.valid)
            or (self.keyword is not None and _OURS.search(before) and not self.keyword.search(_OURS.sub(b"\0", before)))
            or (self.evidence is not None and not self.evidence(text, before))
        )


def read(settings: Mapping[str, object]) -> Checks:
    """Read a rule's `checks`. Raises RuleRefused without the rule's name."""
    unknown = set(settings) - {"entropy", "clear", "allow", "holds", "unless_after", "valid", "evidence"}
    if unknown:
        raise RuleRefused(f"there is no check called {min(unknown)}")
    bits = settings.get("entropy", 0.0)
    clear, allow, holds, valid = (_texts(settings, name) for name in ("clear", "allow", "holds", "valid"))
    if not isinstance(bits, int | float) or not 0 <= bits <= 8:
        raise RuleRefused("entropy is between 0 and 8 bits a byte")
    place = settings.get("evidence")
    if place is not None and place not in EVIDENCE:
        raise RuleRefused(f"there is no such place of evidence; there are {', '.join(sorted(EVIDENCE))}")
    for name in clear:
        if name not in CLEARS:
            raise RuleRefused(f"nothing called {name} can be cleared; there are {', '.join(sorted(CLEARS))}")
    for name in valid:
        if name not in VALID:
            raise RuleRefused(f"nothing called {name} can be valid; there are {', '.join(sorted(VALID))}")
    return Checks(
        float(bits),
        tuple(CLEARS[name] for name in clear),
        frozenset(value.encode() for value in allow),
        _patterns("holds", holds),
        _patterns("unless_after", [rf"(?:{pattern})\Z" for pattern in _texts(settings, "unless_after")]),
        tuple(VALID[name] for name in valid),
        evidence=EVIDENCE.get(str(place)),
    )


def _patterns(name: str, patterns: list[str]) -> tuple[re.Pattern[bytes], ...]:
    try:
        return tuple(re.compile(pattern.encode()) for pattern in patterns)
    except re.error as error:
        raise RuleRefused(f"a pattern under {name} cannot be read", detail=str(error)) from error


def _texts(settings: Mapping[str, object], name: str) -> list[str]:
    value = settings.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RuleRefused(f"{name} is a list of texts")
    return value
