"""Proves rules by their own samples: each rule must find its secrets and must leave its near misses alone."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

from maskproxy.errors import RuleRefused
from maskproxy.masking.masker import Masker
from maskproxy.masking.masking import Masking
from maskproxy.masking.placeholders import PlaceholderKey
from maskproxy.masking.rules import Rule, RuleSet
from maskproxy.masking.samples import cook, marked


class Failure(NamedTuple):
    """A rule of which a sample does not hold."""

    rule: str
    reason: str


def failures(rules: RuleSet, only: Container[str] | None = None) -> Iterator[Failure]:
    """Give every sample that does not hold, and every rule that has none though it should. `only`: of these ids."""
    masking = Masking(rules, PlaceholderKey(bytes(32)).scoped("proof"))
    for index, rule in enumerate(rules.rules):
        if only is not None and rule.id not in only:
            continue
        if not rule.samples and not rule.imported:
            yield Failure(rule.id, "it has no sample")
        for reason in _failures(masking, index, rule):
            yield Failure(rule.id, reason)


def _failures(masking: Masking, index: int, rule: Rule) -> Iterator[str]:
    for number, sample in enumerate(rule.samples, 1):
        try:
            text, span = marked(cook(sample))
        except RuleRefused as refusal:
            yield f"samples: {refusal} (number {number})"
            continue
        found = [(start, end) for which, start, end in Masker(masking).survivors(text) if which == index]
        if not found or (span is not None and span not in found):
            yield f"sample {number} is not found" + (" where it is marked" if found else "")
    for number, near_miss in enumerate(rule.near_misses, 1):
        try:
            text = cook(near_miss).encode()
        except RuleRefused as refusal:
            yield f"near_misses: {refusal} (number {number})"
            continue
        if any(which == index for which, _, _ in Masker(masking).survivors(text)):
            yield f"near miss {number} is taken for a secret"
