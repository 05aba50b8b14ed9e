"""What `maskproxy check` says of a configuration's own rules: what of them cannot be honoured, and which are slow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maskproxy.masking.costs import slow_because
from maskproxy.masking.rulefiles.survey import survey


def rule_notes(where: str, sources: Sequence[str | Path]) -> list[tuple[str, str]]:
    """Give notes as (path in the configuration, sentence); `where` holds `rules`. Of built-in rules nothing is said."""
    told: list[tuple[str, str]] = []
    for i, source in enumerate(sources):
        if isinstance(source, str):
            continue
        place, found = f"{where}.rules[{i}]", survey([source])
        for file, remark in found.remarks:
            named = f"rule {remark.rule} {'is left out' if remark.left_out else 'in part'}: " if remark.rule else ""
            told.append((place, f"{file}: {named}{remark.sentence}"))
        for rule in found.rules:
            told += [(place, f"{found.place(rule.id)}rule {rule.id} is slow: {why}") for why in slow_because(rule)]
    return told
