"""`maskproxy env --settings` in the real Claude Code: the model is told of placeholders; no command runs with one."""

import json
import subprocess
from pathlib import Path
from typing import Any

from maskproxy.cli.env import reason_for_the_model, settings_for, text_for_the_model
from maskproxy.dev.planted import github_token
from tests.clients.desk import Desk
from tests.clients.script import Request, Script, called, placeholders, result, said
from tests.clients.signing import Block, Signer
from tests.clients.stand_in import StandIn
from tests.clients.test_claude_code import edit, edited, messages, read, went_well
from tests.daemon.program import WAIT_S, command

TOOLS = ["Edit", "MultiEdit", "NotebookEdit", "Write"]


def write_settings(path: Path, settings: dict[str, Any] | None = None) -> Path:
    """What the command prints, or a changed form of it."""
    if settings is None:
        done = subprocess.run(command("env", "--settings"), capture_output=True, check=True, timeout=WAIT_S)
        assert json.loads(done.stdout) == settings_for(TOOLS)
        settings = json.loads(done.stdout)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))
    return path


def told(body: bytes) -> int:
    """How often the model is told of placeholders in a request, which must hold the text as it is."""
    return json.dumps(json.loads(body), ensure_ascii=False).count(text_for_the_model(TOOLS))


def runs(shell: str) -> Block:
    return called("Bash", command=shell, description="Try the key")


async def test_a_command_with_a_placeholder_does_not_run_and_an_edit_does(desk: Desk) -> None:
    """The settings lie in the project, as a team would have them. A secret that the model made up is masked in the call

    that writes it, and that call runs: the hook leaves the tools that edit files alone.
    """
    signer, mark, new = Signer(), desk.project / "it-ran", desk.project / "ci.env"
    made_up = github_token("made-up token")
    write_settings(desk.project / ".claude" / "settings.json")

    def try_the_key(request: Request) -> list[Block]:
        return [runs(f"touch {mark}; echo {placeholders(json.dumps(request))[0]}")]

    def without_one(request: Request) -> list[Block]:
        assert reason_for_the_model(TOOLS) in result(request)
        return [runs("grep -c MASKED_ settings.py; echo read from the file")]

    def write(_: Request) -> list[Block]:
        return [called("Write", file_path=str(new), content=f"{made_up.value}\n")]

    steps = [read(desk, signer), try_the_key, without_one, write, read(desk, signer), edit(desk, signer)]
    stand_in = StandIn(Script(*steps, lambda _: [said("Done.")], signer=signer))
    desk.place.origin.reply = stand_in.reply
    outcome = await desk.claude("Rename the password.", "--allowedTools", "Bash")
    went_well(outcome)
    stopped, ran = outcome.tool_results()[1:3]
    assert stopped["is_error"] is True
    assert reason_for_the_model(TOOLS) in stopped["content"]
    assert not mark.exists()
    assert ran["is_error"] is False
    assert "read from the file" in ran["content"]
    assert len(placeholders(new.read_text())) == 1
    assert desk.file.read_text() == edited(desk)
    assert [told(received.body) for received in messages(desk.place)] == [1] * 7
    desk.settle(stand_in)


async def test_what_the_hook_cannot_search_does_not_run(proxied: Desk) -> None:
    """A grep that hangs beyond the hook's time, and one that fails."""
    settings = settings_for(TOOLS)
    settings["hooks"]["PreToolUse"][0]["hooks"][0]["timeout"] = 1  # type: ignore[index]
    path = write_settings(proxied.home / "settings.json", settings)
    mark, bin_ = proxied.project / "it-ran", proxied.home / "bin"
    bin_.mkdir()
    stand_in = StandIn(Script(lambda _: [runs(f"touch {mark}")], lambda _: [said("Then not.")]))
    proxied.place.origin.reply = stand_in.reply
    for fault in ("exec sleep 60", "exit 2"):
        (bin_ / "grep").write_text(f"#!/bin/sh\n{fault}\n")
        (bin_ / "grep").chmod(0o755)
        search = f"{bin_}:{proxied.environment()['PATH']}"
        outcome = await proxied.claude("Go.", "--allowedTools", "Bash", "--settings", str(path), PATH=search)
        went_well(outcome)
        assert [block["is_error"] for block in outcome.tool_results()] == [True], fault
        assert not mark.exists(), fault


async def test_the_model_is_told_after_a_resume_and_after_a_compaction(proxied: Desk) -> None:
    path = write_settings(proxied.home / "settings.json")
    stand_in = StandIn(Script(*[lambda _: [said("I have read it.")]] * 9))
    proxied.place.origin.reply = stand_in.reply
    first = await proxied.claude("Hello.", "--settings", str(path))
    went_well(first)
    resumed = await proxied.claude("And now?", "--settings", str(path), "--resume", first.session)
    went_well(resumed)
    assert told(messages(proxied.place)[-1].body) >= 1
    compacted = await proxied.claude("/compact", "--settings", str(path), "--resume", first.session)
    assert compacted.code == 0, compacted.errors
    count = len(messages(proxied.place))
    again = await proxied.claude("Go on.", "--settings", str(path), "--resume", compacted.session)
    went_well(again)
    later = [received.body for received in messages(proxied.place)[count:]]
    assert len(later) == 1
    assert b"Hello." not in later[0], "the history was compacted"
    assert told(later[0]) >= 1


async def test_a_subagent_is_told_too(proxied: Desk) -> None:
    path = write_settings(proxied.home / "settings.json")
    task = {"description": "Look", "prompt": "Look at the file.", "subagent_type": "general-purpose"}

    def answers(request: Request) -> list[Block]:
        return [said("It is fine.")]

    def delegates(request: Request) -> list[Block]:
        return [called("Agent", **task)] if "Look at the file." not in json.dumps(request) else answers(request)

    stand_in = StandIn(Script(delegates, answers, answers))
    proxied.place.origin.reply = stand_in.reply
    outcome = await proxied.claude("Have it looked at.", "--settings", str(path))
    went_well(outcome)
    subagents = [
        r.body for r in messages(proxied.place) if b"Have it looked at." not in r.body and b"Look at the" in r.body
    ]
    assert subagents != []
    assert all(told(body) == 1 for body in subagents)
