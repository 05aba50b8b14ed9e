"""`maskproxy dev`: the embedded setting, left running, around a command, or told as the demo."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from maskproxy.dev.setting import DevSetting

FOLDER = ".maskproxy-dev"


class DevGroup(click.Group):
    """A group that takes what follows `--` as a command to run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own, command = args, []
        if "--" in args:
            at = args.index("--")
            own, command = args[:at], args[at + 1 :]
        ctx.meta["command"] = command
        return super().parse_args(ctx, own)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return ["[OPTIONS]", "[demo | -- CMD [ARGS]...]"]


@click.group(cls=DevGroup, invoke_without_command=True)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=FOLDER,
    show_default=True,
    help="Where its CA, keys, token, log and recordings are kept.",
)
@click.pass_context
def dev(ctx: click.Context, folder: Path) -> None:
    """The whole setting on this machine, to try things out: issuer, stand-in for Claude, and the gateway.

    Left running, it prints the exports to paste. With a command after --, it runs that in the setting and leaves with
    its exit code. With ANTHROPIC_API_KEY in the environment, requests go to the real API.
    """
    if ctx.invoked_subcommand is not None:
        return
    command: list[str] = ctx.meta["command"]
    sys.exit(asyncio.run(in_setting(folder, command)))


@dev.command()
def demo() -> None:
    """The whole story in one minute; leaves with 0 only if no secret went where it should not."""
    from maskproxy.cli.replay import replay
    from maskproxy.dev.demo import run_demo
    from maskproxy.dev.show import open_console

    console = open_console()

    def tell_again(directory: Path, session: str) -> None:
        pace = ["--speed", "2", "--max-pause", "0.3"] if console.is_terminal else ["--instant"]
        replay.main([session, "-d", str(directory), *pace], standalone_mode=False)

    with tempfile.TemporaryDirectory(prefix="maskproxy-demo-") as folder:
        sys.exit(run_demo(Path(folder), os.environ, console, tell_again))


async def in_setting(folder: Path, command: list[str]) -> int:
    """Bring the setting up, run the command or wait for the end, and take it down."""
    from maskproxy.dev.setting import DevSetting

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    # A Ctrl-C reaches the command too, which decides what it means.
    loop.add_signal_handler(signal.SIGINT, (lambda: None) if command else stop.set)
    async with DevSetting(folder, os.environ) as setting:
        if command:
            return await run_command(setting, command, stop)
        tell_exports(setting)
        await stop.wait()
    return 0


async def run_command(setting: DevSetting, command: list[str], stop: asyncio.Event) -> int:
    """The command's exit code; 128 and the signal's number where a signal ended it."""
    click.echo(f"In maskproxy's dev setting; the log and the recordings are in {setting.folder}.", err=True)
    try:
        child = await asyncio.create_subprocess_exec(*command, env=setting.client_environment())
    except OSError as error:
        click.echo(f"{command[0]}: {os.strerror(error.errno or 0)}", err=True)
        return 127
    ended = asyncio.create_task(child.wait())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if child.returncode is None:
        child.terminate()
    code = await ended
    return code if code >= 0 else 128 - code


def tell_exports(setting: DevSetting) -> None:
    """Exports on standard output, fit for `source`; what they are for, on standard error."""
    to = "the real API" if setting.api is None else "a stand-in for Claude"
    click.echo(f"maskproxy runs at {setting.base_url} and speaks to {to}.", err=True)
    click.echo(f"State, log and recordings: {setting.folder}. Ctrl-C ends it.\n", err=True)
    click.echo("# as a proxy, for Claude Code, curl and SDKs")
    for line in exports(setting.variables()):
        click.echo(line)
    click.echo("\n# or by base URL, without a proxy (paste one of the two)")
    for line in exports(setting.base_url_variables()):
        click.echo("# " + line)
    sys.stdout.flush()


def exports(variables: dict[str, Any]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
