"""`maskproxy rules test`: every sample of every rule, and everything that fails."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from maskproxy.cli.rules import rules_config

if TYPE_CHECKING:
    from maskproxy.masking import Rule
    from maskproxy.masking.rulefiles.survey import Survey

FAILED = 1
_REFUSED = re.compile(r"Rule (\S+) is refused: (.*)\.", re.DOTALL)


class Failed(NamedTuple):
    file: str
    rule: str
    """Empty: the whole file."""
    reason: str


@click.command("test")
@rules_config
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
def test_rules(config_path: Path | None, as_json: bool, files: tuple[str, ...]) -> None:
    """Prove rules by their own samples: those in each FILE (or builtin:NAME), of a configuration, or built in.

    Tells everything that fails, with file, rule and reason, and exits with 1. For the rules of a gitleaks file, which
    has no samples, some are made from their regexes.
    """
    from maskproxy.cli.masks import sources, sources_of
    from maskproxy.masking.rulefiles.survey import survey

    found = survey(sources(files) if files else sources_of(config_path))
    failed = [_as_failed(fault.file, fault.sentence) for fault in found.faults]
    holding, more = proved(found)
    failed += more
    if as_json:
        click.echo(json.dumps({"hold": holding, "failed": [one._asdict() for one in failed]}, indent=2))
    else:
        for one in failed:
            click.echo(": ".join(part for part in one if part))
    for file, remark in found.remarks:
        if remark.left_out:
            click.echo(f"{file}: {remark.rule}: left out: {remark.sentence}", err=True)
    click.echo(f"{holding} rules hold against their samples, {len({one[:2] for one in failed})} do not.", err=True)
    if failed:
        sys.exit(FAILED)


def proved(found: Survey) -> tuple[int, list[Failed]]:
    """How many rules hold, and what fails of the others."""
    from maskproxy.errors import RuleRefused
    from maskproxy.masking import RuleSet
    from maskproxy.masking.gitleaks.samples import with_samples
    from maskproxy.masking.loading import compiled_before
    from maskproxy.masking.proof import failures
    from maskproxy.service.rule_cache import rule_cache

    rules = list(found.rules)
    failed: list[Failed] = []
    cache = rule_cache(os.environ)
    compiled = compiled_before(found, cache) if cache is not None and not found.faults else None
    while rules and compiled is None:
        try:
            compiled = RuleSet(rules)
        except RuleRefused as refusal:
            one = _as_failed("", str(refusal))
            if one.rule not in {rule.id for rule in rules}:
                return 0, [*failed, one]
            failed.append(one._replace(file=found.own.get(one.rule, "")))
            rules = [rule for rule in rules if rule.id != one.rule]
    if compiled is None:
        return 0, failed
    failed += [Failed(found.own.get(one.rule, ""), one.rule, one.reason) for one in failures(compiled)]
    imported = [rule for rule in rules if rule.imported]
    if imported:
        failed += [_unproved(found, rule) for rule in with_samples(imported)[1]]
    return len(rules) - len({one.rule for one in failed} & {rule.id for rule in rules}), failed


def _unproved(found: Survey, rule: Rule) -> Failed:
    reason = "no text made from its regex is found; its entropy or its allowlists may let every one pass"
    return Failed(found.own.get(rule.id, ""), rule.id, reason)


def _as_failed(file: str, sentence: str) -> Failed:
    named = _REFUSED.fullmatch(sentence)
    return Failed(file, named[1], named[2]) if named else Failed(file, "", sentence)
