"""`maskproxy findings`: what was masked for whoever asks; for operators, how often which rule found something."""

from __future__ import annotations

import json
from pathlib import Path

import click

from maskproxy.cli.asking import Asking, asking_options
from maskproxy.cli.options import config_option
from maskproxy.cli.tables import show_table


@click.command()
@asking_options
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="The latest so many.")
@config_option("On the gateway's machine: what its store counts by rule, over all people.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def findings(
    gateway: str | None, token_file: Path | None, ca: Path | None, limit: int, config_path: Path | None, as_json: bool
) -> None:
    """Show what was masked for you: rule, place, placeholder and when, never the value.

    What is no secret can be let pass: see `maskproxy allow`.
    """
    if config_path is not None:
        _show_counts(config_path, as_json=as_json)
        return
    rows = Asking(gateway, token_file, ca).get(f"/maskproxy/v1/findings?limit={limit}").get("findings")
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    if not found:
        click.echo("Nothing was masked for you lately.", err=True)
        return
    columns = ("last_seen", "placeholder", "times", "action", "session", "place")
    table = [[passing(row), row.get("rule", ""), *(row.get(name, "") for name in columns)] for row in found]
    show_table(["to pass", "rule", *(name.replace("_", " ") for name in columns)], table)


def passing(row: dict[str, object]) -> str:
    """What it takes for a finding to pass, in a word or two."""
    until = row.get("allowed_until")
    return f"until {until}" if until else str(row.get("lift", "")).replace("_", " ")


def _show_counts(config_path: Path, *, as_json: bool) -> None:
    from maskproxy.service.on_site import OnSite

    with OnSite(config_path) as store:
        counts = store.findings_by_rule()
    if as_json:
        click.echo(json.dumps([count._asdict() for count in counts], indent=2))
        return
    show_table(["rule", "action", "mode", "people", "placeholders", "times"], counts)
