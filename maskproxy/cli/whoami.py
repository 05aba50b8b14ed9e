"""`maskproxy whoami` and `maskproxy token`: the sign-in as it is kept."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maskproxy.cli.at_gateway import at_gateway, gateway_options

if TYPE_CHECKING:
    from maskproxy.developer.sign_in import SignIn


@click.command()
@gateway_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def whoami(gateway: str | None, ca: Path | None, as_json: bool) -> None:
    """Show who you are for the gateway, in which groups, and until when.

    It is read from your token, and the gateway is not asked. Exit code 77: you are not signed in.
    """
    from maskproxy.developer.gateway import shown
    from maskproxy.developer.remembered import Places

    places = Places(os.environ)
    session = places.session(at_gateway(gateway, ca, places))
    told = described(session.kept(), session.keeper.where, time.time())
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    for name, value in told.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if text and value is not None:
            click.echo(f"{name.replace('_', ' ') + ':':<13}{shown(text)}")


def described(one: SignIn, where: str, now: float) -> dict[str, object]:
    claims = one.claims
    groups, provider, carried = claims.get("groups"), claims.get("idp"), claims.get("claims")
    return {
        "name": claims.get("name"),
        "email": claims.get("email"),
        "groups": [str(group) for group in groups] if isinstance(groups, list) else [],
        "claims": [f"{k}={v}" for k, v in carried.items()] if isinstance(carried, dict) else [],
        "provider": provider.get("name") if isinstance(provider, dict) else None,
        "subject": claims.get("sub"),
        "gateway": one.gateway,
        "token_until": datetime.fromtimestamp(one.ends_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "state": _state(one, now),
        "kept_in": where,
    }


def _state(one: SignIn, now: float) -> str:
    if one.is_valid(now):
        return "valid, refreshed by itself" if one.refresh_token else "valid"
    return "refreshed when it is used next" if one.refresh_token else "ended"


@click.command()
@gateway_options
def token(gateway: str | None, ca: Path | None) -> None:
    """Print a token that is good for some minutes, refreshed where that takes it.

    For scripts, and for Claude Code's apiKeyHelper. Exit code 77: sign in again.
    """
    from maskproxy.developer.remembered import Places

    places = Places(os.environ)
    click.echo(places.session(at_gateway(gateway, ca, places)).fresh().access_token)
