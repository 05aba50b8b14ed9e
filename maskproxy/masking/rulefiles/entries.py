"""One rule's entry, from a file of ours, to a rule: refused by name, field and reason when it is unfit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from maskproxy.errors import RuleRefused
from maskproxy.masking.actions import ACTIONS, DIRECTIONS, Action, Actions
from maskproxy.masking.exceptions import read_exceptions
from maskproxy.masking.grammar import EMPTY
from maskproxy.masking.lifting import LIFTS, Lift
from maskproxy.masking.placeholders import RULE_ID_LIMIT
from maskproxy.masking.rules import RANKS, Rule, Severity
from maskproxy.masking.size import check_size

ID_PATTERN = "[a-z0-9]+(?:-[a-z0-9]+)*"
FIELDS = (
    "id",
    "name",
    "severity",
    "tags",
    "pattern",
    "keywords",
    "checks",
    "except",
    "samples",
    "near_misses",
    "action",
    "lift",
)
_ID = re.compile(ID_PATTERN)
_PART = re.compile(r"\(\?&([a-z_]+)\)")
_KEYWORDS_LIMIT = 200
_Value = TypeVar("_Value")


def read_rule(entry: object, family: str, file: str, *, lift: object = "approval") -> Rule:
    """Read an entry. Raises RuleRefused, naming rule and field. `lift` is what the file says for all of its rules."""
    rule_id = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(rule_id, str) or not _ID.fullmatch(rule_id) or len(rule_id) > RULE_ID_LIMIT:
        raise RuleRefused(f"A rule in {file} has no id in kebab-case of at most {RULE_ID_LIMIT} characters.")
    assert isinstance(entry, dict)
    try:
        return _rule(rule_id, {"lift": lift, **entry}, family)
    except RuleRefused as refusal:
        raise RuleRefused(f"Rule {rule_id} is refused: {refusal}.", detail=refusal.detail) from refusal


def with_parts(entry: object, parts: Mapping[str, str]) -> object:
    """Put a file's `parts` where a rule's pattern names them: `(?&name)`."""
    if not isinstance(entry, dict) or not isinstance(entry.get("pattern"), str):
        return entry
    pattern = _PART.sub(lambda named: f"(?:{parts[named[1]]})" if named[1] in parts else named[0], entry["pattern"])
    return {**entry, "pattern": pattern}


def _rule(rule_id: str, entry: Mapping[str, object], family: str) -> Rule:
    unknown = sorted(str(field) for field in set(entry) - set(FIELDS))
    if unknown:
        raise RuleRefused(f"there is no field called {unknown[0]}; there are {', '.join(FIELDS)}")
    pattern, severity = entry.get("pattern"), entry.get("severity", "high")
    settings, name = entry.get("checks", {}), entry.get("name", rule_id)
    if not isinstance(pattern, str):
        raise RuleRefused("it has no pattern")
    if not isinstance(severity, str) or severity not in RANKS:
        raise RuleRefused(f"its severity is not one of {', '.join(RANKS)}")
    if not isinstance(settings, dict):
        raise RuleRefused("its checks are not a mapping")
    if not isinstance(name, str):
        raise RuleRefused("its name is not a text")
    keywords = _texts(entry, "keywords")
    if len(keywords) > _KEYWORDS_LIMIT or sum(map(len, keywords)) > 20 * _KEYWORDS_LIMIT:
        raise RuleRefused(f"it has more than {_KEYWORDS_LIMIT} keywords, or very long ones")
    rule = Rule(
        id=rule_id,
        name=name,
        family=family,
        severity=cast("Severity", severity),
        pattern=pattern,
        keywords=keywords,
        settings=settings,
        samples=_texts(entry, "samples"),
        near_misses=_texts(entry, "near_misses"),
        actions=_actions(entry.get("action", {})),
        exceptions=_in("except", lambda: read_exceptions(entry.get("except", []))),
        tags=_texts(entry, "tags"),
        lift=_lift(entry["lift"]),
    )
    _in("checks", lambda: rule.checks)
    written = _in("pattern", lambda: rule.shape)
    end = written.tail.end if written.tail is not None else None
    _in("pattern", lambda: check_size([written.core, end or EMPTY]))
    return rule


def _in(field: str, read: Callable[[], _Value]) -> _Value:
    """Name the field in what its reading refuses."""
    try:
        return read()
    except RuleRefused as refusal:
        raise RuleRefused(f"{field}: {refusal}", detail=refusal.detail) from refusal


def _actions(value: object) -> Actions:
    """Read `block`, or `{request: block, answer: mask}`."""
    by_direction = value if isinstance(value, dict) else dict.fromkeys(DIRECTIONS, value)
    fits = set(by_direction) <= set(DIRECTIONS) and all(
        isinstance(action, str) and action in ACTIONS for action in by_direction.values()
    )
    if not fits:
        raise RuleRefused(f"its action is not one of {', '.join(ACTIONS)}, nor such by request and answer")
    return Actions(**cast("dict[str, Action]", by_direction))


def _lift(value: object) -> Lift:
    if not isinstance(value, str) or value not in LIFTS:
        raise RuleRefused(f"its lift is not one of {', '.join(LIFTS)}")
    return LIFTS[value]


def _texts(entry: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = entry.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RuleRefused(f"{name} is not a list of texts")
    return tuple(value)
