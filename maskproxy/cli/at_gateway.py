"""Which gateway a developer's command speaks to: an option, the environment, or the last sign-in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from maskproxy.developer.gateway import Gateway
    from maskproxy.developer.remembered import Places

Command = TypeVar("Command", bound=Callable[..., object])

URL = "MASKPROXY_URL"


def gateway_options(command: Command) -> Command:
    """`--gateway` and `--ca`, as `gateway` and `ca`."""
    options = (
        click.option(
            "--gateway", metavar="URL", help=f"The gateway. Else {URL}, else the one that you signed in at last."
        ),
        click.option(
            "--ca",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="The authority of the gateway's certificate, in PEM. Remembered with the sign-in.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def named(gateway: str | None, ca: Path | None, places: Places, *others: str) -> tuple[str, Path | None]:
    """The URL and the authority. `others` are variables that may name it too. Raises UsageError."""
    from maskproxy.developer.remembered import Remembered
    from maskproxy.errors import Unavailable

    try:
        last = places.last()
    except Unavailable:
        last = Remembered()
    url = gateway or next((value for name in (URL, *others) if (value := os.environ.get(name))), None) or last.gateway
    if not url:
        raise click.UsageError(f"Name the gateway: --gateway URL, or one of {', '.join((URL, *others))}.")
    same = url.rstrip("/") == last.gateway
    return url, ca or (Path(last.ca) if last.ca and same else None)


def at_gateway(gateway: str | None, ca: Path | None, places: Places, *others: str) -> Gateway:
    """Raises UsageError."""
    from maskproxy.developer.gateway import Gateway

    try:
        return Gateway.at(*named(gateway, ca, places, *others))
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def say(text: str) -> None:
    """Talk, for standard error."""
    click.echo(text, err=True)
