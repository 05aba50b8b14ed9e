"""`maskproxy rules import`: a gitleaks file as YAML of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click


@click.command("import")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write there, instead of to standard output.",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_rules(output: Path | None, file: Path) -> None:
    """Write the rules of a gitleaks TOML FILE as a rule file of ours, each with a sample made from its regex.

    What a stream cannot honour is told on standard error, and stands as comments in the file. Ids that built-in rules
    have get a number behind them.
    """
    from maskproxy.errors import RuleRefused
    from maskproxy.masking.gitleaks.samples import with_samples
    from maskproxy.masking.rulefiles.survey import survey
    from maskproxy.masking.rulefiles.writing import write_rules

    if file.suffix != ".toml":
        raise click.UsageError("A gitleaks file has a name that ends in .toml.")
    found = survey(["builtin:default", file])
    for fault in found.faults:
        raise RuleRefused(str(fault), detail=fault.detail)
    rules, unproved = with_samples([rule for rule in found.rules if rule.imported])
    left_out = [(remark.rule, remark.sentence) for _, remark in found.remarks if remark.left_out]
    reason = "no text made from its regex is found; its entropy or its allowlists may let every one pass"
    left_out += [(rule.id, reason) for rule in unproved]
    text = write_rules(file.stem, rules, left_out)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
    tell(file.name, [(r.rule, r.sentence) for _, r in found.remarks if not r.left_out], left_out)
    click.echo(f"{len(rules)} rules written, {len(left_out)} left out.", err=True)


def tell(file: str, partly: Sequence[tuple[str, str]], left_out: Sequence[tuple[str, str]]) -> None:
    """What is not honoured, each sentence once with the rules that it is about."""
    by_sentence: dict[str, list[str]] = {}
    for rule, sentence in partly:
        by_sentence.setdefault(sentence, []).append(rule)
    for sentence, rules in by_sentence.items():
        named = ", ".join(rule for rule in rules if rule)
        click.echo(f"{file}: {sentence}" + (f" ({named})" if named else ""), err=True)
    for rule, reason in left_out:
        click.echo(f"{file}: {rule}: left out: {reason}", err=True)
