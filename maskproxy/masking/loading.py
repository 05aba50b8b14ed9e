"""Loading rules: built-in files, own YAML, gitleaks TOML; refused with the reason, or proved by their samples.

Compiled rules, and the fact that their samples hold, are cached by the rules' whole content.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maskproxy import __version__
from maskproxy.errors import RuleRefused
from maskproxy.masking import engine
from maskproxy.masking.proof import failures
from maskproxy.masking.rulefiles.entries import read_rule
from maskproxy.masking.rulefiles.survey import Survey, survey
from maskproxy.masking.rules import RuleSet


def load_rules(sources: Sequence[str | Path], *, cache: Path | None = None) -> RuleSet:
    """Load rules from `builtin:default`, packs (`builtin:cards`) and files, in this order.

    Raises RuleRefused with file, rule, field and reason. `cache`: a folder of our own for compiled rules.
    """
    return compile_rules(survey(sources), cache=cache)


def compile_rules(found: Survey, *, cache: Path | None = None) -> RuleSet:
    """Compile what was read, and prove it. Raises RuleRefused, also for what could not be read."""
    for fault in found.faults:
        raise RuleRefused(str(fault), detail=fault.detail)
    whole = b"\0".join([__version__.encode(), *found.contents])
    store = None if cache is None else cache / f"{engine.cache_key(whole)}.rules"
    cached = None if store is None else engine.read_cached(store)
    if cached is not None:
        return RuleSet(found.rules, cached)
    rule_set = RuleSet(found.rules)
    for failure in failures(rule_set):
        raise RuleRefused(f"{found.place(failure.rule)}Rule {failure.rule} is refused: {failure.reason}.")
    if store is not None:
        engine.write_cached(store, rule_set.databases)
    return rule_set


__all__ = ["compile_rules", "load_rules", "read_rule"]
