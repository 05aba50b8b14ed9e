"""Loading rules: built-in files, own YAML, gitleaks TOML; refused with the reason, or proved by their samples.

Rules as they were read and compiled, and the fact that their samples hold, are cached by their whole content.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Sequence
from pathlib import Path

from maskproxy import __version__
from maskproxy.errors import RuleRefused
from maskproxy.masking import engine
from maskproxy.masking.actions import Actions
from maskproxy.masking.exceptions import RuleException
from maskproxy.masking.lifting import Lift
from maskproxy.masking.proof import failures
from maskproxy.masking.rulefiles.entries import read_rule
from maskproxy.masking.rulefiles.sources import read_sources
from maskproxy.masking.rulefiles.survey import Survey, survey
from maskproxy.masking.rules import Facts, Rule, RuleSet

_PLAIN = ("id", "name", "family", "severity", "pattern", "keywords", "settings", "samples", "near_misses", "tags")


def load_rules(sources: Sequence[str | Path], *, cache: Path | None = None) -> RuleSet:
    """Load rules from `builtin:default`, packs (`builtin:cards`) and files, in this order.

    Raises RuleRefused with file, rule, field and reason. `cache`: a folder of our own for compiled rules.
    """
    if cache is not None:
        remembered = _remembered(sources, cache)
        if remembered is not None:
            return remembered
    return compile_rules(survey(sources), cache=cache)


def compile_rules(found: Survey, *, cache: Path | None = None) -> RuleSet:
    """Compile what was read, and prove it. Raises RuleRefused, also for what could not be read."""
    for fault in found.faults:
        raise RuleRefused(str(fault), detail=fault.detail)
    store = None if cache is None else _store(cache, found.contents)
    cached = None if store is None else engine.read_cached(store)
    if cached is not None:
        return RuleSet(found.rules, cached.databases, Facts.of(cached.notes[0]))
    rule_set = RuleSet(found.rules)
    for failure in failures(rule_set):
        raise RuleRefused(f"{found.place(failure.rule)}Rule {failure.rule} is refused: {failure.reason}.")
    if store is not None:
        engine.write_cached(store, rule_set.databases, [rule_set.facts.note(), _note(rule_set.rules)])
    return rule_set


def _remembered(sources: Sequence[str | Path], cache: Path) -> RuleSet | None:
    """Give what the same files were read and compiled to before. A gitleaks file may lead to others: it is read."""
    contents = []
    for source in read_sources(sources):
        if source.path.suffix == ".toml":
            return None
        contents += [source.name.encode(), source.content]
    cached = engine.read_cached(_store(cache, contents))
    if cached is None:
        return None
    return RuleSet(_noted(cached.notes[1]), cached.databases, Facts.of(cached.notes[0]))


def _store(cache: Path, contents: Iterable[bytes]) -> Path:
    whole = b"\0".join([__version__.encode(), *contents])
    return cache / f"{engine.cache_key(whole)}.rules"


def _note(rules: Sequence[Rule]) -> bytes:
    """Write down, in plain values, the rules as they were read."""
    return marshal.dumps(
        [
            (
                [getattr(rule, name) for name in _PLAIN],
                (rule.actions.request, rule.actions.answer),
                [(one.secret, one.words, one.all) for one in rule.exceptions],
                (rule.notes, rule.imported, int(rule.lift)),
            )
            for rule in rules
        ]
    )


def _noted(note: bytes) -> list[Rule]:
    return [
        Rule(
            **dict(zip(_PLAIN, values, strict=True)),
            actions=Actions(*actions),
            exceptions=tuple(RuleException(*one) for one in exceptions),
            notes=notes,
            imported=imported,
            lift=Lift(lift),
        )
        for values, actions, exceptions, (notes, imported, lift) in marshal.loads(note)  # noqa: S302 # from our own file, of which the digest holds
    ]


__all__ = ["compile_rules", "load_rules", "read_rule"]
