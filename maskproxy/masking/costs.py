"""Why a rule is slow, told by its shape, before anything is measured."""

from __future__ import annotations

from collections.abc import Iterator

from maskproxy.masking.grammar import AT_EDGE
from maskproxy.masking.rules import Rule
from maskproxy.masking.size import size
from maskproxy.masking.syntax import first_bytes
from maskproxy.masking.words import LITERAL_BYTES, literal_bytes

_WIDE = 24
_LARGE = 1500


def slow_because(rule: Rule) -> Iterator[str]:
    """Give each reason for which a rule costs more than others."""
    core = rule.shape.core
    if literal_bytes(core) < LITERAL_BYTES:
        yield f"no literal of {LITERAL_BYTES} bytes is in every match, so that the engine looks closely at all text"
    if rule.shape.left != AT_EDGE and first_bytes(core).bit_count() >= _WIDE:
        yield "it may begin with almost any character, so that ordinary text is held back"
    if size(core).positions >= _LARGE:
        yield f"its repetitions make more than {_LARGE} positions, so that it takes time and memory"
