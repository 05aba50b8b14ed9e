"""`maskproxy env`: what a developer's machine is told about the gateway.

Without an option it prints exports for a shell: for the loopback proxy of `maskproxy connect` where it runs, else for
the gateway's URL. `--settings` prints a team's settings for Claude Code: a text by which the model knows placeholders,
and a hook that stops tools which would take one literally. Both are POSIX shell and grep, so that maskproxy is not
needed on the machine. A call that the hook cannot search is stopped too.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maskproxy.cli.at_gateway import at_gateway, gateway_options, say
from maskproxy.cli.options import config_option
from maskproxy.errors import NotFound

if TYPE_CHECKING:
    from maskproxy.developer.exports import Exports

HOOK_S = 10
HELPER_MS = 240_000
"""Less than what `maskproxy token` gives at least, where tokens live a quarter of an hour."""
NEWER = "onFailure"
"""Claude Code before 2.1.295 does not know this key, and passes over it."""


@click.command()
@gateway_options
@click.option("--base-url", is_flag=True, help="Exports for the gateway's URL, also where `maskproxy connect` runs.")
@click.option("--settings", is_flag=True, help="Settings for Claude Code instead, as JSON.")
@click.option(
    "--sign-in",
    is_flag=True,
    help="With --settings: the gateway's URL too, and each person's token by `maskproxy token`.",
)
@config_option("With --settings: its tools that edit files (masking.restore.tools); without it, the defaults.")
@click.option("--grant", metavar="NAME", help="With -c: those of a grant, where it has its own.")
def env(
    gateway: str | None,
    ca: Path | None,
    base_url: bool,
    settings: bool,
    sign_in: bool,
    config_path: Path | None,
    grant: str | None,
) -> None:
    """Print what leads this shell's programs to the gateway.

    \b
        eval "$(maskproxy env)"

    They go through the proxy of `maskproxy connect` where it runs. Else Claude's clients get the gateway's URL and your
    token, which lasts for some minutes.

    --settings prints settings by which Claude Code lives with placeholders. They belong into a team's
    managed-settings.json, or into a project's .claude/settings.json.
    """
    if not settings:
        if sign_in or config_path is not None or grant is not None:
            raise click.UsageError("--sign-in, -c and --grant go with --settings.")
        click.echo(exports(gateway, ca, base_url=base_url).shell())
        return
    if grant is not None and config_path is None:
        raise click.UsageError("--grant needs -c: the configuration that has the grant.")
    told = settings_for(edit_tools(config_path, grant))
    if sign_in:
        from maskproxy.developer.remembered import Places

        told |= signing_in_at(str(at_gateway(gateway, ca, Places(os.environ)).url))
    click.echo(json.dumps(told, indent=2))


def exports(gateway: str | None, ca: Path | None, *, base_url: bool) -> Exports:
    """Raises Unauthenticated where a token is needed and there is none."""
    from maskproxy.developer.exports import for_base_url, for_proxy
    from maskproxy.developer.previous import before
    from maskproxy.developer.remembered import Places
    from maskproxy.developer.running import find_running

    places = Places(os.environ)
    at = at_gateway(gateway, ca, places)
    running = None if base_url else find_running(places.of("connect", at.url))
    if running is not None:
        return for_proxy(str(at.url), running.url, before(os.environ), running.trust)
    one = places.session(at).fresh()
    minutes = (one.ends_at - time.time()) / 60
    say(f"The token in this shell ends in {minutes:.0f} minutes. `maskproxy connect` keeps one fresh for all shells.")
    return for_base_url(str(at.url), at.url.host, one.access_token, str(at.ca) if at.ca else None, os.environ)


def edit_tools(config_path: Path | None, grant: str | None = None) -> list[str]:
    """The tools in whose arguments secrets are put back, in order. Raises NotFound."""
    from maskproxy.config import load
    from maskproxy.config.model import Restore

    if config_path is None:
        return sorted(Restore().tools)
    config = load(config_path, os.environ)
    if grant is None:
        return sorted(config.masking.restore.tools)
    for one in config.grants:
        if one.name == grant:
            return sorted(config.masking.under(one.masking).restore.tools)
    raise NotFound("The configuration has no grant of this name.")


def settings_for(tools: list[str]) -> dict[str, object]:
    """The settings: the text where a conversation or a subagent begins, the hook before each other tool."""
    starts = {event: [{"hooks": [command(say_at(event, tools))]}] for event in ("SessionStart", "SubagentStart")}
    guard = {"matcher": every_tool_but(tools), "hooks": [command(stop_placeholders(tools)) | {NEWER: "block"}]}
    return {"hooks": {**starts, "PreToolUse": [guard]}}


def signing_in_at(url: str) -> dict[str, object]:
    """Settings by which Claude Code asks for a token before the one that it has can end."""
    return {
        "apiKeyHelper": "maskproxy token",
        "env": {"ANTHROPIC_BASE_URL": url, "CLAUDE_CODE_API_KEY_HELPER_TTL_MS": str(HELPER_MS)},
    }


def command(line: str) -> dict[str, object]:
    return {"type": "command", "command": line, "timeout": HOOK_S}


def say_at(event: str, tools: list[str]) -> str:
    return printed({"hookEventName": event, "additionalContext": text_for_the_model(tools)})


def stop_placeholders(tools: list[str]) -> str:
    """A shell command that reads a tool's call and denies it if it holds a placeholder, or if grep cannot tell."""
    from maskproxy.masking.placeholders import SHAPE

    answer = {
        "hookEventName": "PreToolUse",
        "permissionDecision": "deny",
        "permissionDecisionReason": reason_for_the_model(tools),
    }
    return (
        f"found=$(LC_ALL=C grep -Ec {shlex.quote(SHAPE)}); "
        f"case $?:$found in 1:0) ;; 0:*) {printed(answer)} ;; "
        "*) echo 'This call was stopped: it could not be searched for placeholders. grep is missing or failed.' >&2; "
        "exit 2 ;; esac"
    )


def printed(output: dict[str, str]) -> str:
    return f"printf '%s\\n' {shlex.quote(json.dumps({'hookSpecificOutput': output}))}"


def every_tool_but(tools: Iterable[str]) -> str:
    """A matcher, which is a JavaScript expression."""
    names = "|".join(re.sub(r"([^A-Za-z0-9_-])", r"\\\1", name) for name in tools)
    return f"^(?!(?:{names})$)" if names else "*"


def text_for_the_model(tools: list[str]) -> str:
    edits = (
        f"Edits work: in {listed(tools)} use a placeholder whole and exactly as you see it, and the real value is put "
        "back before the file is touched. In any other tool"
        if tools
        else "In a tool"
    )
    return (
        "Secrets are masked before you see them. MASKED_, a kind and two groups of letters and digits make a "
        "placeholder: it stands for a real value, which is intact where it is kept, and is the same each time. It is "
        "not a broken, truncated or redacted key: do not report it, repair it or ask for the value. "
        f"{edits} a placeholder would be taken literally, and the call is stopped. Write commands that read the value "
        "from its file or from the environment instead."
    )


def reason_for_the_model(tools: list[str]) -> str:
    edits = f" To change a file, use {listed(tools)}: there placeholders work." if tools else ""
    return (
        "Not run: this input holds a placeholder (MASKED_...), which stands for a secret and would be taken literally "
        "here. The secret itself is fine. Let the command read the value from its file or from the environment." + edits
    )


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
