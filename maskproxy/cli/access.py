"""`maskproxy access`: ask for a grant, decide on what others asked for, revoke; with -c on the gateway's machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from maskproxy.cli.asking import Asking, asking_options
from maskproxy.cli.options import config_option
from maskproxy.cli.tables import show_table
from maskproxy.errors import BadRequest

if TYPE_CHECKING:
    from maskproxy.store.access_rows import Decision
    from maskproxy.store.revocation_rows import Kind

API = "/maskproxy/v1/access"
FOR_GOOD = "3650d"
FOR_A_WHILE = "90d"
_KINDS = ("person", "token", "session", "grant")

Command = TypeVar("Command", bound=Callable[..., object])

reason_option = click.option("--reason", default="", metavar="TEXT", help="Why. It is kept.")
on_site_option = config_option("On the gateway's machine, by its store: no token is needed.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@click.group()
def access() -> None:
    """Ask for a grant that needs approval; decide on what others ask for; revoke at once."""


@access.command("request", short_help="Ask for a grant that needs approval.")
@click.argument("grant")
@click.option("--for", "duration", required=True, metavar="2h", help="How long: s, m, h or d.")
@reason_option
@asking_options
@json_option
def ask(
    grant: str, duration: str, reason: str, gateway: str | None, token_file: Path | None, ca: Path | None, as_json: bool
) -> None:
    """Ask for GRANT, from its approval on."""
    asked = {"grant": grant, "for_s": _seconds(duration), "reason": reason}
    made = _object(Asking(gateway, token_file, ca).post(API, asked), "request")
    if as_json:
        click.echo(json.dumps(made, indent=2))
        return
    approvers = made.get("approvers")
    who = ", ".join(map(str, approvers)) if isinstance(approvers, list) else "the approvers"
    approving = f"maskproxy access approve {made.get('id')}"
    click.echo(f"It waits for approval as {made.get('id')}. Somebody of {who} can give it: {approving}")


@access.command("list", short_help="What was asked for, and revoked.")
@on_site_option
@asking_options
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_access(
    config_path: Path | None, gateway: str | None, token_file: Path | None, ca: Path | None, as_json: bool
) -> None:
    """List what you asked for, and what you may decide on; with -c, everything."""
    if config_path is None:
        listed = Asking(gateway, token_file, ca).get(API).get("access")
        rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    else:
        from maskproxy.service.on_site_access import OnSiteAccess

        with OnSiteAccess(config_path) as store:
            rows = store.listed()
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    names = ("at", "id", "kind", "state", "expires")
    table = [[*(row.get(name) or "" for name in names), *_what_and_whose(row), row.get("reason") or ""] for row in rows]
    show_table([*names, "what", "person", "reason"], table)


@access.command(short_help="Open a grant for who asked for it.")
@click.argument("request_id", metavar="ID")
@reason_option
@on_site_option
@asking_options
@json_option
def approve(request_id: str, reason: str, **where: object) -> None:
    """Open the grant for who asked for it, from now on."""
    _decide("approve", request_id, reason, where)


@access.command(short_help="Refuse a grant to who asked for it.")
@click.argument("request_id", metavar="ID")
@reason_option
@on_site_option
@asking_options
@json_option
def deny(request_id: str, reason: str, **where: object) -> None:
    """Refuse what somebody asked for."""
    _decide("deny", request_id, reason, where)


@access.command(short_help="End an approval, a person's access, a token, a grant or a session.")
@click.argument("request_id", metavar="[ID]", required=False)
@click.option("--person", metavar="KEY", help="Everything of a person: issuer#subject, or the subject of any issuer.")
@click.option("--token", metavar="JTI", help="One token, by its claim jti.")
@click.option("--grant", metavar="NAME", help="A grant, of everybody; with --person, of that one.")
@click.option("--session", metavar="ID", help="One session: x-maskproxy-session.")
@click.option("--for", "duration", metavar="24h", help="How long [a person, a grant: 10 years; else 90 days].")
@click.option("--undo", metavar="ID", help="Take back a revocation.")
@reason_option
@on_site_option
@asking_options
@json_option
def revoke(
    request_id: str | None,
    person: str | None,
    token: str | None,
    grant: str | None,
    session: str | None,
    duration: str | None,
    undo: str | None,
    reason: str,
    **where: object,
) -> None:
    """End something at once, on every node: requests are refused, what runs ends within seconds.

    ID is an approved request, as `maskproxy access list` shows it.
    """
    beside = person if grant else None
    named = {"person": None if grant else person, "token": token, "session": session, "grant": grant}
    chosen = [(kind, target) for kind in _KINDS if (target := named[kind]) is not None]
    if len(chosen) + (request_id is not None) + (undo is not None) != 1:
        raise click.UsageError("Name one thing: ID, --person, --token, --grant, --session or --undo.")
    if request_id is not None:
        _decide("revoke", request_id, reason, where)
    elif undo is not None:
        told = _restored(undo, reason, where)
        _tell(told, where, f"{told.get('id')} is undone: the {told.get('kind')} counts again.")
    else:
        kind, target = chosen[0]
        for_s = _seconds(duration or (FOR_GOOD if kind in {"person", "grant"} else FOR_A_WHILE))
        told = _revoked(kind, target, beside or "", for_s, reason, where)
        undoing = f"maskproxy access revoke --undo {told.get('id')}"
        _tell(told, where, f"The {kind} is revoked until {told.get('expires')}. To take it back: {undoing}")


def _decide(decision: Decision, request: str, reason: str, where: dict[str, object]) -> None:
    config_path = where["config_path"]
    if isinstance(config_path, Path):
        from maskproxy.service.on_site_access import OnSiteAccess

        with OnSiteAccess(config_path) as store:
            told = _on_site(lambda: store.decide_request(request, decision, reason))
    else:
        asked = {"id": request, "decision": decision, "reason": reason}
        told = _object(_asking(where).post(f"{API}/decisions", asked), "request")
    until = f" until {told.get('expires')}" if decision == "approve" else ""
    whose = f"the grant {told.get('grant')} of {told.get('person_name')}"
    said = f"{told.get('id')}: {whose} is {told.get('state')}{until}."
    _tell(told, where, said)


def _revoked(
    kind: str, target: str, person: str, for_s: float, reason: str, where: dict[str, object]
) -> dict[str, object]:
    config_path = where["config_path"]
    if isinstance(config_path, Path):
        from maskproxy.service.on_site_access import OnSiteAccess

        of_kind: Kind = next(one for one in _all_kinds() if one == kind)
        with OnSiteAccess(config_path) as store:
            return _on_site(lambda: store.revoke(of_kind, target, person, for_s, reason))
    asked = {"kind": kind, "target": target, "person": person, "for_s": for_s, "reason": reason}
    return _object(_asking(where).post(f"{API}/revocations", asked), "revocation")


def _all_kinds() -> tuple[Kind, ...]:
    return ("person", "token", "session", "grant")


def _restored(undo: str, reason: str, where: dict[str, object]) -> dict[str, object]:
    config_path = where["config_path"]
    if isinstance(config_path, Path):
        from maskproxy.service.on_site_access import OnSiteAccess

        with OnSiteAccess(config_path) as store:
            return _on_site(lambda: store.restore(undo, reason))
    return _object(_asking(where).post(f"{API}/restorations", {"id": undo, "reason": reason}), "revocation")


def _on_site(call: Callable[[], dict[str, object]]) -> dict[str, object]:
    try:
        return call()
    except BadRequest as error:
        raise click.UsageError(str(error)) from None


def _asking(where: dict[str, object]) -> Asking:
    gateway, token_file, ca = where["gateway"], where["token_file"], where["ca"]
    return Asking(
        gateway if isinstance(gateway, str) else None,
        token_file if isinstance(token_file, Path) else None,
        ca if isinstance(ca, Path) else None,
    )


def _tell(told: dict[str, object], where: dict[str, object], said: str) -> None:
    click.echo(json.dumps(told, indent=2) if where["as_json"] else said)


def _object(answer: dict[str, object], name: str) -> dict[str, object]:
    told = answer.get(name)
    return told if isinstance(told, dict) else {}


def _seconds(duration: str) -> float:
    from maskproxy.config.quantities import parse_duration

    try:
        return parse_duration(duration)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from None


def _what_and_whose(row: dict[str, object]) -> tuple[object, object]:
    return row.get("grant") or row.get("target") or "", row.get("person_name") or row.get("person") or ""
