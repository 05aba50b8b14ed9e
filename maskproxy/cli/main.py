"""The `maskproxy` command: its verbs are imported only when they are used, so that `--help` is quick.

Data goes to standard output, talk to standard error. An error of ours becomes its sentence and its exit code.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from maskproxy import __version__
from maskproxy.errors import ConfigurationFault, MaskproxyError

VERBS = {
    "run": ("maskproxy.cli.run:run", "Run the gateway."),
    "check": ("maskproxy.cli.check:check", "Check a configuration and tell every fault in it."),
    "dev": ("maskproxy.cli.dev:dev", "The whole setting on this machine, to try things out."),
    "ca": ("maskproxy.cli.ca:ca", "Make or print the interception CA."),
    "sessions": ("maskproxy.cli.sessions:sessions", "List and show recorded sessions."),
    "replay": ("maskproxy.cli.replay:replay", "Tell a recorded session again."),
    "rules": ("maskproxy.cli.rules:rules", "List, show and test the masking rules."),
    "mask": ("maskproxy.cli.mask:mask", "Mask secrets in a text."),
    "findings": ("maskproxy.cli.findings:findings", "Show what was masked for you."),
    "allow": ("maskproxy.cli.allow:allow", "Let what is no secret pass for you."),
    "access": ("maskproxy.cli.access:access", "Ask for a grant; decide on what others ask for; revoke."),
    "login": ("maskproxy.cli.login:login", "Sign in at the gateway."),
    "logout": ("maskproxy.cli.login:logout", "Sign out, and forget the sign-in."),
    "whoami": ("maskproxy.cli.whoami:whoami", "Show who you are for the gateway, and until when."),
    "token": ("maskproxy.cli.whoami:token", "Print a fresh token, for scripts."),
    "exec": ("maskproxy.cli.connect:exec_", "Run a command whose requests to Claude go through the gateway."),
    "connect": (
        "maskproxy.cli.connect:connect",
        "Run a proxy on this machine that sends Claude's hosts to the gateway.",
    ),
    "env": ("maskproxy.cli.env:env", "Print what leads a shell's programs to the gateway, or Claude Code's settings."),
    "doctor": ("maskproxy.cli.doctor:doctor", "Tell what keeps this machine from the gateway."),
}
"""Where each verb lives, and the line that the list of verbs shows, so that showing it imports none of them."""


class LazyGroup(click.Group):
    """A group whose commands are named in a table and imported when one is called."""

    def __init__(self, *args: Any, verbs: Mapping[str, tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._verbs = VERBS if verbs is None else verbs

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._verbs:
            return None
        module, _, name = self._verbs[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._verbs.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="maskproxy %(version)s")
def cli() -> None:
    """A gateway that masks secrets in traffic to Claude, both ways, while it streams."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(outcome())


def outcome() -> int:
    try:
        cli.main(prog_name="maskproxy", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # Whoever read our output has left; leave without a word, and without one from the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except MaskproxyError as error:
        tell(error)
        return error.exit_code
    return 0


def tell(error: MaskproxyError) -> None:
    """An error's sentence on standard error; for a configuration every fault."""
    if isinstance(error, ConfigurationFault):
        for path, sentence in error.faults:
            click.echo(f"{path}: {sentence}" if path else sentence, err=True)
        return
    from maskproxy.service.logs import Net, printable

    detail = printable(Net().mask(error.detail))
    click.echo(f"{error} ({detail})" if detail else str(error), err=True)
