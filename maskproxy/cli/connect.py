"""`maskproxy connect` and `maskproxy exec`: programs go through the gateway without knowing it."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maskproxy.cli.at_gateway import at_gateway, gateway_options, say

if TYPE_CHECKING:
    from maskproxy.developer.gateway import Gateway
    from maskproxy.developer.remembered import Places
    from maskproxy.developer.running import Ready


@click.command()
@gateway_options
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of 127.0.0.1; else a free one.")
def connect(gateway: str | None, ca: Path | None, port: int) -> None:
    """Run a proxy on this machine that sends Claude's hosts through the gateway.

    Which hosts, the gateway says. Everything else (git, packages, web pages) goes where it went before: directly, or to
    the proxy of HTTPS_PROXY and HTTP_PROXY as they are now, with NO_PROXY. Your token is refreshed all day, and stands
    in no environment.

    \b
    In another shell:
        eval "$(maskproxy env)"

    With the same --port again, open shells outlive a restart.
    """
    from maskproxy.developer.remembered import Places
    from maskproxy.developer.running import lasting_secret

    places = Places(os.environ)
    at = at_gateway(gateway, ca, places)
    ready = _ready(places, at, lasting_secret(places))
    asyncio.run(_serve(ready, places.of("connect", at.url), port, at))


def _ready(places: Places, at: Gateway, secret: str) -> Ready:
    from maskproxy.developer.running import make_ready

    try:
        return make_ready(places, places.session(at), os.environ, secret, say)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


async def _serve(ready: Ready, told: Path, port: int, at: Gateway) -> None:
    from maskproxy.developer.running import forget_running, tell_running

    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    async with ready.connect.listening(port):
        tell_running(told, ready)
        try:
            hosts = ", ".join(sorted(ready.connect.routed.hosts))
            say(f"127.0.0.1:{ready.connect.port} sends {hosts} to {at.url}, and leaves the rest as it is.")
            say('In another shell:  eval "$(maskproxy env)"')
            await ended.wait()
        finally:
            forget_running(told)


@click.command("exec", context_settings={"allow_interspersed_args": False})
@gateway_options
@click.option("--base-url", is_flag=True, help="Set ANTHROPIC_BASE_URL and a token of some minutes instead of a proxy.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD...")
def exec_(gateway: str | None, ca: Path | None, base_url: bool, command: tuple[str, ...]) -> None:
    """Run a command with Claude's hosts going through the gateway.

    \b
        maskproxy exec -- claude

    A proxy as of `maskproxy connect` runs for as long as CMD does, whose environment leads to it. CMD's exit code is
    ours; 127 where it cannot be started.
    """
    from maskproxy.developer.remembered import Places

    places = Places(os.environ)
    at = at_gateway(gateway, ca, places)
    try:
        if base_url:
            _become(places, at, command)
        ready = _ready(places, at, secrets.token_urlsafe(24))
        code = asyncio.run(_beside(ready, at, command))
    except OSError as error:
        say(f"{command[0]} cannot be started ({type(error).__name__}).")
        code = 127
    sys.exit(code)


async def _beside(ready: Ready, at: Gateway, command: tuple[str, ...]) -> int:
    from maskproxy.developer.child import run

    async with ready.connect.listening():
        return await run(command, ready.exports(str(at.url)).over(os.environ))


def _become(places: Places, at: Gateway, command: tuple[str, ...]) -> None:
    """Nothing is left to do for us, so the command takes our place. Raises OSError."""
    from maskproxy.developer.exports import for_base_url

    one = places.session(at).fresh()
    ca = None if at.ca is None else str(at.ca.absolute())
    exports = for_base_url(str(at.url), at.url.host, one.access_token, ca, os.environ)
    os.execvpe(command[0], command, exports.over(os.environ))  # noqa: S606 - what the person asked for
