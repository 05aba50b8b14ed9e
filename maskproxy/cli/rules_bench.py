"""`maskproxy rules bench`: what each rule costs by itself, and which rules are slow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from maskproxy.cli.rules import rules_config

if TYPE_CHECKING:
    from maskproxy.service.rule_costs import Cost


@click.command("bench")
@rules_config
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@click.option("--text", "text", type=click.File("rb"), help="Measure on this file, not on the texts that are there.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
def bench_rules(config_path: Path | None, as_json: bool, text: BinaryIO | None, files: tuple[str, ...]) -> None:
    """Measure each rule by itself: of each FILE (or builtin:NAME), of a configuration, or built in. The dearest first.

    The texts are prose, program code and base64 from this machine's Python. Times are processor time, as multiples of
    the cheapest rule's. held: how many bytes of prose wait for the rule, on average. hits: places in a megabyte that
    are looked at more closely.
    """
    from maskproxy.cli.masks import rules_of, ruleset, sources
    from maskproxy.service.rule_costs import measured, texts

    rules = (ruleset(sources(files)) if files else rules_of(config_path)).rules
    material = texts() if text is None else {"file": text.read()}
    click.echo(", ".join(f"{name}: {len(data) / 1e6:.1f} MB" for name, data in material.items()), err=True)
    costs = measured(rules, material)
    if as_json:
        click.echo(json.dumps([cost._asdict() for cost in costs], indent=2))
        return
    show(costs)
    slow = [cost for cost in costs if cost.slow]
    click.echo(f"{len(slow)} of {len(costs)} rules are slow.", err=True)


def show(costs: list[Cost]) -> None:
    """A table on a terminal, plain columns elsewhere."""
    from rich.console import Console
    from rich.table import Table

    columns = ("rule", "cost", "ns/byte", "held", "hits/MB", "slow because")
    rows = [
        (c.rule, f"{c.times:.1f}x", f"{c.ns_a_byte:.3f}", f"{c.held:.2f}", f"{c.hits_a_mb:.1f}", "; ".join(c.slow))
        for c in costs
    ]
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if 0 < number < len(columns) - 1 else "left", overflow="fold")
    for row, cost in zip(rows, costs, strict=True):
        table.add_row(*row, style="yellow" if cost.slow else None)
    console.print(table)
