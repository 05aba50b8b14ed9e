import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from maskproxy.cli.main import cli, outcome
from tests.config.sample import full
from tests.service.material import write_real


def check(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", "-c", str(path), *arguments])


def test_a_good_file_is_ok_and_told_what_may_surprise(tmp_path: Path) -> None:
    document = full()
    result = check(write_real(tmp_path, document))
    assert result.exit_code == 0
    assert result.stdout == f"OK {tmp_path / 'maskproxy.yaml'}\n"
    assert result.stderr == ""
    del document["store"]
    result = check(write_real(tmp_path, document))
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        (
            "store: not set: in edits only what the request itself still holds comes back, nobody can let pass what is "
            "no secret, nothing can be revoked, and people see each other's files and batches"
        ),
    ]


def test_faults_of_the_file_are_told_with_their_paths(tmp_path: Path) -> None:
    document = full()
    document["routes"][0]["upstream"] = "http://api.anthropic.com"
    document["grants"][0]["routes"] = ["nope"]
    result = check(write_real(tmp_path, document))
    assert result.exit_code == 78
    assert result.stdout == ""
    assert [line.partition(": ")[0] for line in result.stderr.splitlines()] == [
        "routes[0].upstream",
        "routes[0].trust",
        "grants[0].routes[0]",
    ]


def test_deeper_faults_are_told_too(tmp_path: Path) -> None:
    document = full()
    document["routes"][1]["hosts"] = ["elsewhere.example.org"]
    result = check(write_real(tmp_path, document))
    assert result.exit_code == 78
    assert result.stderr.startswith("routes[1].hosts[0]: ")


def test_json(tmp_path: Path) -> None:
    document = full()
    del document["store"]
    good = json.loads(check(write_real(tmp_path, document), "--json").stdout)
    assert good["ok"] is True
    assert [note["path"] for note in good["notes"]] == ["store"]
    result = check(tmp_path / "gone.yaml", "--json")
    assert result.exit_code == 78
    bad = json.loads(result.stdout)
    assert bad["ok"] is False
    assert bad["faults"][0]["path"] == ""


def test_run_tells_the_same_faults_and_the_same_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = full()
    document["surprise"] = 1
    monkeypatch.setattr("sys.argv", ["maskproxy", "run", "-c", str(write_real(tmp_path, document))])
    assert outcome() == 78
    assert capsys.readouterr().err == "surprise: This key is not known here.\n"
