from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from maskproxy.cli import replay as module
from maskproxy.cli.main import cli
from maskproxy.errors import StartFailed
from tests.config.sample import full, write
from tests.recording.scripted import PLACEHOLDER, SESSION, agent_session, write_frames

GOLDEN = Path(__file__).parent.parent / "recording" / "golden"


def replay(directory: Path, *arguments: str) -> Result:
    return CliRunner(env={"MASKPROXY_RECORDINGS": str(directory)}).invoke(cli, ["replay", *arguments])


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    write_frames(tmp_path / "recordings", agent_session().frames)
    return tmp_path / "recordings"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What replay would have slept; the clock stands still."""
    waits: list[float] = []

    class StillTime:
        monotonic = staticmethod(lambda: sum(waits))
        sleep = staticmethod(waits.append)

    monkeypatch.setattr(module, "time", StillTime)
    return waits


def test_the_golden_session_at_once(slept: list[float]) -> None:
    result = replay(GOLDEN / "version-1", "last", "--instant")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (GOLDEN / "version-1.txt").read_text()
    assert slept == []


def test_it_takes_as_long_as_it_took_and_less_with_more_speed(recordings: Path, slept: list[float]) -> None:
    assert replay(recordings, SESSION[:8]).exit_code == 0
    whole = sum(slept)
    assert whole == pytest.approx(4.9)
    slept.clear()
    assert replay(recordings, SESSION, "--speed", "7").exit_code == 0
    assert sum(slept) == pytest.approx(whole / 7)
    slept.clear()
    assert replay(recordings, SESSION, "--max-pause", "0.05").exit_code == 0
    assert max(slept) == pytest.approx(0.05)


def test_jsonl_is_one_object_a_line(recordings: Path) -> None:
    result = replay(recordings, "last", "--instant", "--format", "jsonl")
    head, *turns = map(json.loads, result.stdout.splitlines())
    assert head["session"] == SESSION
    assert [turn["status"] for turn in turns] == [200, 200, 200]


@pytest.mark.parametrize("arguments", [["nope"], ["last", "--speed", "0"], ["last", "--speed", "-1"], []])
def test_usage_errors_exit_with_2(recordings: Path, arguments: list[str]) -> None:
    result = replay(recordings, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_damage_ends_with_65_after_all_that_could_be_read(recordings: Path) -> None:
    (path,) = recordings.iterdir()
    whole = path.read_bytes()
    place = whole.index(b"/v1/models")
    path.write_bytes(whole[:place] + b"X" + whole[place + 1 :])
    result = replay(recordings, "last", "--instant")
    assert result.exit_code == 65
    assert "All done." in result.stdout
    assert "11 B out" in result.stdout
    assert f"{path.name} is damaged at byte " in result.stderr


def test_the_real_command_in_a_pipe_writes_plain_text() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "maskproxy", "replay", "last", "--instant", "-d", str(GOLDEN / "version-1")],
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == (GOLDEN / "version-1.txt").read_bytes()
    assert done.stderr == b""


def test_the_real_command_on_a_terminal_has_colours_and_obeys_nothing() -> None:
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "", "PYTHONIOENCODING": "ascii"}
    with subprocess.Popen(
        [sys.executable, "-m", "maskproxy", "replay", "last", "--instant", "-d", str(GOLDEN / "version-1")],
        stdout=slave,
        env=environment,
    ) as process:
        os.close(slave)
        shown = b""
        while chunk := read_terminal(master):
            shown += chunk
    os.close(master)
    assert process.returncode == 0
    assert f"\x1b[30;43m{PLACEHOLDER}\x1b[0m".encode() in shown
    assert b"\x1b[2J" not in shown
    assert b"\x1b[1;31m\\x1b\x1b[0m[2J" in shown
    assert b"Gr\\xfc\\xdfe" in shown


def read_terminal(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # Linux's way to say that the other side is closed
        return b""


def test_with_a_configuration_it_is_told_to_the_audit_trail_first_or_nothing_is_shown(
    tmp_path: Path, slept: list[float]
) -> None:
    document = full() | {"recording": {"directory": "recordings"}, "audit": {"file": "audit.jsonl"}}
    config, trail = write(tmp_path, document), tmp_path / "audit.jsonl"
    write_frames(tmp_path / "recordings", agent_session().frames)
    arguments = ["replay", "last", "-c", str(config), "--instant"]
    refused = CliRunner().invoke(cli, arguments)
    assert isinstance(refused.exception, StartFailed)
    assert refused.stdout == ""
    trail.touch(0o600)
    for more in ([], ["--format", "jsonl"]):
        assert CliRunner().invoke(cli, arguments + more).exit_code == 0
    CliRunner().invoke(cli, ["sessions", "list", "-c", str(config)])
    told = [json.loads(line) for line in trail.read_text().splitlines()]
    assert [(one["event"], one["action"]) for one in told] == [
        ("replay", "text"),
        ("export", "jsonl"),
        ("search", "listed"),
    ]
    assert [one.get("session") for one in told] == [SESSION, SESSION, None]
    assert all(one["by"] for one in told)
    assert slept == []
