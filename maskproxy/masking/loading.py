"""Loading rules: built-in files, own YAML, gitleaks TOML; refused with the reason, or proved by their samples.

Built-in rules are proved by the tests, and by `maskproxy rules test`. Rules as they were read and compiled, and the
fact that their samples hold, are cached by their whole content.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from weakref import WeakValueDictionary

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
_in_use: WeakValueDictionary[Path, RuleSet] = WeakValueDictionary()
"""By their files in the cache. A configuration that is read anew goes on with what was learned of the same rules."""


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
    """Compile what was read, and prove what is not built in. Raises RuleRefused, also for what could not be read."""
    for fault in found.faults:
        raise RuleRefused(str(fault), detail=fault.detail)
    cached = None if cache is None else compiled_before(found, cache)
    if cached is not None:
        return cached
    rule_set = RuleSet(found.rules)
    for failure in failures(rule_set, found.own):
        raise RuleRefused(f"{found.place(failure.rule)}Rule {failure.rule} is refused: {failure.reason}.")
    if cache is not None:
        store, notes = _store(cache, found.contents), [rule_set.facts.note(), _note(rule_set.rules)]
        engine.write_cached(store, rule_set.databases, notes)
        _in_use[store] = rule_set
    return rule_set


def compiled_before(found: Survey, cache: Path) -> RuleSet | None:
    """Give what was read with what the same was compiled to before, if the cache holds it."""
    return _kept(_store(cache, found.contents), lambda _: found.rules)


def _remembered(sources: Sequence[str | Path], cache: Path) -> RuleSet | None:
    """Give what the same files were read and compiled to before. A gitleaks file may lead to others: it is read."""
    contents = []
    for source in read_sources(sources):
        if source.path.suffix == ".toml":
            return None
        contents += [source.name.encode(), source.content]
    return _kept(_store(cache, contents), lambda cached: _noted(cached.notes[1]))


def _kept(store: Path, rules: Callable[[engine.Cached], Sequence[Rule]]) -> RuleSet | None:
    """Give the rule set of this file: the one that is in use, else what the file holds."""
    rule_set = _in_use.get(store)
    if rule_set is None:
        cached = engine.read_cached(store)
        if cached is None:
            return None
        rule_set = _in_use[store] = RuleSet(rules(cached), cached.databases, Facts.of(cached.notes[0]))
    return rule_set


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


__all__ = ["compile_rules", "compiled_before", "load_rules", "read_rule"]
