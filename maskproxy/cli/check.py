"""`maskproxy check`: every fault of a configuration with its path in the file, or OK."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from maskproxy.cli.run import needed_config
from maskproxy.errors import ConfigurationFault


@click.command()
@needed_config
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def check(config_path: Path, as_json: bool) -> None:
    """Check a configuration and tell every fault in it.

    Reads every file that it names; dials nothing. Exits with 0, or with 78 if there are faults.
    """
    from maskproxy.config import load
    from maskproxy.service.checks import deeper_faults, notes

    faults: list[tuple[str, str]] = []
    noted: list[tuple[str, str]] = []
    try:
        config = load(config_path, os.environ)
        faults = deeper_faults(config)
        noted = notes(config)
    except ConfigurationFault as error:
        faults = error.faults
    if as_json:
        answer = {"ok": not faults, "faults": as_objects(faults), "notes": as_objects(noted)}
        click.echo(json.dumps(answer, indent=2))
    else:
        for path, sentence in faults:
            click.echo(f"{path}: {sentence}" if path else sentence, err=True)
        for path, sentence in noted:
            click.echo(f"{path}: {sentence}", err=True)
        if not faults:
            click.echo(f"OK {config_path}")
    if faults:
        sys.exit(ConfigurationFault.exit_code)


def as_objects(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"path": path, "sentence": sentence} for path, sentence in pairs]
