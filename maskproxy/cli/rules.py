"""`maskproxy rules`: what is looked for, and whether it finds what it should."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import click

from maskproxy.cli.main import LazyGroup
from maskproxy.cli.options import config_option
from maskproxy.errors import NotFound
from maskproxy.masking.actions import MASKS

VERBS = {
    "list": ("maskproxy.cli.rules:list_rules", "List the rules, and what of them cannot be honoured."),
    "show": ("maskproxy.cli.rules:show_rule", "Print one rule, in JSON."),
    "test": ("maskproxy.cli.rules_test:test_rules", "Prove rules by their own samples."),
    "bench": ("maskproxy.cli.rules_bench:bench_rules", "Measure what each rule costs."),
    "import": ("maskproxy.cli.rules_import:import_rules", "Write a gitleaks file as YAML of ours."),
    "schema": ("maskproxy.cli.rules:print_schema", "Print the JSON Schema of rule files."),
    "protect": ("maskproxy.cli.protect:protect", "Write fingerprints of source that must not leave."),
}

rules_config = config_option("The rules of a configuration.")


@click.group(cls=LazyGroup, verbs=VERBS)
def rules() -> None:
    """The masking rules: those of a configuration, or the built-in ones. Protect source."""


@click.command("list")
@rules_config
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_rules(config_path: Path | None, as_json: bool) -> None:
    """List the rules by their ids, with their actions in requests and answers where that is not to mask.

    Below a rule from a gitleaks file stands what of it cannot be honoured; rules that are left out come last.
    """
    from maskproxy.cli.masks import remarks_of, rules_of

    found, remarks = rules_of(config_path).rules, remarks_of(config_path)
    left_out = [(file, remark) for file, remark in remarks if remark.left_out]
    if as_json:
        missing = [{"id": remark.rule, "file": file, "left_out": remark.sentence} for file, remark in left_out]
        click.echo(json.dumps([*(described(rule) for rule in found), *missing], indent=2))
        return
    width = max((len(rule.id) for rule in found), default=0)
    for rule in found:
        actions = "" if rule.actions == MASKS else f"  [{rule.actions.request} / {rule.actions.answer}]"
        click.echo(f"{rule.id:<{width}}  {rule.name}{actions}".rstrip())
        for note in rule.notes:
            click.echo(f"    {note}")
    for file, remark in left_out:
        click.echo(f"{remark.rule:<{width}}  left out of {file}: {remark.sentence}")
    for file, remark in remarks:
        if not remark.rule:
            click.echo(f"{file}: {remark.sentence}", err=True)


@click.command("show")
@rules_config
@click.argument("rule_id", metavar="RULE")
def show_rule(config_path: Path | None, rule_id: str) -> None:
    """Print one rule, in JSON."""
    from maskproxy.cli.masks import rules_of

    for rule in rules_of(config_path).rules:
        if rule.id == rule_id:
            click.echo(json.dumps(described(rule), indent=2))
            return
    raise NotFound("There is no rule with this id. See `maskproxy rules list`.")


@click.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of rule files, which editors use to check and complete them.

    In an editor with a YAML language server: # yaml-language-server: $schema=rules.schema.json as a file's first line.
    """
    from maskproxy.masking.rulefiles.schema import schema_text

    click.echo(schema_text(), nl=False)


def described(rule: object) -> dict[str, object]:
    """A rule's fields as JSON can hold them; what is compiled is left out."""
    assert dataclasses.is_dataclass(rule)
    found = {field.name: plain(getattr(rule, field.name)) for field in dataclasses.fields(rule)}
    return {name: value for name, value in found.items() if value is not NotImplemented}


def plain(value: object) -> object:
    """The value for JSON, or NotImplemented for what JSON has no word for."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        items = [plain(item) for item in (value if isinstance(value, tuple | list) else sorted(value, key=str))]
        return [item for item in items if item is not NotImplemented]
    if dataclasses.is_dataclass(value):
        return described(value)
    return NotImplemented
