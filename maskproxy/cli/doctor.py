"""`maskproxy doctor`: what keeps this machine from the gateway."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from maskproxy.cli.at_gateway import gateway_options, named


@click.command()
@gateway_options
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def doctor(gateway: str | None, ca: Path | None, as_json: bool) -> None:
    """Look for what keeps this machine from the gateway, and say what to do about each fault.

    Looked at are the address, who trusts its certificate (this command, Python, Node), the clock, your sign-in, and
    this shell's proxies and other variables. Exit code 1: there is a fault.
    """
    from maskproxy.developer.doctor.examination import examine
    from maskproxy.developer.remembered import Places

    places = Places(os.environ)
    url, authority = named(gateway, ca, places)
    faults, told = 0, []
    for check in examine(url, authority, places.session, os.environ):
        faults += check.is_fault
        told.append({"check": check.name, "fault": check.is_fault, "told": check.told, "fix": check.fix})
        if not as_json:
            click.echo(f"{'FAULT' if check.is_fault else 'ok':<7}{check.name}: {check.told}")
            if check.is_fault:
                click.echo(f"{'':<7}do: {check.fix}")
    if as_json:
        click.echo(json.dumps(told, indent=2))
    sys.exit(1 if faults else 0)
