import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from maskproxy.cli import mask_lines
from maskproxy.cli.main import cli
from tests.config.sample import full, write

ROOT = Path(__file__).parents[2]
KEY = "AKIA" + "QYLPMN5HFIQR7XYA"
PAT = "gh" + "p_" + "a1B2c3D4e5" * 3 + "012345"
PLACEHOLDER = re.compile(r"MASKED_[A-Z0-9_]+_[a-z2-7]{16}_[a-z2-7]{8}")


def mask(text: str | bytes, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["mask", *arguments], input=text)


def test_a_secret_becomes_a_placeholder_and_nothing_else_changes() -> None:
    result = mask(f"é key {KEY} end\n")
    assert result.exit_code == 0
    assert KEY not in result.stdout
    assert PLACEHOLDER.sub("#", result.stdout) == "é key # end\n"


def test_bytes_that_are_no_text_pass_as_they_are() -> None:
    assert mask(b"\xff\x00plain\xfe").stdout_bytes == b"\xff\x00plain\xfe"


def test_check_tells_what_is_found_and_its_code() -> None:
    found = mask(f"é key {KEY}\n", "--check")
    assert found.exit_code == 1
    assert found.stdout == "-:1:7 aws-access-key-id\n"
    clean = mask("nothing here\n", "--check")
    assert (clean.exit_code, clean.stdout) == (0, "")


def test_check_tells_places_in_several_files_and_leaves_binary_ones_out(tmp_path: Path) -> None:
    texts = {
        "a.env": f"x=1\r\né={KEY}\n".encode(),
        "b.bin": b"\0" + KEY.encode(),
        "c.txt": b"",
        "d.py": b"# " + PAT.encode(),
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)
    paths = [str(tmp_path / name) for name in texts]
    command = [sys.executable, "-m", "maskproxy", "mask", "--check", *paths]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stdout == f"{paths[0]}:2:3 aws-access-key-id\n{paths[3]}:1:3 github-pat-classic\n"
    assert result.stderr == f"{paths[1]}: not read, it is binary\n"
    assert KEY not in result.stdout + result.stderr


def test_several_files_can_only_be_checked_and_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    both = [str(tmp_path / "a"), str(tmp_path / "a")]
    assert "add --check" in mask("", *both).stderr
    assert mask("", *both, "--check").exit_code == 0
    missing = mask("", "--check", str(tmp_path / "b"))
    assert (missing.exit_code, "cannot be read" in missing.stderr) == (2, True)


def test_the_hook_names_this_command() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].split() == ["maskproxy", "mask", "--check"]
    assert hook["language"] == "python"
    assert {"id", "name", "types"} <= set(hook)


def test_what_was_found_is_not_kept() -> None:
    """Text full of secrets takes no more memory for being longer."""
    script = (
        "import resource, sys\n"
        "from maskproxy.cli.main import main\n"
        "try: main()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    peaks = []
    for count in (8_000, 60_000):
        command = [sys.executable, "-c", script, "mask", "--check"]
        text = f"k {KEY}\n" * count
        result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=300)
        assert result.stdout.count("\n") == count
        peaks.append(int(result.stderr.split()[-1]))
    assert peaks[1] < peaks[0] + 8_000  # KiB; a finding takes a few hundred bytes


def test_a_line_of_json_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mask_lines, "LINE_LIMIT_BYTES", 1 << 20)
    fits = json.dumps({"id": 1, "text": "x" * 1_000_000})
    assert mask(fits, "--format", "jsonl").exit_code == 0
    result = mask(fits + "\n" + json.dumps({"id": 1, "text": "x" * 1_100_000}), "--format", "jsonl")
    assert result.exit_code == 2
    assert "Line 2 is longer than 1 MiB" in result.stderr


def test_lines_of_json_have_offsets_in_characters() -> None:
    lines = [{"id": "a", "text": f"é😀 {KEY} und {KEY}"}, {"id": 7, "text": "nichts"}, {"id": None, "text": "\ud800"}]
    result = mask("\n".join(json.dumps(line) for line in lines) + "\n\n", "--format", "jsonl")
    first, second, third = (json.loads(line) for line in result.stdout.splitlines())
    assert first["findings"] == [
        {"rule": "aws-access-key-id", "start": 3, "end": 23},
        {"rule": "aws-access-key-id", "start": 28, "end": 48},
    ]
    assert len(set(PLACEHOLDER.findall(first["text"]))) == 1
    assert PLACEHOLDER.sub("#", first["text"]) == "é😀 # und #"
    assert second == {"id": 7, "text": "nichts", "findings": []}
    assert third["text"] == "\ud800"


def test_lines_of_json_with_check() -> None:
    line = json.dumps({"id": 1, "text": f"x {PAT}"})
    assert mask(line, "--format", "jsonl", "--check").exit_code == 1
    assert mask(json.dumps({"id": 1, "text": "x"}), "--format", "jsonl", "--check").exit_code == 0


@pytest.mark.parametrize("line", ["[]", "{}", '{"id": 1}', '{"text": "x"}', '{"id": 1, "text": 2}', "x", "[" * 100000])
def test_a_line_that_is_none_is_named_and_not_repeated(line: str) -> None:
    result = mask('{"id": 1, "text": "x"}\n' + line, "--format", "jsonl")
    assert result.exit_code == 2
    assert "Line 2 " in result.stderr
    assert len(result.stderr) < 400


def test_with_a_configuration_the_placeholder_stays_the_same(tmp_path: Path) -> None:
    document = full()
    document["masking"]["rules"] = ["builtin:default"]
    path = write(tmp_path, document)
    assert "does not exist yet" in str(mask(KEY, "-c", str(path)).exception)
    (tmp_path / "masking.key").write_text("ab" * 32)
    (tmp_path / "masking.key").chmod(0o600)
    results = {mask(KEY, "-c", str(path)).stdout for _ in range(2)}
    assert len(results) == 1
    assert PLACEHOLDER.fullmatch(results.pop())


def test_with_a_configuration_its_actions_for_requests_count(tmp_path: Path) -> None:
    document = full()
    document["masking"]["rules"] = ["builtin:default"]
    document["masking"]["actions"] = [
        {"rules": ["aws-*"], "request": "block", "answer": "allow"},
        {"rules": ["github-*"], "request": "allow"},
    ]
    path = write(tmp_path, document)
    (tmp_path / "masking.key").write_text("ab" * 32)
    (tmp_path / "masking.key").chmod(0o600)
    assert PLACEHOLDER.sub("#", mask(f"{KEY} {PAT}", "-c", str(path)).stdout) == f"# {PAT}"


def test_a_stream_stays_a_stream() -> None:
    command = [sys.executable, "-m", "maskproxy", "mask", "--format", "jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(json.dumps({"id": number, "text": "x"}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(60) == 0
