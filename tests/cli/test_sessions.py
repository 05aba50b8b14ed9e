from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from maskproxy.cli.main import cli, outcome
from maskproxy.recording.frames import encode
from tests.config.sample import full
from tests.recording.scripted import SESSION, Script, agent_session, stream, write_frames, write_segment
from tests.service.material import write_real


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env={"MASKPROXY_RECORDINGS": None, **environment}).invoke(cli, arguments)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A recording with one long session and a later, short and refused one."""
    directory = tmp_path / "recordings"
    first = write_frames(directory, agent_session().frames)
    script = Script("late-1")
    exchange = script.request(None)
    script.end(exchange, "refused", sentence="Ask for a grant.", status=403)
    later = [replace(frame, wall_ns=frame.wall_ns + 60_000_000_000) for frame in script.frames]
    write_segment(directory, map(encode, later), previous=first.name)
    return directory


def damage(directory: Path) -> str:
    path = min(directory.iterdir())
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    return path.name


def test_list_is_a_table_the_latest_last(recordings: Path) -> None:
    result = run("sessions", "list", "-d", str(recordings))
    assert result.exit_code == 0
    assert result.stderr == ""
    head, long, late = result.stdout.splitlines()
    assert head.split() == ["SESSION", "STARTED", "WHO", "MODEL", "EXCHANGES", "OUTCOME", "MASKED"]
    assert long.split() == [
        SESSION, "2023-11-14T22:13:20Z", "Ada", "Lovelace", "claude-opus-4", "3", "complete", "1", "aws-access-key"
    ]  # fmt: skip
    assert late.split()[-5:] == ["Lovelace", "-", "1", "refused", "-"]
    assert "\x1b" not in result.stdout


def test_list_as_json(recordings: Path) -> None:
    entries = json.loads(run("sessions", "list", "--json", "-d", str(recordings)).stdout)
    assert [(entry["session"], entry["outcome"]) for entry in entries] == [(SESSION, "complete"), ("late-1", "refused")]
    assert entries[0]["findings"] == {"aws-access-key": 1}


def test_an_empty_recording_is_no_error(tmp_path: Path) -> None:
    result = run("sessions", "list", "-d", str(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no sessions yet" in result.stderr
    assert json.loads(run("sessions", "list", "--json", "-d", str(tmp_path)).stdout) == []


def test_the_directory_comes_from_the_option_the_environment_or_the_configuration(
    recordings: Path, tmp_path: Path
) -> None:
    listed = run("sessions", "list", "-d", str(recordings)).stdout
    assert run("sessions", "list", MASKPROXY_RECORDINGS=str(recordings)).stdout == listed
    configuration = write_real(tmp_path, full())
    assert run("sessions", "list", "-c", str(configuration)).stdout == listed
    assert run("sessions", "list", "-d", str(recordings), MASKPROXY_RECORDINGS="/nowhere").stdout == listed


def test_without_a_usable_directory_it_is_a_usage_error(tmp_path: Path) -> None:
    for arguments, words in (
        ([], "Say where the recording is"),
        (["-d", str(tmp_path / "gone")], "There is no directory"),
        (["-d", str(tmp_path), "-c", "x.yaml"], "not both"),
    ):
        result = run("sessions", "list", *arguments)
        assert result.exit_code == 2
        assert words in result.stderr


def test_a_configuration_without_a_recording_or_with_faults_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = full()
    del document["recording"]
    result = run("sessions", "list", "-c", str(write_real(tmp_path, document)))
    assert (result.exit_code, "no recording" in result.stderr) == (2, True)
    monkeypatch.setattr("sys.argv", ["maskproxy", "sessions", "list", "-c", str(tmp_path / "gone.yaml")])
    assert outcome() == 78
    assert "cannot be read" in capsys.readouterr().err


def test_show_tells_a_session_without_its_contents(recordings: Path) -> None:
    result = run("sessions", "show", SESSION[:4], "-d", str(recordings))
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Session {SESSION}\n")
    assert "masked in the request: 1 aws-access-key (messages[0].content[0].text)" in result.stdout
    assert "All done" not in result.stdout
    told = json.loads(run("sessions", "show", "last", "--json", "-d", str(recordings)).stdout)
    assert told["session"] == "late-1"
    assert [turn["sentence"] for turn in told["turns"]] == ["Ask for a grant."]


@pytest.mark.parametrize("word", ["nope", "../../etc/passwd", ""])
def test_an_unknown_session_is_a_usage_error_with_a_sentence(recordings: Path, word: str) -> None:
    result = run("sessions", "show", "-d", str(recordings), "--", word)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "No session has that id." in result.stderr


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["show", "last"], ["show", "last", "--json"]])
def test_damage_is_named_after_what_could_be_read(recordings: Path, arguments: list[str]) -> None:
    whole = run("sessions", *arguments, "-d", str(recordings)).stdout
    name = damage(recordings)
    result = run("sessions", *arguments, "-d", str(recordings))
    assert result.exit_code == 65
    assert f"{name} is damaged at byte " in result.stderr
    assert result.stdout
    assert ("late-1" in result.stdout) == ("late-1" in whole)


def test_a_torn_tail_is_told_and_no_failure(recordings: Path) -> None:
    path = min(recordings.iterdir())
    path.write_bytes(path.read_bytes()[:-3])
    result = run("sessions", "list", "-d", str(recordings))
    assert result.exit_code == 0
    assert f"{path.name} ends in a torn record at byte " in result.stderr


def test_names_from_the_wire_do_not_steer_the_terminal(tmp_path: Path) -> None:
    script = Script()
    exchange = script.request({"messages": []})
    script.answer(exchange, *stream({"type": "text", "text": "ok"}))
    data = dict(script.frames[0].data)
    data |= {"person_name": "\x1b[2JEve\n", "client": "\u202eevil"}
    script.frames[0] = replace(script.frames[0], data=data)
    write_frames(tmp_path / "r", script.frames)
    for verb in (["list"], ["show", "last"]):
        result = run("sessions", *verb, "-d", str(tmp_path / "r"), FORCE_COLOR="1")
        assert "\\x1b[2JEve\\n" in result.stdout
        assert "\u202e" not in result.stdout
        assert "\x1b[2J" not in result.stdout


def test_a_link_in_place_of_the_directory_is_refused(recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(recordings)
    result = run("sessions", "list", "-d", str(tmp_path / "link"))
    assert result.exit_code != 0
    assert os.fspath(tmp_path / "link") in str(result.exception)
