"""Random rules of which some spans are lifted: they stay as they are in any cut, and all others are masked."""

from __future__ import annotations

from random import Random

from maskproxy.masking import Lift, Lifting, Masking
from tests.fuzz.bounds import OracleTooSlow, oracle_bound
from tests.fuzz.cuts import tried, ways
from tests.fuzz.rules import whole
from tests.masking import oracle
from tests.masking.random_rules import fit, random_rules, random_text
from tests.masking.rulesets import PLACEHOLDERS

_TEXTS = 40
_CUTS = 40
_KEY = b"k" * 32


def trial(draw: Random) -> int:
    """Try one rule set on some texts, of each of which some spans are lifted."""
    taken, compiled = fit(random_rules(draw))
    if compiled is None:
        return 0
    rules, words = [rule for rule, _ in taken], [word for _, some in taken for word in some]
    lifts = {rule.id: draw.choice(list(Lift)[:3]) for rule in rules}
    cuts = 0
    for _ in range(_TEXTS):
        text = random_text(draw, words)
        try:
            with oracle_bound():
                spans = oracle.spans_with_parts(rules, text, PLACEHOLDERS)
        except OracleTooSlow:
            continue
        granted = {
            fingerprint(text[start:end]): draw.choice((Lift.AT_ONCE, Lift.APPROVAL))
            for _, start, end in spans
            if draw.random() < 0.6
        }
        stays = [
            (parts[0], start, end)
            for parts, start, end in spans
            if not granted.get(fingerprint(text[start:end]), -1) >= max(lifts[rule] for rule in parts)
        ]
        masking = Masking(compiled, PLACEHOLDERS).under(Lifting(_KEY, lifts, granted), lifts=True)
        expected = oracle.masked(text, stays, PLACEHOLDERS), stays
        whole(masking, text, expected)
        cuts += tried(masking, text, expected, ways(draw, len(text), _CUTS))
    return cuts


def fingerprint(text: bytes) -> bytes:
    span = Lifting(_KEY, {}).begin()
    span.add(text)
    return span.finish()[0]
