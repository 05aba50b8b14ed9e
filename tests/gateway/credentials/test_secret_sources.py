from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.gateway.credentials.command import SourceFailed
from maskproxy.gateway.credentials.secret_sources import (
    LONGEST_SECRET_BYTES,
    CommandSource,
    EnvironmentSource,
    FileSource,
    SystemdSource,
    one_line,
)


@pytest.mark.parametrize(
    ("data", "secret"),
    [(b"abc", "abc"), (b"abc\n", "abc"), (b" abc\r\n\n", "abc"), (b"Basic abc=", "Basic abc="), (b"~!", "~!")],
)
def test_one_line_is_taken_without_the_white_space_around_it(data: bytes, secret: str) -> None:
    assert one_line(data) == secret


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"two\nlines",
        b"two\r\nX-Evil: 1",
        b"carriage\rreturn",
        b"nul\x00",
        b"\x00",
        b"tab\tinside",
        b"two  spaces",
        b"escape\x1b[0m",
        b"delete\x7f",
        b"\xef\xbb\xbfbom",
        "schlüssel".encode(),
        b"x" * (LONGEST_SECRET_BYTES + 1),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(SourceFailed) as caught:
        one_line(data)
    assert len(data) < 4 or data.decode("latin-1").strip() not in str(caught.value)


@given(st.binary(max_size=30))
def test_what_is_taken_can_stand_in_a_field(data: bytes) -> None:
    try:
        secret = one_line(data)
    except SourceFailed:
        return
    assert secret.encode() in data
    assert all(0x20 <= ord(character) < 0x7F for character in secret)
    assert secret == secret.strip()


def private(path: Path, data: str, mode: int = 0o600) -> Path:
    path.write_text(data)
    path.chmod(mode)
    return path


async def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    path = private(tmp_path / "key", "first\n")
    source = FileSource(path, {})
    assert (await source.read()).secret == "first"
    private(path, "second")
    assert (await source.read()).secret == "second"
    assert source.known_secrets() == ()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o602, 0o610])
async def test_a_file_with_rights_for_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path / "key", "secret-of-mine", mode)
    with pytest.raises(SourceFailed, match="chmod it to 600") as caught:
        await FileSource(path, {}).read()
    assert "secret-of-mine" not in str(caught.value)


async def test_no_file_no_secret(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="No such file"):
        await FileSource(tmp_path / "key", {}).read()
    with pytest.raises(SourceFailed, match="not a regular file"):
        await FileSource(tmp_path, {}).read()


async def test_an_environment_variable() -> None:
    environ = {"KEY": "abc"}
    source = EnvironmentSource("KEY", environ)
    assert (await source.read()).secret == "abc"
    environ["KEY"] = "def\n"
    assert (await source.read()).secret == "def"
    del environ["KEY"]
    with pytest.raises(SourceFailed, match="KEY is not set"):
        await source.read()
    environ["KEY"] = "a\nb"
    with pytest.raises(SourceFailed, match="one line"):
        await source.read()


async def test_systemd_guards_its_own_directory(tmp_path: Path) -> None:
    private(tmp_path / "api-key", "abc", 0o440)
    assert (await SystemdSource("api-key", {"CREDENTIALS_DIRECTORY": str(tmp_path)}).read()).secret == "abc"


@pytest.mark.parametrize("name", ["../key", "/etc/passwd", "", ".", "..", "a/b", ".hidden"])
async def test_a_systemd_credential_has_a_plain_name(tmp_path: Path, name: str) -> None:
    private(tmp_path / "key", "abc")
    (tmp_path / "sub").mkdir()
    with pytest.raises(SourceFailed, match="plain name"):
        await SystemdSource(name, {"CREDENTIALS_DIRECTORY": str(tmp_path / "sub")}).read()


async def test_without_systemd_there_is_no_such_credential() -> None:
    with pytest.raises(SourceFailed, match="LoadCredential"):
        await SystemdSource("api-key", {}).read()


async def test_a_command_prints_the_secret() -> None:
    assert (await CommandSource(["printf", "%s\\n", "a$HOME;b"]).read()).secret == "a$HOME;b", "no shell"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["false"], "status 1"),
        (["sh", "-c", "echo abc; exit 3"], "status 3"),
        (["sh", "-c", "kill -9 $$"], "status -9"),
        (["true"], "empty"),
        (["printf", "a\\nb"], "one line"),
        (["sh", "-c", "echo secret-on-stderr >&2; exit 1"], "status 1"),
        (["/nonexistent/program"], "cannot be started"),
        (["nul\x00"], "cannot be started"),
        (["yes"], "too much"),
    ],
)
async def test_a_command_that_fails_gives_no_secret(argv: list[str], reason: str) -> None:
    with pytest.raises(SourceFailed, match=reason) as caught:
        await CommandSource(argv).read()
    assert "secret-on-stderr" not in str(caught.value)


async def test_a_command_reads_nothing_from_us() -> None:
    with pytest.raises(SourceFailed, match="empty"):
        await CommandSource(["cat"]).read()


def _is_dead(pid: int) -> bool:
    """Also of a process that is not yet reaped by whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def _gone(pid: int) -> bool:
    for _ in range(500):
        if _is_dead(pid):
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize("script", ["echo $$ > {0}; sleep 600", "sleep 600 & echo $! > {0}; wait"])
async def test_a_slow_command_is_ended_with_all_that_it_started(tmp_path: Path, script: str) -> None:
    note = tmp_path / "pid"
    with pytest.raises(SourceFailed, match="did not end"):
        await CommandSource(["sh", "-c", script.format(note)], deadline_s=0.5).read()
    assert await _gone(int(note.read_text()))


async def test_a_child_that_keeps_the_output_open_is_no_way_around_the_deadline(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(SourceFailed, match="did not end"):
        await CommandSource(["sh", "-c", f"sleep 600 & echo $! > {note}; echo abc"], deadline_s=0.5).read()
    assert await _gone(int(note.read_text()))


async def test_a_child_that_gets_away_does_not_hold_us_up(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"setsid sh -c 'echo $$ > {note}; exec sleep 600' & wait"
    with pytest.raises(SourceFailed, match="did not end"):
        await CommandSource(["sh", "-c", script], deadline_s=0.5).read()
    os.kill(int(note.read_text()), signal.SIGKILL)


async def test_a_caller_who_goes_away_takes_the_command_along(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    reading = asyncio.create_task(CommandSource(["sh", "-c", f"echo $$ > {note}; sleep 600"]).read())
    for _ in range(500):
        await asyncio.sleep(0.01)
        if note.exists() and note.read_text().endswith("\n"):
            break
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await _gone(int(note.read_text()))


async def test_a_command_has_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKPROXY_TEST_WORD", "hello")
    assert os.environ["MASKPROXY_TEST_WORD"]
    assert (await CommandSource(["printenv", "MASKPROXY_TEST_WORD"]).read()).secret == "hello"
