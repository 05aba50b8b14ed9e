"""Segment files: their names, how they are opened, and the bytes around a payload (the format stands in `frames`).

Names sort in the order of writing, also when the clock steps back. A directory is 0700 and a file 0600; neither is ever
reached through a symbolic link, and a segment is only ever made new.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

MAGIC: Final = b"\x89MPREC\r\n"
FILE_VERSION: Final = 1
HEADER: Final = struct.Struct(">8sHHI")
"""Magic, version, length of the header, CRC-32 of these."""
RECORD: Final = struct.Struct(">III")
"""Length of the payload, CRC-32 of the payload, CRC-32 of the two."""

_NAME = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)-(\d{6,12})\.mprec", re.ASCII)


def header() -> bytes:
    front = HEADER.pack(MAGIC, FILE_VERSION, HEADER.size, 0)[:-4]
    return front + zlib.crc32(front).to_bytes(4, "big")


def record_head(payload: bytes) -> bytes:
    front = RECORD.pack(len(payload), zlib.crc32(payload), 0)[:-4]
    return front + zlib.crc32(front).to_bytes(4, "big")


def is_segment_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def next_name(previous: str | None, wall_ns: int) -> str:
    """A name that sorts behind `previous`, with the time of `wall_ns` unless that would sort before it."""
    now = datetime.fromtimestamp(wall_ns / 1e9, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    match = _NAME.fullmatch(previous) if previous else None
    if match is None:
        return f"{now}-{1:06d}.mprec"
    counter = int(match[2]) + 1
    return f"{max(now, match[1])}-{counter:06d}.mprec"


def open_directory(path: Path, *, create: bool = False) -> int:
    """A descriptor of the directory. With `create` it is made where it is missing and closed to all but its owner."""
    if create and not path.exists():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    if create and stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o700:
        try:
            os.fchmod(descriptor, 0o700)
        except OSError:
            os.close(descriptor)
            raise
    return descriptor


def segment_names(directory: int) -> list[str]:
    """The names of all segments, oldest first. Other files are not looked at."""
    return sorted(name for name in os.listdir(directory) if is_segment_name(name))


def create_segment(directory: int, name: str) -> int:
    """A descriptor for writing. Raises FileExistsError for whatever stands in the place, a symbolic link too."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND | os.O_CLOEXEC
    return os.open(name, flags, 0o600, dir_fd=directory)


def open_segment(directory: int, name: str) -> BinaryIO:
    """A segment for reading. Raises OSError for anything but a regular file."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=directory)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return os.fdopen(descriptor, "rb", buffering=1 << 18)
