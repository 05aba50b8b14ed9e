"""The database file: its owner's alone from its first byte on, and of the kind that it should be.

SQLite gives the files that it puts beside it (`-wal`, `-shm`) the rights of the database itself.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from maskproxy.errors import StartFailed

_MAGIC = b"SQLite format 3\0"
_BESIDE = ("", "-wal", "-shm", "-journal")


def make_private(path: Path) -> None:
    """Make the file where it is missing, for its owner alone. Raises StartFailed where it cannot be used."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise StartFailed(f"The store's file cannot be made: {os.strerror(error.errno or 0)}.") from error
    check_private(path)


def check_private(path: Path) -> None:
    """Refuse what others than the owner have rights to, and what is no database; a missing file is fine."""
    for beside in _BESIDE:
        try:
            mode = Path(f"{path}{beside}").stat().st_mode
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise StartFailed("The store's file cannot be reached.") from error
        if not stat.S_ISREG(mode):
            raise StartFailed("The store is not a regular file.")
        if mode & 0o077:
            raise StartFailed(
                "Others than the owner have rights to the store's file or to one beside it (-wal, -shm); "
                "chmod them to 600."
            )
    if path.exists():
        _check_kind(path)


def _check_kind(path: Path) -> None:
    try:
        with path.open("rb+") as file:
            begin = file.read(len(_MAGIC))
    except OSError as error:
        raise StartFailed("The store's file cannot be read and written by this user.") from error
    if begin not in {b"", _MAGIC}:
        raise StartFailed("The store's file is not an SQLite database. Name another file, or move this one away.")
