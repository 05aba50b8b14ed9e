"""Files that are their owner's alone, in the state folder (XDG_STATE_HOME).

Promises: written whole or not at all, with 0600 from the first byte, in a folder with 0700; read only where nobody else
has rights; one process at a time within `locked`, which the system lets go of when a process dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from maskproxy.errors import Unavailable

LOCK_S = 60.0
_LIMIT_BYTES = 1 << 20
_LOOK_S = 0.05


def state_directory(environ: Mapping[str, str]) -> Path:
    """Where it is; it need not be there yet. A relative XDG_STATE_HOME is passed over, as its specification says."""
    named = Path(environ.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "state") / "maskproxy"


def write_private(path: Path, data: bytes) -> None:
    """Raises Unavailable where the folder cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Unavailable(f"{path.parent} cannot be written. Name another folder by XDG_STATE_HOME.") from error


def read_private(path: Path) -> bytes | None:
    """None where there is no such file. Raises Unavailable where it is not ours alone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read. Remove it and sign in again.") from error
    with os.fdopen(descriptor, "rb") as file:
        told = os.fstat(file.fileno())
        if not stat.S_ISREG(told.st_mode) or told.st_mode & 0o077 or told.st_uid != os.geteuid():
            raise Unavailable(f"Others than you have rights to {path}. Remove it and sign in again.")
        return file.read(_LIMIT_BYTES)


@contextlib.contextmanager
def locked(path: Path, timeout_s: float = LOCK_S) -> Iterator[None]:
    """Raises Unavailable where another process keeps it for too long."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Unavailable(f"{path.parent} cannot be written. Name another folder by XDG_STATE_HOME.") from error
    try:
        ends_s = time.monotonic() + timeout_s
        while not _taken(descriptor):
            if time.monotonic() > ends_s:
                raise Unavailable("Another maskproxy process takes too long to refresh your sign-in. Try again.")
            time.sleep(_LOOK_S)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
