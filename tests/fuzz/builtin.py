"""The builtin rules: samples, near misses and filler, glued, cut short, with line numbers, in any cut.

What is short is also read slowly, by the oracle, over the rules whose pattern Python finds in the text.
"""

from __future__ import annotations

from random import Random

from tests.fuzz.cuts import tried, ways
from tests.masking import oracle
from tests.masking.builtin import FILLER, MASKING, NEAR_MISSES, RULES, SAMPLES
from tests.masking.rulesets import PLACEHOLDERS
from tests.masking.slow_builtin import oracle_rule, searched

_CUTS = 200
_SLOW_BYTES = 200
_SLOW = [(rule, searched(rule)) for rule in map(oracle_rule, RULES.rules)]
_OWN = [PLACEHOLDERS.make("github-pat-classic", b"x"), PLACEHOLDERS.make("generic-secret", b"y")]


def builtin_text(draw: Random) -> bytes:
    """Put samples and what looks like them together."""
    parts: list[bytes] = []
    for _ in range(draw.randint(1, 5)):
        part = draw.choice(
            (
                draw.choice(SAMPLES)[1],
                draw.choice(SAMPLES)[1],
                draw.choice(NEAR_MISSES),
                draw.choice(FILLER).encode(),
                draw.choice(_OWN),
            )
        )
        match draw.randrange(8):
            case 0:
                part = part[: draw.randint(0, len(part))]
            case 1:
                part = part[draw.randint(0, len(part)) :]
            case 2:
                part = _damaged(draw, part)
            case 3:
                part = _numbered(draw, part)
        parts.append(part)
    return draw.choice((b"", b" ", b"\n")).join(parts)


def trial(draw: Random) -> int:
    """Try one text."""
    text = builtin_text(draw)
    whole, findings = MASKING.text(text)
    found = [(f.rule, f.start, f.end) for f in findings]
    if len(text) <= _SLOW_BYTES:
        rules = [rule for rule, pattern in _SLOW if pattern.search(text)]
        assert found == oracle.spans(rules, text, PLACEHOLDERS), "the oracle finds something else"
    return tried(MASKING, text, (whole, found), ways(draw, len(text), _CUTS))


def _damaged(draw: Random, part: bytes) -> bytes:
    if not part:
        return part
    at = draw.randrange(len(part))
    return (
        part[:at] + draw.choice((b"", b" ", b"-", b"A", b"=", "é".encode(), b"\n")) + part[at + draw.choice((0, 1)) :]
    )


def _numbered(draw: Random, part: bytes) -> bytes:
    sign = draw.choice((b"\t", "→".encode()))
    return b"\n".join(b"%6d%b%b" % (number, sign, line) for number, line in enumerate(part.split(b"\n"), 1))
