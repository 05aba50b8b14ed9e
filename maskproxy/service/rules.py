"""The rules of a configuration and of its grants, with the actions that it gives them."""

from __future__ import annotations

import os
from pathlib import Path

from maskproxy.config import model
from maskproxy.masking import Compiled, Override, RuleSet, Treatments, load_rules, treatments, with_actions
from maskproxy.service.rule_cache import rule_cache

_Sources = tuple[str | Path, ...]


class ConfiguredRules:
    """Loads and compiles what a configuration names. What several of its grants name alike is made once."""

    def __init__(self) -> None:
        self._cache = rule_cache(os.environ)
        self._loaded: dict[_Sources, RuleSet] = {}
        self._compiled: dict[_Sources, Compiled] = {}
        self._made: dict[tuple[_Sources, tuple[model.RuleActions, ...]], Treatments] = {}

    def rules(self, masking: model.Masking) -> RuleSet:
        """Raises `RuleRefused` where the rules cannot be used."""
        sources = masking.rules
        if sources not in self._loaded:
            self._loaded[sources] = load_rules(list(sources), cache=self._cache)
        overrides = [Override(entry.rules, entry.request, entry.answer) for entry in masking.actions]
        return with_actions(self._loaded[sources], overrides)

    def treatments(self, masking: model.Masking) -> Treatments:
        """Compile what is new, which may take seconds."""
        key = (masking.rules, masking.actions)
        if key not in self._made:
            rules = self.rules(masking)
            loaded = self._loaded[masking.rules]
            made = self._compiled.setdefault(masking.rules, {tuple(rule.id for rule in loaded.rules): loaded})
            self._made[key] = treatments(rules, cache=self._cache, made=made)
        return self._made[key]


def configured_rules(masking: model.Masking) -> RuleSet:
    """Raises `RuleRefused` where the rules cannot be used."""
    return ConfiguredRules().rules(masking)


def nameless(rules: RuleSet, patterns: tuple[str, ...]) -> list[int]:
    """Give the numbers of the patterns that no rule's id matches."""
    return [
        i for i, pattern in enumerate(patterns) if not any(Override((pattern,)).names(rule.id) for rule in rules.rules)
    ]
