"""gitleaks rules as entries of ours, with notes on what each cannot be here, and remarks on what is left out.

Where something cannot be judged in a stream, the rule finds more; where it cannot be looked for at all, it is left out
in words. Keywords there are a filter on whole files. Here a regex that holds one of them anyway needs no filter; one
that holds no literal is looked for beside a keyword only; any other is looked for without regard to keywords.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from maskproxy.errors import RuleRefused
from maskproxy.masking.gitleaks import written
from maskproxy.masking.gitleaks.allowlists import Excepted, excepted
from maskproxy.masking.gitleaks.document import Remark, Table, read_document
from maskproxy.masking.gitleaks.translation import Patterns, ended, translate
from maskproxy.masking.gitleaks.written import Part
from maskproxy.masking.grammar import EMPTY, series
from maskproxy.masking.placeholders import RULE_ID_LIMIT
from maskproxy.masking.words import LITERAL_BYTES, always_holds, literal_bytes

_KNOWN = {
    *("id", "description", "regex", "secretGroup", "entropy", "keywords", "path", "tags", "allowlists", "required"),
    "skipReport",
}
_PATH = "path: a stream does not tell the names of files; the rule is looked for in all texts"
_REQUIRED = "required: other rules' matches nearby are not asked for, so that more is found"
_ANYWHERE = "keywords: not asked for elsewhere in the text, so that more is found"
_BESIDE = "keywords: asked for just before the secret, since the regex alone would be found in too much"


class Entry(NamedTuple):
    """A rule as our files hold it, and what of the original it does not keep."""

    fields: Table
    notes: tuple[str, ...]


class Imported(NamedTuple):
    """What a file came to."""

    entries: list[Entry]
    remarks: list[Remark]
    contents: list[bytes]


def read_gitleaks(path: Path, content: bytes, taken: Collection[str] = ()) -> Imported:
    """Read a file and what it extends. Raises RuleRefused where the file cannot be read; single rules are left out.

    `taken`: ids that others have; a rule that has one of them gets a number behind it, and both are looked for.
    """
    document = read_document(path, content)
    remarks = list(document.remarks)
    everywhere = [_Allowlist(table) for table in document.allowlists if not table.get("targetRules")]
    aimed = [_Allowlist(table) for table in document.allowlists if table.get("targetRules")]
    ids = set(taken)
    entries: list[Entry] = []
    for rule in document.rules:
        mine = [*map(_Allowlist, rule["allowlists"]), *(one for one in aimed if one.names(rule["id"])), *everywhere]
        try:
            found = _entries(rule, mine, ids)
        except RuleRefused as refusal:
            remarks.append(Remark(rule["id"], str(refusal), left_out=True))
            continue
        entries += found
        remarks += [Remark(rule["id"], note) for note in found[0].notes]
    known = {rule["id"] for rule in document.rules}
    for table in document.allowlists:
        strangers = [str(name) for name in table.get("targetRules") or () if name not in known]
        remarks += [Remark("", f"allowlists.targetRules: there is no rule {name}") for name in strangers]
    return Imported(entries, remarks, document.contents)


class _Allowlist:
    """An allowlist that is read once, for however many rules."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._read: dict[bool, Excepted] = {}

    def names(self, rule_id: str) -> bool:
        return rule_id in self._table["targetRules"]

    def read(self, *, secret_is_match: bool) -> Excepted:
        if secret_is_match not in self._read:
            self._read[secret_is_match] = excepted(self._table, secret_is_match=secret_is_match)
        return self._read[secret_is_match]


def _entries(rule: Table, allowlists: list[_Allowlist], ids: set[str]) -> list[Entry]:
    notes = [f"{key} is not known here and has no effect" for key in sorted(set(rule) - _KNOWN)]
    regex = rule.get("regex")
    if rule.get("skipReport"):
        raise RuleRefused("skipReport: it is only a part of other rules, and finds nothing by itself")
    if not regex:
        raise RuleRefused(
            "path: it goes by the names of files alone, which a stream does not tell"
            if rule.get("path")
            else "regex: there is none; a rule that changes one of gitleaks' own has nothing to change here"
        )
    group, entropy = rule.get("secretGroup", 0), rule.get("entropy", 0)
    if not isinstance(regex, str) or not isinstance(group, int) or not isinstance(entropy, int | float):
        raise RuleRefused("regex, secretGroup or entropy is not of its type")
    translated = translate(regex, group)
    keywords, tags = _texts(rule, "keywords"), _texts(rule, "tags")
    notes += [_PATH] if rule.get("path") else []
    notes += [_REQUIRED] if rule.get("required") else []
    notes += translated.notes
    beside = _keywords(translated, keywords, notes)
    whole = all(part.before == part.after == EMPTY for part in translated.patterns)
    exceptions = []
    for allowlist in allowlists:
        made = allowlist.read(secret_is_match=whole)
        notes += [note for note in made.notes if note not in notes]
        exceptions += [made.entry] if made.entry else []
    shared: Table = {"name": str(rule.get("description") or rule["id"]), "severity": "high"}
    shared |= {"tags": tags} if tags else {}
    patterns = list(dict.fromkeys(_pattern(part, alone=bool(beside)) for part in translated.patterns))
    if len(patterns) > 1:
        notes.append(f"regex: written as {len(patterns)} rules")
    checks = {"checks": {"entropy": float(min(max(entropy, 0), 8))}} if entropy else {}
    return [
        Entry(
            {
                "id": _own_id(rule["id"], ids, notes),
                **shared,
                "pattern": pattern,
                **({"keywords": beside} if beside else {}),
                **checks,
                **({"except": exceptions} if exceptions else {}),
            },
            tuple(notes),
        )
        for pattern in patterns
    ]


def _keywords(translated: Patterns, keywords: list[str], notes: list[str]) -> list[str]:
    """Give the keywords beside which the secret is to be looked for; none if the regex is enough by itself."""
    words = [word for word in keywords if word.strip()]
    wholes = [series((part.before, part.secret, part.after)) for part in translated.patterns]
    if not words or all(always_holds(whole, words) for whole in wholes):
        return []
    if all(literal_bytes(whole) >= LITERAL_BYTES for whole in wholes):
        notes.append(_ANYWHERE)
        return []
    notes.append(_BESIDE)
    return list(dict.fromkeys(word.lower() for word in words))


def _pattern(part: Part, *, alone: bool) -> str:
    """Write a part; `alone`: the secret by itself, as a keyword wants it."""
    if not alone:
        return part.pattern()
    return written.item(ended(part.secret))


def _texts(rule: Table, name: str) -> list[str]:
    value = rule.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RuleRefused(f"{name} is not a list of texts")
    return value


def _own_id(name: str, ids: set[str], notes: list[str]) -> str:
    """Give an id in kebab-case that nobody else has."""
    plain = "-".join(re.findall("[a-z0-9]+", name.lower()))[: RULE_ID_LIMIT - 4].strip("-") or "rule"
    own, number = plain, 1
    while own in ids:
        number += 1
        own = f"{plain}-{number}"
    ids.add(own)
    if own != name and not any(note.startswith("id:") for note in notes):
        notes.append(f"id: called {own} here")
    return own
