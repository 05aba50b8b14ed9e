"""`maskproxy rules`: what is looked for, and whether it finds what it should."""

from __future__ import annotations

import dataclasses
import json
import secrets
from pathlib import Path
from typing import BinaryIO

import click

from maskproxy.cli.protect import protect
from maskproxy.errors import NotFound
from maskproxy.masking.actions import MASKS

config_option = click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The rules of a configuration.",
)


@click.group()
def rules() -> None:
    """List, show and test the masking rules: those of a configuration, or the built-in ones. Protect source."""


rules.add_command(protect)


@rules.command("list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_rules(config_path: Path | None, as_json: bool) -> None:
    """List the rules by their ids, with their actions in requests and answers where that is not to mask."""
    from maskproxy.cli.masks import rules_of

    found = rules_of(config_path).rules
    if as_json:
        click.echo(json.dumps([described(rule) for rule in found], indent=2))
        return
    width = max((len(rule.id) for rule in found), default=0)
    for rule in found:
        actions = "" if rule.actions == MASKS else f"  [{rule.actions.request} / {rule.actions.answer}]"
        click.echo(f"{rule.id:<{width}}  {rule.name}{actions}".rstrip())


@rules.command("show")
@config_option
@click.argument("rule_id", metavar="RULE")
def show_rule(config_path: Path | None, rule_id: str) -> None:
    """Print one rule, in JSON."""
    from maskproxy.cli.masks import rules_of

    for rule in rules_of(config_path).rules:
        if rule.id == rule_id:
            click.echo(json.dumps(described(rule), indent=2))
            return
    raise NotFound("There is no rule with this id. See `maskproxy rules list`.")


@rules.command("test")
@config_option
@click.option(
    "--rules", "sources", multiple=True, metavar="SOURCE", help="A rule file or builtin:NAME; again for more."
)
@click.argument("file", type=click.File("rb"), required=False)
def test_rules(config_path: Path | None, sources: tuple[str, ...], file: BinaryIO | None) -> None:
    """Prove the rules against their own samples; with FILE (or -), tell what they find in it.

    A finding is told as rule, line and column (in characters), never as text. Exits with 78 if a rule is refused.
    """
    from maskproxy.cli.masks import SCOPE, rules_of, ruleset
    from maskproxy.masking import Masking, PlaceholderKey

    named = tuple(s if s.startswith("builtin:") else Path(s) for s in sources)
    loaded = ruleset(named) if named else rules_of(config_path)
    click.echo(f"{len(loaded.rules)} rules hold against their samples.", err=True)
    if file is None:
        return
    data = file.read()
    for finding in Masking(loaded, PlaceholderKey(secrets.token_bytes(32)).scoped(SCOPE)).find(data):
        line = data.count(b"\n", 0, finding.start) + 1
        before = data[data.rfind(b"\n", 0, finding.start) + 1 : finding.start]
        click.echo(f"{finding.rule} line {line} column {len(before.decode('utf-8', 'replace')) + 1}")


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
    if isinstance(value, tuple | list | set | frozenset):
        items = [plain(item) for item in (value if isinstance(value, tuple | list) else sorted(value, key=str))]
        return [item for item in items if item is not NotImplemented]
    if dataclasses.is_dataclass(value):
        return described(value)
    return NotImplemented
