"""Reading rules from YAML: refused with the reason when they are unfit, proved by their own samples.

Rules as they were read and compiled, and the fact that their samples hold, are cached by their whole content.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import yaml

from maskproxy import __version__
from maskproxy.errors import RuleRefused
from maskproxy.masking import engine
from maskproxy.masking.actions import ACTIONS, DIRECTIONS, Action, Actions
from maskproxy.masking.placeholders import RULE_ID_LIMIT
from maskproxy.masking.proof import prove
from maskproxy.masking.rules import RANKS, Facts, Rule, RuleSet, Severity

_BUILTIN = Path(__file__).with_name("builtin")
_PACKS = _BUILTIN / "packs"
_FILE_LIMIT_BYTES = 4 << 20
_RULES_LIMIT = 5000
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PART = re.compile(r"\(\?&([a-z_]+)\)")
_PLAIN = ("id", "name", "family", "severity", "pattern", "keywords", "settings", "samples", "near_misses")
_FIELDS = {"id", "name", "severity", "pattern", "keywords", "checks", "samples", "near_misses", "action"}


def load_rules(sources: Sequence[str | Path], *, cache: Path | None = None) -> RuleSet:
    """Load rules from `builtin:default`, packs (`builtin:cards`) and files, in this order.

    Raises RuleRefused with the rule's name and reason. `cache`: a folder of our own for compiled rules.
    """
    contents = [(path, _content(path)) for source in sources for path in _paths(source)]
    whole = b"\0".join(
        [__version__.encode(), *(part for path, content in contents for part in (path.stem.encode(), content))]
    )
    store = None if cache is None else cache / f"{engine.cache_key(whole)}.rules"
    cached = None if store is None else engine.read_cached(store)
    if cached is not None:
        return _remembered(cached)
    rules: dict[str, Rule] = {}
    for path, content in contents:
        for rule in _read_file(path, content):
            if rule.id in rules:
                raise RuleRefused(f"Rule {rule.id} is there twice.")
            rules[rule.id] = rule
    if not rules or len(rules) > _RULES_LIMIT:
        raise RuleRefused(f"A rule set has between 1 and {_RULES_LIMIT} rules.")
    rule_set = RuleSet(tuple(rules.values()))
    prove(rule_set)
    if store is not None:
        engine.write_cached(store, rule_set.databases, _notes(rule_set))
    return rule_set


def _notes(rule_set: RuleSet) -> list[bytes]:
    """Write down, in plain values, what was worked out of the rules, and the rules as they were read."""
    plain = [
        ([getattr(rule, name) for name in _PLAIN], rule.actions.request, rule.actions.answer) for rule in rule_set.rules
    ]
    return [rule_set.facts.note(), marshal.dumps(plain)]


def _remembered(cached: engine.Cached) -> RuleSet:
    facts, plain = cached.notes
    rules = [
        Rule(**dict(zip(_PLAIN, values, strict=True)), actions=Actions(*actions))
        for values, *actions in marshal.loads(plain)  # noqa: S302 # from our own file, of which the digest holds
    ]
    return RuleSet(rules, cached.databases, Facts.of(facts))


def _paths(source: str | Path) -> list[Path]:
    if source == "builtin:default":
        return sorted(_BUILTIN.glob("*.yaml"))
    if isinstance(source, str) and source.startswith("builtin:"):
        file = f"{source.removeprefix('builtin:')}.yaml"
        for folder in (_BUILTIN, _PACKS):
            path = folder / file
            if path.parent == folder and path.is_file():
                return [path]
        raise RuleRefused(f"There is no {source}.")
    return [Path(source)]


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT_BYTES + 1)
    except OSError as error:
        raise RuleRefused(f"The rule file {path.name} cannot be read.", detail=str(error)) from error
    if len(content) > _FILE_LIMIT_BYTES:
        raise RuleRefused(f"The rule file {path.name} is too large.")
    return content


def _read_file(path: Path, content: bytes) -> list[Rule]:
    try:
        document = yaml.load(content, Loader=_loader())  # noqa: S506 # a safe loader, in C where there is one
    except (yaml.YAMLError, RecursionError) as error:
        raise RuleRefused(f"The rule file {path.name} is not YAML.", detail=str(error)) from error
    if not isinstance(document, dict) or not isinstance(document.get("rules"), list):
        raise RuleRefused(f"The rule file {path.name} has no list of rules.")
    family = str(document.get("family", path.stem))
    parts = document.get("parts", {})
    if not isinstance(parts, dict) or not all(isinstance(part, str) for part in parts.values()):
        raise RuleRefused(f"The parts in the rule file {path.name} are not patterns by name.")
    return [read_rule(_with_parts(entry, parts), family, path.name) for entry in document["rules"]]


def _with_parts(entry: object, parts: Mapping[str, str]) -> object:
    """Put a file's `parts` where a rule's pattern names them: `(?&name)`."""
    if not isinstance(entry, dict) or not isinstance(entry.get("pattern"), str):
        return entry
    pattern = _PART.sub(lambda named: f"(?:{parts[named[1]]})" if named[1] in parts else named[0], entry["pattern"])
    return {**entry, "pattern": pattern}


def _loader() -> type[yaml.SafeLoader]:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_rule(entry: object, family: str, file: str) -> Rule:
    rule_id = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(rule_id, str) or not _ID.fullmatch(rule_id) or len(rule_id) > RULE_ID_LIMIT:
        raise RuleRefused(f"A rule in {file} has no id in kebab-case.")
    assert isinstance(entry, dict)
    try:
        return _rule(rule_id, entry, family)
    except RuleRefused as refusal:
        raise RuleRefused(f"Rule {rule_id} is refused: {refusal}.", detail=refusal.detail) from refusal


def _rule(rule_id: str, entry: Mapping[str, object], family: str) -> Rule:
    unknown = sorted(str(field) for field in set(entry) - _FIELDS)
    if unknown:
        raise RuleRefused(f"there is no field called {unknown[0]}")
    pattern, severity = entry.get("pattern"), entry.get("severity", "high")
    settings = entry.get("checks", {})
    if not isinstance(pattern, str):
        raise RuleRefused("it has no pattern")
    if not isinstance(severity, str) or severity not in RANKS:
        raise RuleRefused(f"its severity is not one of {', '.join(RANKS)}")
    if not isinstance(settings, dict):
        raise RuleRefused("its checks are not a mapping")
    rule = Rule(
        id=rule_id,
        name=str(entry.get("name", rule_id)),
        family=family,
        severity=cast("Severity", severity),
        pattern=pattern,
        keywords=_texts(entry, "keywords"),
        settings=settings,
        samples=_texts(entry, "samples"),
        near_misses=_texts(entry, "near_misses"),
        actions=_actions(entry.get("action", {})),
    )
    rule.read()
    return rule


def _actions(value: object) -> Actions:
    """Read `block`, or `{request: block, answer: mask}`."""
    by_direction = value if isinstance(value, dict) else dict.fromkeys(DIRECTIONS, value)
    if not set(by_direction) <= set(DIRECTIONS) or not all(action in ACTIONS for action in by_direction.values()):
        raise RuleRefused(f"its action is not one of {', '.join(ACTIONS)}, nor such by request and answer")
    return Actions(**cast("dict[str, Action]", by_direction))


def _texts(entry: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = entry.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RuleRefused(f"{name} is not a list of texts")
    return tuple(value)
