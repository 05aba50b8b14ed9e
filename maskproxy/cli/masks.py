"""The masking that `maskproxy mask` and `maskproxy rules` work with: a configuration's, or built in and by itself."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from maskproxy.masking import Masking, PlaceholderKey, RuleSet, load_rules, treatments
from maskproxy.masking.dictionary import ExactValues
from maskproxy.masking.literals import Literals
from maskproxy.service.masking_key import masking_key
from maskproxy.service.rule_cache import rule_cache
from maskproxy.service.rules import configured_rules

SCOPE = "command line"
DEFAULT_RULES = ("builtin:default",)


def ruleset(sources: Sequence[str | Path]) -> RuleSet:
    return load_rules(list(sources) or list(DEFAULT_RULES), cache=rule_cache(os.environ))


def rules_of(config_path: Path | None) -> RuleSet:
    """The rules of a configuration with their actions, else the built-in ones."""
    if config_path is None:
        return ruleset(DEFAULT_RULES)
    from maskproxy.config import load

    return configured_rules(load(config_path, os.environ).masking)


def masking(config_path: Path | None) -> Masking:
    """With a configuration, its rules and its key; else the built-in rules and a key that dies with the process.

    What is found is what a request's recording has masked: rules that block or alert mask here, allowed ones do not.
    """
    rules = treatments(rules_of(config_path), cache=rule_cache(os.environ)).request.record
    if config_path is None:
        return Masking(rules, PlaceholderKey(secrets.token_bytes(32)).scoped(SCOPE))
    from maskproxy.config import load
    from maskproxy.service.dictionaries import configured_dictionaries

    config = load(config_path, os.environ).masking
    key = PlaceholderKey(masking_key(config.key.file, make=False))
    dictionary = asyncio.run(configured_dictionaries(config)).record
    return Masking(rules, key.scoped(SCOPE), ExactValues(Literals(()), dictionary))
