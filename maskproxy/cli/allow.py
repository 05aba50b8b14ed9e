"""`maskproxy allow`: a way out of a false positive, for a person; and, on the gateway's machine, for who decides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maskproxy.cli.asking import Asking, asking_options
from maskproxy.cli.options import config_option
from maskproxy.cli.run import needed_config
from maskproxy.cli.tables import show_table
from maskproxy.errors import BadRequest

if TYPE_CHECKING:
    from maskproxy.store.allowance_rows import Decision

API = "/maskproxy/v1/allowances"
_HELP = frozenset({"-h", "--help"})


class AskOrDecide(click.Group):
    """A group that takes whatever is none of its verbs for what is asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in _HELP:
            args = ["ask", *args]
        return super().parse_args(ctx, args)


@click.group(cls=AskOrDecide, subcommand_metavar="PLACEHOLDER --for 24h --reason TEXT | COMMAND")
def allow() -> None:
    """Let what is no secret pass for you: PLACEHOLDER, for a time, with a reason.

    `maskproxy findings` shows your placeholders. What generic rules find passes at once; the rest waits for approval.
    The text then goes on as it is, both ways, and stays masked in the recording. `maskproxy allow ask --help` shows all
    options.
    """


@allow.command("ask")
@click.argument("placeholder")
@click.option("--for", "duration", required=True, metavar="24h", help="How long: s, m, h or d.")
@click.option("--reason", required=True, metavar="TEXT", help="Why this is no secret. It is kept.")
@asking_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def ask(
    placeholder: str,
    duration: str,
    reason: str,
    gateway: str | None,
    token_file: Path | None,
    ca: Path | None,
    as_json: bool,
) -> None:
    """Let a placeholder's text pass for you."""
    from maskproxy.config.quantities import parse_duration

    try:
        for_s = parse_duration(duration)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from None
    asked = {"placeholder": placeholder, "for_s": for_s, "reason": reason}
    told = Asking(gateway, token_file, ca).post(API, asked).get("allowance")
    made = told if isinstance(told, dict) else {}
    if as_json:
        click.echo(json.dumps(made, indent=2))
    elif made.get("state") == "active":
        click.echo(f"It passes for you until {made.get('expires')} ({made.get('id')}).")
    else:
        click.echo(
            f"It waits for approval as {made.get('id')}. Tell the gateway's operators; nothing passes until then."
        )


@allow.command("list")
@config_option("On the gateway's machine: everybody's, with who decided what.")
@asking_options
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_allowances(
    config_path: Path | None, gateway: str | None, token_file: Path | None, ca: Path | None, as_json: bool
) -> None:
    """List what you asked for; with -c, what everybody did."""
    head = ["asked", "id", "state", "expires", "rule", "placeholder", "reason"]
    if config_path is None:
        listed = Asking(gateway, token_file, ca).get(API).get("allowances")
        rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    else:
        from maskproxy.service.on_site import OnSite

        head.insert(1, "person_name")
        with OnSite(config_path) as store:
            rows = store.allowances()
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    show_table([name.replace("_name", "") for name in head], [[row.get(name) or "" for name in head] for row in rows])


def _decide(decision: Decision, allowance: str, reason: str, config_path: Path) -> None:
    from maskproxy.service.on_site import OnSite

    with OnSite(config_path) as store:
        try:
            told = store.decide(allowance, decision, reason)
        except BadRequest as error:
            raise click.UsageError(str(error)) from None
    until = f" until {told['expires']}" if decision == "approve" else ""
    click.echo(f"{told['id']} of {told['person_name']} is {told['state']}{until}.")


reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why. It is kept.")


@allow.command(short_help="Let pass what somebody asked for.")
@click.argument("allowance", metavar="ID")
@needed_config
@reason_option
def approve(allowance: str, config_path: Path, reason: str) -> None:
    """Let what somebody asked for pass, from now on; on the gateway's machine."""
    _decide("approve", allowance, reason, config_path)


@allow.command(short_help="Refuse what somebody asked for.")
@click.argument("allowance", metavar="ID")
@needed_config
@reason_option
def deny(allowance: str, config_path: Path, reason: str) -> None:
    """Refuse what somebody asked for; on the gateway's machine."""
    _decide("deny", allowance, reason, config_path)


@allow.command(short_help="Take back what passes, or waits.")
@click.argument("allowance", metavar="ID")
@needed_config
@reason_option
def revoke(allowance: str, config_path: Path, reason: str) -> None:
    """Take back what passes, or waits; on the gateway's machine. On every node it is masked again within seconds."""
    _decide("revoke", allowance, reason, config_path)
