"""Proves rules by their own samples: each rule must find its secrets and must leave its near misses alone."""

from __future__ import annotations

from maskproxy.errors import RuleRefused
from maskproxy.masking.masker import Masker
from maskproxy.masking.masking import Masking
from maskproxy.masking.placeholders import PlaceholderKey
from maskproxy.masking.rules import Rule, RuleSet
from maskproxy.masking.samples import cook, marked


def prove(rules: RuleSet) -> None:
    """Raise RuleRefused, naming the rule and which of its samples, unless every sample holds."""
    masking = Masking(rules, PlaceholderKey(bytes(32)).scoped("proof"))
    for index, rule in enumerate(rules.rules):
        if not rule.samples:
            raise RuleRefused(f"Rule {rule.id} is refused: it has no sample.")
        for number, sample in enumerate(rule.samples, 1):
            text, span = marked(cook(sample))
            found = [(start, end) for which, start, end in Masker(masking).survivors(text) if which == index]
            if not found or (span is not None and span not in found):
                raise _refusal(rule, f"sample {number} is not found")
        for number, near_miss in enumerate(rule.near_misses, 1):
            if any(which == index for which, _, _ in Masker(masking).survivors(cook(near_miss).encode())):
                raise _refusal(rule, f"near miss {number} is taken for a secret")


def _refusal(rule: Rule, reason: str) -> RuleRefused:
    return RuleRefused(f"Rule {rule.id} is refused: {reason}.")
