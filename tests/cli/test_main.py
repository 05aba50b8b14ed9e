import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from maskproxy import __version__, errors
from maskproxy.cli import main


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "maskproxy", *arguments], capture_output=True, text=True, timeout=60)


def test_help_lists_every_verb_and_imports_none() -> None:
    code = (
        "import sys; sys.argv = ['maskproxy', '--help']\n"
        "from maskproxy.cli.main import outcome\n"
        "assert outcome() == 0\n"
        "print(sorted({'hyperscan', 'aiohttp', 'pydantic', 'maskproxy.cli.run', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("[]\n")
    assert all(f"\n  {verb} " in done.stdout for verb in main.VERBS)


@pytest.mark.parametrize("verb", sorted(main.VERBS))
def test_every_verb_explains_itself(verb: str) -> None:
    result = CliRunner().invoke(main.cli, [verb, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_the_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"maskproxy {__version__}\n")


@pytest.mark.parametrize("arguments", [["nope"], ["check"], ["mask", "--format", "xml"], ["mask", "/nowhere/at/all"]])
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Usage:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (errors.StartFailed("It cannot start.", detail="port \x1b[2J"), 69, "It cannot start. (port \\x1b[2J)\n"),
        (errors.ConfigurationFault([("a.b", "Wrong."), ("", "All wrong.")]), 78, "a.b: Wrong.\nAll wrong.\n"),
        (errors.DamagedRecording("Torn."), 65, "Torn.\n"),
        (KeyboardInterrupt(), 130, ""),
        (click.UsageError("No such thing."), 2, "No such thing."),
    ],
)
def test_each_way_to_fail_has_its_sentence_and_code(
    raised: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise raised

    monkeypatch.setattr(main.cli, "main", fail)
    assert main.outcome() == code
    assert told in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    command = f"yes 'some text' | head -c 3000000 | {sys.executable} -m maskproxy mask | head -c 10"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout == "some text\n"
    assert done.stderr == ""
