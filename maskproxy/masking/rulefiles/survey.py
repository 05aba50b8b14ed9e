"""All that rule files say, read and not compiled yet: the rules, every fault, and what a stream cannot honour."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from maskproxy.errors import RuleRefused
from maskproxy.masking.gitleaks.document import Remark
from maskproxy.masking.gitleaks.reading import read_gitleaks
from maskproxy.masking.rulefiles.documents import read_yaml
from maskproxy.masking.rulefiles.entries import read_rule, with_parts
from maskproxy.masking.rulefiles.sources import Source, read_sources
from maskproxy.masking.rules import Rule
from maskproxy.masking.size import SET_LIMIT, size

RULES_LIMIT = 5000


class Fault(NamedTuple):
    """Why a file, or a rule in it, is refused."""

    file: str
    """Empty where the sentence names it, or it is nobody's."""
    sentence: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.sentence}" if self.file else self.sentence


@dataclass
class Survey:
    """What was read."""

    rules: list[Rule] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[tuple[str, Remark]] = field(default_factory=list)
    """By file."""
    contents: list[bytes] = field(default_factory=list)
    own: dict[str, str] = field(default_factory=dict)
    """Of the rules that are not built in: the file."""

    def place(self, rule_id: str) -> str:
        """Give what to put before a sentence about a rule."""
        return f"{self.own[rule_id]}: " if rule_id in self.own else ""


def survey(sources: Sequence[str | Path]) -> Survey:
    """Read all sources. What cannot be read is a fault, and the rest is read all the same."""
    found = Survey()
    for source in sources:
        try:
            for read in read_sources([source]):
                _add(found, read)
        except RuleRefused as refusal:
            found.faults.append(Fault("", str(refusal), refusal.detail))
    if not found.faults and not 0 < len(found.rules) <= RULES_LIMIT:
        found.faults.append(Fault("", f"A rule set has between 1 and {RULES_LIMIT} rules."))
    elif sum(size(rule.shape.core).positions for rule in found.rules if rule.id in found.own) > SET_LIMIT:
        sentence = (
            "The rules that are not built in are too large together; leave some out, or make their counts smaller."
        )
        found.faults.append(Fault("", sentence))
    return found


def _add(found: Survey, source: Source) -> None:
    taken = {rule.id for rule in found.rules}
    rules = _gitleaks(found, source, taken) if source.path.suffix == ".toml" else _yaml(found, source)
    for rule in rules:
        if rule.id in taken:
            found.faults.append(Fault(source.name, f"Rule {rule.id} is there twice."))
            continue
        taken.add(rule.id)
        found.rules.append(rule)
        if not source.builtin:
            found.own[rule.id] = source.name


def _yaml(found: Survey, source: Source) -> list[Rule]:
    found.contents += [source.name.encode(), source.content]
    document = read_yaml(source.content, source.name, bounded=not source.builtin)
    if not isinstance(document, dict) or not isinstance(document.get("rules"), list):
        raise RuleRefused(f"The rule file {source.name} has no list of rules.")
    unknown = sorted(str(key) for key in set(document) - {"family", "lift", "parts", "rules"})
    if unknown:
        raise RuleRefused(
            f"The rule file {source.name} has a key called {unknown[0]}; there are family, lift, parts and rules."
        )
    parts = document.get("parts", {})
    if not isinstance(parts, dict) or not all(isinstance(text, str) for item in parts.items() for text in item):
        raise RuleRefused(f"The parts in the rule file {source.name} are not patterns by name.")
    family = document.get("family", source.path.stem)
    if not isinstance(family, str):
        raise RuleRefused(f"The family in the rule file {source.name} is not a text.")
    if len(document["rules"]) > RULES_LIMIT:
        raise RuleRefused(f"The rule file {source.name} has more than {RULES_LIMIT} rules.")
    rules = []
    for entry in document["rules"]:
        try:
            rules.append(
                read_rule(with_parts(entry, parts), family, source.name, lift=document.get("lift", "approval"))
            )
        except RuleRefused as refusal:
            found.faults.append(Fault(source.name, str(refusal), refusal.detail))
    return rules


def _gitleaks(found: Survey, source: Source, taken: Collection[str]) -> list[Rule]:
    """Read a gitleaks file. A rule that is unfit is left out in words; a file of which nothing is left is a fault."""
    imported = read_gitleaks(source.path, source.content, taken)
    found.contents += [source.name.encode(), *imported.contents]
    found.remarks += [(source.name, remark) for remark in imported.remarks]
    rules = []
    for entry in imported.entries:
        try:
            rule = read_rule(entry.fields, source.path.stem, source.name)
        except RuleRefused as refusal:
            sentence = str(refusal).removeprefix(f"Rule {entry.fields['id']} is refused: ").rstrip(".")
            found.remarks.append((source.name, Remark(entry.fields["id"], sentence, left_out=True)))
            continue
        rules.append(replace(rule, notes=entry.notes, imported=True))
    if not rules:
        why = next((f": {remark.sentence}" for _, remark in reversed(found.remarks) if remark.left_out), "")
        raise RuleRefused(f"The rule file {source.name} has no rule that can be looked for in a stream{why}.")
    return rules
