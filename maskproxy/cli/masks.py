"""The masking that `maskproxy mask` and `maskproxy rules` work with: a configuration's, or built in and by itself."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from maskproxy.masking import Masking, PlaceholderKey, RuleSet, load_rules
from maskproxy.service.masking_key import masking_key
from maskproxy.service.rule_cache import rule_cache

SCOPE = "command line"
DEFAULT_RULES = ("builtin:default",)


def ruleset(sources: Sequence[str | Path]) -> RuleSet:
    return load_rules(list(sources) or list(DEFAULT_RULES), cache=rule_cache(os.environ))


def sources_of(config_path: Path | None) -> tuple[str | Path, ...]:
    if config_path is None:
        return DEFAULT_RULES
    from maskproxy.config import load

    return load(config_path, os.environ).masking.rules


def masking(config_path: Path | None) -> Masking:
    """With a configuration, its rules and its key; else the built-in rules and a key that dies with the process."""
    if config_path is None:
        return Masking(ruleset(DEFAULT_RULES), PlaceholderKey(secrets.token_bytes(32)).scoped(SCOPE))
    from maskproxy.config import load

    settings = load(config_path, os.environ).masking
    key = PlaceholderKey(masking_key(settings.key.file, make=False))
    return Masking(ruleset(settings.rules), key.scoped(SCOPE))
