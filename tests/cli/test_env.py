import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from maskproxy.cli.env import every_tool_but, settings_for, text_for_the_model
from maskproxy.cli.main import cli
from maskproxy.developer.sign_in import AHEAD_S
from maskproxy.errors import NotFound
from maskproxy.masking import Masking, PlaceholderKey
from tests.compiled import built_in
from tests.config.sample import full
from tests.service.material import write_real

DEFAULTS = ["Edit", "MultiEdit", "NotebookEdit", "Write"]
KEY = PlaceholderKey(b"0123456789abcdef").scoped("ada")
SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]


def env(*arguments: str) -> Result:
    return CliRunner(env={"MASKPROXY_URL": None, "XDG_STATE_HOME": "/nonexistent"}).invoke(cli, ["env", *arguments])


def hooks(event: str, tools: list[str] | None = None) -> dict[str, Any]:
    """An event's only matcher, with its only hook."""
    settings: dict[str, Any] = json.loads(json.dumps(settings_for(DEFAULTS if tools is None else tools)))
    (matcher,) = settings["hooks"][event]
    (hook,) = matcher["hooks"]
    assert hook["type"] == "command"
    return {**hook, "matcher": matcher.get("matcher")}


def run(line: str, data: bytes = b"", shell: str = "sh", **environ: str) -> subprocess.CompletedProcess[bytes]:
    command = ["busybox", "sh"] if shell == "busybox" else [shell]
    return subprocess.run(
        [*command, "-c", line], input=data, capture_output=True, env={**os.environ, **environ}, timeout=20
    )


def call(**arguments: object) -> bytes:
    """What Claude Code hands to a hook before a tool."""
    return json.dumps({"session_id": "s", "tool_name": "Bash", "tool_input": arguments}).encode()


def decision(done: subprocess.CompletedProcess[bytes]) -> dict[str, str]:
    output: dict[str, str] = json.loads(done.stdout)["hookSpecificOutput"]
    assert done.returncode == 0
    assert done.stderr == b""
    return output


def test_settings_are_printed_for_the_default_tools() -> None:
    result = env("--settings")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == settings_for(DEFAULTS)


def test_a_configurations_tools_are_taken(tmp_path: Path) -> None:
    result = env("--settings", "-c", str(write_real(tmp_path, full())))
    assert json.loads(result.stdout) == settings_for(["Edit", "Write"])


def test_a_grants_own_tools_are_taken(tmp_path: Path) -> None:
    document = full()
    document["grants"].append(
        {**document["grants"][0], "name": "trial", "masking": {"restore": {"tools": ["mcp__put"]}}}
    )
    path = str(write_real(tmp_path, document))
    for grant, tools in (("developers", ["Edit", "Write"]), ("trial", ["mcp__put"])):
        assert json.loads(env("--settings", "-c", path, "--grant", grant).stdout) == settings_for(tools)
    assert isinstance(env("--settings", "-c", path, "--grant", "nobody").exception, NotFound)
    assert env("--settings", "--grant", "trial").exit_code == 2


def test_without_the_option_it_says_what_to_do() -> None:
    result = env()
    assert result.exit_code == 2
    assert "Name the gateway" in result.stderr


def test_people_sign_in_by_themselves() -> None:
    told = json.loads(env("--settings", "--sign-in", "--gateway", "https://gateway.example.com/").stdout)
    assert told["apiKeyHelper"] == "maskproxy token"
    assert told["env"]["ANTHROPIC_BASE_URL"] == "https://gateway.example.com"
    assert int(told["env"]["CLAUDE_CODE_API_KEY_HELPER_TTL_MS"]) < AHEAD_S * 1000
    assert told["hooks"] == settings_for(DEFAULTS)["hooks"]
    for arguments in (("--sign-in", "--gateway", "https://a"), ("--settings", "--sign-in")):
        assert env(*arguments).exit_code == 2


def test_a_configuration_with_faults_prints_no_settings(tmp_path: Path) -> None:
    result = env("--settings", "-c", str(tmp_path / "gone.yaml"))
    assert result.exit_code != 0
    assert result.stdout == ""
    assert type(result.exception).__name__ == "ConfigurationFault"


