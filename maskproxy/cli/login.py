"""`maskproxy login` and `maskproxy logout`."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import click

from maskproxy.cli.at_gateway import at_gateway, gateway_options, say


@click.command()
@gateway_options
@click.option("--device", is_flag=True, help="Show a code to type in a browser on any machine.")
@click.option(
    "--keep",
    type=click.Choice(["auto", "keyring", "file"]),
    default="auto",
    show_default=True,
    help="Where the token is kept: the system's keyring where there is one (auto), or a file that is yours alone.",
)
def login(gateway: str | None, ca: Path | None, device: bool, keep: str) -> None:
    """Sign in at the gateway, as the company's identity provider knows you.

    A page opens in your browser and comes back by itself. Without a browser on this machine, as over SSH, you are shown
    a code to type into one elsewhere.

    The gateway is remembered, so the other commands need not be told: `maskproxy connect`, `exec`, `env`, `token`.
    """
    from maskproxy.developer import browser, oauth, signing_in
    from maskproxy.developer.gateway import shown
    from maskproxy.developer.remembered import Places
    from maskproxy.errors import MaskproxyError, Unavailable

    places = Places(os.environ)
    at = at_gateway(gateway, ca, places)
    endpoints = oauth.discover(at)
    if device or not browser.has_browser(os.environ):
        one = signing_in.by_device(at, endpoints, say)
    else:
        one = signing_in.by_browser(at, endpoints, browser.open_page, say)
    with contextlib.suppress(MaskproxyError):
        places.session(at).end()
    session = places.new_session(at, keep)
    try:
        session.keep(one)
    except Unavailable:
        if keep == "keyring":
            raise
        session = places.new_session(at, "file")
        session.keep(one)
    places.remember(at)
    who = one.claims.get("email") or one.claims.get("name") or "you"
    minutes = (one.ends_at - time.time()) / 60
    lasts = "and is refreshed by itself" if one.refresh_token else f"and lasts {minutes:.0f} minutes"
    say(f"Signed in at {at.url} as {shown(str(who))}. The token is kept in {session.keeper.where}, {lasts}.")


@click.command()
@gateway_options
def logout(gateway: str | None, ca: Path | None) -> None:
    """Sign out: the gateway ends the sign-in at once, and this machine forgets it."""
    from maskproxy.developer.remembered import Places

    places = Places(os.environ)
    at = at_gateway(gateway, ca, places)
    places.session(at).end()
    say(f"Signed out at {at.url}.")
