"""`maskproxy rules protect`, and a configuration that names what it wrote."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from maskproxy.cli.main import cli
from tests.config.sample import full
from tests.protected.source import module
from tests.service.material import write_real

KEY = bytes(range(32))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = write_real(tmp_path, full())
    key = tmp_path / "masking.key"
    key.write_text(KEY.hex())
    key.chmod(0o600)
    source = tmp_path / "src"
    source.mkdir()
    (source / "rates.py").write_text(module(10))
    (source / "picture.bin").write_bytes(b"\0")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_what_is_written_can_be_used_under_its_key_alone(config: Path, tmp_path: Path) -> None:
    prints = tmp_path / "rates.prints"
    result = run("rules", "protect", "-c", config, "-o", prints, tmp_path / "src")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("1 files, ")
    assert result.stderr.splitlines()[1] == "1 files left out, not text or too large: src/picture.bin"
    assert stat.S_IMODE(prints.stat().st_mode) == 0o600
    document = full()
    document["masking"]["protected"] = [{"name": "rates", "file": "rates.prints"}] * 2
    assert "masking.protected[1].name: masking.protected[0] has the same name." in check(tmp_path, document)
    document["masking"]["protected"] = [{"name": "rates", "file": "rates.prints"}]
    assert check(tmp_path, document) == ""
    (tmp_path / "masking.key").write_text("ab" * 32)
    assert "masking.protected[0].file: rates.prints was changed, or made under another masking key." in check(
        tmp_path, document
    )


def check(directory: Path, document: dict[str, object]) -> str:
    return run("check", "-c", write_real(directory, document)).stderr


def test_public_source_and_what_is_excluded_are_left_out(config: Path, tmp_path: Path) -> None:
    prints = tmp_path / "rates.prints"
    whole = run("rules", "protect", "-c", config, "-o", prints, tmp_path / "src").stderr
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "same.py").write_text(module(5))
    rest = run("rules", "protect", "-c", config, "-o", prints, "--public", tmp_path / "public", tmp_path / "src").stderr
    assert fingerprints(rest) < 0.6 * fingerprints(whole)
    nothing = run("rules", "protect", "-c", config, "-o", prints, "--exclude", "*.py", tmp_path / "src")
    assert "no source file" in str(nothing.exception)


def fingerprints(told: str) -> int:
    return int(told.split(", ")[2].split(maxsplit=1)[0])