@pytest.mark.parametrize("tools", [DEFAULTS, []], ids=["defaults", "none"])
def test_nothing_in_the_settings_is_masked(tools: list[str]) -> None:
    """Plain, and as it stands in a request: inside JSON."""
    text = json.dumps(settings_for(tools))
    masking = Masking(built_in(), KEY)
    assert masking.find(text.encode()) == []
    assert masking.find(json.dumps(text).encode()) == []


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("event", ["SessionStart", "SubagentStart"])
def test_the_model_is_told_when_a_conversation_begins(event: str, shell: str) -> None:
    output = decision(run(hooks(event)["command"], shell=shell))
    assert output == {"hookEventName": event, "additionalContext": text_for_the_model(DEFAULTS)}
    assert hooks(event)["matcher"] is None, "fresh, resumed, compacted: every beginning"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "where", ["{}", "curl -H 'x: {}' \"$URL\"", "a\n{}\nb", "é{}é", "x_{}_y", "\0{}", "{}" + "x" * 300_000]
)
def test_a_call_that_holds_a_placeholder_is_denied(where: str, shell: str) -> None:
    name = KEY.make("aws-access-key-id", b"whatever").decode()
    for data in (call(command=where.format(name)), call(deep=[{"er": where.format(name)}], rest="y" * 200_000)):
        output = decision(run(hooks("PreToolUse")["command"], data, shell))
        assert output["hookEventName"] == "PreToolUse"
        assert output["permissionDecision"] == "deny"
        assert "placeholder" in output["permissionDecisionReason"]
        assert name not in output["permissionDecisionReason"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("command", ["ls", "grep -r MASKED_ .", "echo MASKED_GITHUB_PAT_", "é\0" * 1000, "x" * 300_000])
def test_any_other_call_goes_on_without_a_word(command: str, shell: str) -> None:
    done = run(hooks("PreToolUse")["command"], call(command=command), shell)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_rule_with_the_longest_name_is_recognised() -> None:
    name = KEY.make("r" * 64, b"whatever").decode()
    assert decision(run(hooks("PreToolUse")["command"], call(command=name)))["permissionDecision"] == "deny"


@pytest.mark.parametrize("grep", ["exit 2", "exit 127", "kill -9 $$", "echo 0; exit 0", "echo; exit 1"])
def test_a_call_that_cannot_be_searched_is_stopped(grep: str, tmp_path: Path) -> None:
    (tmp_path / "grep").write_text(f"#!/bin/sh\n{grep}\n")
    (tmp_path / "grep").chmod(0o755)
    done = run(hooks("PreToolUse")["command"], call(command="ls"), PATH=f"{tmp_path}:{os.environ['PATH']}")
    denied = done.returncode == 0 and b'"deny"' in done.stdout
    assert denied or (done.returncode == 2 and b"could not be searched" in done.stderr)


def test_without_grep_every_call_is_stopped(tmp_path: Path) -> None:
    shell = shutil.which("sh")
    assert shell is not None
    done = run(hooks("PreToolUse")["command"], call(command="ls"), shell, PATH=str(tmp_path))
    assert done.returncode == 2
    assert hooks("PreToolUse")["onFailure"] == "block", "and one that cannot even start"


@pytest.mark.parametrize(
    ("tools", "passed", "stopped"),
    [
        (DEFAULTS, DEFAULTS, ["Bash", "EditFile", "MyEdit", "mcp__x__Edit", "Read", "edit"]),
        (["mcp__files__write.all"], ["mcp__files__write.all"], ["mcp__files__write_all", "Edit"]),
    ],
)
def test_the_matcher_leaves_out_the_tools_that_edit_files(
    tools: list[str], passed: list[str], stopped: list[str]
) -> None:
    matcher = hooks("PreToolUse", tools)["matcher"]
    assert [name for name in passed if re.search(matcher, name)] == []
    assert [name for name in stopped if not re.search(matcher, name)] == []


def test_where_nothing_is_put_back_every_tool_is_stopped() -> None:
    assert every_tool_but([]) == "*"
    assert "Edit" not in text_for_the_model([])
