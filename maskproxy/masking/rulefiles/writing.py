"""Rules written as a YAML file of ours, with what of them is not honoured as comments above each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from maskproxy.masking.rules import Rule


def write_rules(family: str, rules: Sequence[Rule], left_out: Iterable[tuple[str, str]] = ()) -> str:
    """Write a file. `left_out`: ids and reasons of rules that are not in it."""
    parts = [_dumped({"family": family}), "rules:\n"]
    for rule in rules:
        parts += [f"  # {line}\n" for note in rule.notes for line in note.splitlines()]
        lines = _dumped([_fields(rule)]).splitlines(keepends=True)
        parts += [f"  {line}" for line in lines]
    parts += [f"# Left out: {_plain(name)}: {_plain(reason)}\n" for name, reason in left_out]
    return "".join(parts)


def _fields(rule: Rule) -> dict[str, Any]:
    """Give what `read_rule` makes the same rule of; of its checks, entropy alone."""
    fields: dict[str, Any] = {"id": rule.id, "name": rule.name, "severity": rule.severity}
    if rule.tags:
        fields["tags"] = list(rule.tags)
    fields["pattern"] = rule.pattern
    if rule.keywords:
        fields["keywords"] = list(rule.keywords)
    if rule.checks.entropy:
        fields["checks"] = {"entropy": rule.checks.entropy}
    if rule.exceptions:
        fields["except"] = [
            {
                **({"secret": list(one.secret)} if one.secret else {}),
                **({"words": list(one.words)} if one.words else {}),
                **({"all": True} if one.all else {}),
            }
            for one in rule.exceptions
        ]
    fields["samples"] = list(rule.samples)
    return fields


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, which our reader refuses."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library's signature
        return True


def _dumped(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**20)


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
