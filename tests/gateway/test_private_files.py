from __future__ import annotations

import os
from pathlib import Path

import pytest

from maskproxy.gateway.private_files import NotPrivate, read_private


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(b"0123456789")
    path.chmod(0o600)
    return path


def test_reads_the_whole_of_it(key: Path) -> None:
    assert read_private(key, limit_bytes=10, environ={}) == b"0123456789"
    key.chmod(0o400)
    assert read_private(key, limit_bytes=10, environ={}) == b"0123456789"


def test_too_large(key: Path) -> None:
    with pytest.raises(NotPrivate, match="too large"):
        read_private(key, limit_bytes=9, environ={})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777])
def test_rights_of_others(key: Path, mode: int) -> None:
    key.chmod(mode)
    with pytest.raises(NotPrivate, match="chmod"):
        read_private(key, limit_bytes=10, environ={})


def test_the_file_behind_a_link_is_judged(key: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(key)
    assert read_private(link, limit_bytes=10, environ={}) == b"0123456789"
    key.chmod(0o644)
    with pytest.raises(NotPrivate, match="chmod"):
        read_private(link, limit_bytes=10, environ={})


def test_in_the_credentials_directory_systemd_guards(key: Path, tmp_path: Path) -> None:
    key.chmod(0o444)
    assert read_private(key, limit_bytes=10, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}) == b"0123456789"
    for other in (str(tmp_path / "other"), f"{tmp_path}/ke", ""):
        with pytest.raises(NotPrivate, match="chmod"):
            read_private(key, limit_bytes=10, environ={"CREDENTIALS_DIRECTORY": other})


def test_a_link_out_of_the_credentials_directory_is_not_guarded(key: Path, tmp_path: Path) -> None:
    key.chmod(0o644)
    guarded = tmp_path / "guarded"
    guarded.mkdir()
    (guarded / "key").symlink_to(key)
    with pytest.raises(NotPrivate, match="chmod"):
        read_private(guarded / "key", limit_bytes=10, environ={"CREDENTIALS_DIRECTORY": str(guarded)})


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(NotPrivate, match="regular"):
            read_private(path, limit_bytes=10, environ={})


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_private(tmp_path / "key", limit_bytes=10, environ={})
