import os
import stat
from pathlib import Path

import pytest

from maskproxy.errors import StartFailed
from maskproxy.store.files import check_private, make_private


def test_a_new_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private(tmp_path / "state.db")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state.db").stat().st_mode) == 0o600
    make_private(tmp_path / "state.db")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644])
@pytest.mark.parametrize("beside", ["", "-wal", "-shm", "-journal"])
def test_rights_of_others_are_refused(tmp_path: Path, mode: int, beside: str) -> None:
    make_private(tmp_path / "state.db")
    path = tmp_path / f"state.db{beside}"
    path.touch()
    path.chmod(mode)
    with pytest.raises(StartFailed, match="chmod"):
        check_private(tmp_path / "state.db")
    with pytest.raises(StartFailed, match="chmod"):
        make_private(tmp_path / "state.db")


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    check_private(path)
    assert not path.exists()
    path.write_text("notes of somebody")
    path.chmod(0o600)
    with pytest.raises(StartFailed, match="not an SQLite database"):
        check_private(path)
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(StartFailed, match="regular file"):
        check_private(path)


def test_a_place_where_nothing_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="cannot be made"):
        make_private(tmp_path / "gone" / "state.db")
    with pytest.raises(StartFailed, match="regular file"):
        make_private(tmp_path)
