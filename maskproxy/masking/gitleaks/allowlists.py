"""Allowlists as exceptions of a rule: what can be judged by the secret alone, and in words what cannot.

Whatever cannot be judged lets nothing pass, so that more is masked and never less.
"""

from __future__ import annotations

from typing import NamedTuple

from maskproxy.errors import RuleRefused
from maskproxy.masking.exceptions import WORDS_LIMIT, RuleException
from maskproxy.masking.gitleaks.document import Table
from maskproxy.masking.gitleaks.go_syntax import Alt, Assertion, Capture, Cat, Loop, Tree, read

_KNOWN = {"description", "condition", "commits", "paths", "regexes", "regexTarget", "stopwords", "targetRules"}
_UNSEEN = {"paths": "the names of files", "commits": "commits"}


class Excepted(NamedTuple):
    """What an allowlist came to."""

    entry: Table | None
    """As `except` holds it; None: nothing is left of it."""
    notes: list[str]


def excepted(table: Table, *, secret_is_match: bool) -> Excepted:
    """Turn an allowlist into an exception. `secret_is_match`: the secret is all that the rule's regex matches."""
    notes = [f"allowlist: {key} is not known here and has no effect" for key in sorted(set(table) - _KNOWN)]
    unseen = [name for name in _UNSEEN if table.get(name)]
    both = str(table.get("condition", "OR")).upper() in ("AND", "&&")
    notes += [f"allowlist.{name}: a stream does not tell {_UNSEEN[name]}; nothing passes by them" for name in unseen]
    if both and unseen:
        notes.append(
            "allowlist.condition: AND with what a stream does not tell never holds; the allowlist has no effect"
        )
        return Excepted(None, notes)
    regexes, words = _texts(table, "regexes", notes), _texts(table, "stopwords", notes)
    kept = _regexes(regexes, str(table.get("regexTarget") or "secret"), notes, secret_is_match=secret_is_match)
    if both and len(kept) < len(regexes) and not kept:
        return Excepted(None, notes)
    words = list(dict.fromkeys(word.lower() for word in words if word))
    if len(words) > WORDS_LIMIT:
        notes.append(f"allowlist.stopwords: only the first {WORDS_LIMIT} are looked for")
        words = words[:WORDS_LIMIT]
    if not kept and not words:
        return Excepted(None, notes)
    entry: Table = {}
    if kept:
        entry["secret"] = kept
    if words:
        entry["words"] = words
    if both and kept and words:
        entry["all"] = True
    return Excepted(entry, notes)


def _texts(table: Table, name: str, notes: list[str]) -> list[str]:
    value = table.get(name, [])
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    notes.append(f"allowlist.{name} is not a list of texts and has no effect")
    return []


def _regexes(regexes: list[str], target: str, notes: list[str], *, secret_is_match: bool) -> list[str]:
    """Keep those that can be judged. What is found in a secret is also found in its match and its line."""
    alone = target == "secret" or (target == "match" and secret_is_match)
    kept = []
    for number, regex in enumerate(regexes, 1):
        try:
            RuleException((regex,))
            anchored = _is_anchored(read(regex)[0])
        except RuleRefused as refusal:
            notes.append(f"allowlist.regexes: number {number} has no effect: {refusal}")
            continue
        if not alone and anchored:
            notes.append(
                f"allowlist.regexes: number {number} has no effect: it is anchored, and a stream judges the secret "
                f"alone, not its {'line' if target == 'line' else 'match'}"
            )
            continue
        kept.append(regex)
    if kept and not alone:
        notes.append(f"allowlist.regexTarget: {target} is judged by the secret alone, so that less passes")
    return kept


def _is_anchored(tree: Tree) -> bool:
    if isinstance(tree, Loop | Capture):
        return _is_anchored(tree.item)
    if isinstance(tree, Cat | Alt):
        return any(_is_anchored(part) for part in (tree.items if isinstance(tree, Cat) else tree.options))
    return isinstance(tree, Assertion)
