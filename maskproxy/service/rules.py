"""The rules of a configuration, with the actions that it gives them."""

from __future__ import annotations

import os

from maskproxy.config import model
from maskproxy.masking import Override, RuleSet, Treatments, load_rules, treatments, with_actions
from maskproxy.service.rule_cache import rule_cache


def configured_rules(masking: model.Masking) -> RuleSet:
    """Raises `RuleRefused` where the rules cannot be used."""
    overrides = [Override(entry.rules, entry.request, entry.answer) for entry in masking.actions]
    return with_actions(load_rules(list(masking.rules), cache=rule_cache(os.environ)), overrides)


def configured_treatments(masking: model.Masking) -> Treatments:
    """Compiles what is new, which may take seconds."""
    return treatments(configured_rules(masking), cache=rule_cache(os.environ))


def nameless(rules: RuleSet, patterns: tuple[str, ...]) -> list[int]:
    """Give the numbers of the patterns that no rule's id matches."""
    return [
        i for i, pattern in enumerate(patterns) if not any(Override((pattern,)).names(rule.id) for rule in rules.rules)
    ]
