"""Iterates over a directory's frames in the order of writing, with memory for one record at a time.

A torn tail, what a crash leaves of records that were never acknowledged, ends its segment and is reported in `tears`.
Anything else that does not fit is damage: named by file and offset, and raised, or collected in `damages` where the
rest is to be read all the same. Kinds of a newer version are counted in `skipped`.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from maskproxy.errors import DamagedRecording
from maskproxy.recording import segments
from maskproxy.recording.frames import LIMIT_BYTES, Frame, decode, is_session_id

# A session's id stands in the first bytes of a payload: array, version, kind (13 and its head), id (64 and its head).
_ID_WITHIN_BYTES = 96
_CHUNK_BYTES = 1 << 18


class Tear(NamedTuple):
    """A torn tail: `lost_bytes` from `offset` on are of no record."""

    segment: str
    offset: int
    lost_bytes: int


class Reader:
    """Iterate once. With `session`, only its frames are decoded; every record is checked all the same."""

    def __init__(self, directory: Path, *, session: str | None = None, strict: bool = True) -> None:
        if session is not None and not is_session_id(session):
            raise ValueError("not a session id")
        self._path = directory
        self._needle = session.encode() if session else b""
        self._session = session
        self._strict = strict
        self.tears: list[Tear] = []
        self.damages: list[DamagedRecording] = []
        self.skipped = 0

    def __iter__(self) -> Iterator[Frame]:
        try:
            directory = segments.open_directory(self._path)
        except OSError as error:
            raise DamagedRecording(
                f"The recording {self._path} cannot be opened.", detail=str(error.strerror)
            ) from error
        try:
            for name in segments.segment_names(directory):
                yield from self._segment(directory, name)
        finally:
            os.close(directory)

    def _segment(self, directory: int, name: str) -> Iterator[Frame]:
        try:
            file = segments.open_segment(directory, name)
        except FileNotFoundError:
            return  # pruned since the directory was listed
        except OSError as error:
            self._damage(name, 0, "it is not a readable regular file", error)
            return
        with file:
            try:
                yield from self._records(file, name)
            except OSError as error:
                self._damage(name, file.tell(), f"reading fails ({errno.errorcode.get(error.errno or 0)})", error)

    def _records(self, file: BinaryIO, name: str) -> Iterator[Frame]:
        offset = self._header_length(file, name)
        while offset:
            head = file.read(segments.RECORD.size)
            if not head:
                return
            length = self._payload_length(file, name, offset, head)
            if length is None:
                return
            payload = file.read(length)
            if len(payload) < length:
                self.tears.append(Tear(name, offset, len(head) + len(payload)))
                return
            if zlib.crc32(payload) != segments.RECORD.unpack(head)[1]:
                self._damage(name, offset, "a record is not what was written")
            elif self._needle in payload[:_ID_WITHIN_BYTES]:
                frame = self._frame(payload, name, offset)
                if frame is not None and (self._session is None or frame.session == self._session):
                    yield frame
            offset += len(head) + length

    def _header_length(self, file: BinaryIO, name: str) -> int:
        """Where the first record begins; 0 when there is none to be read."""
        head = file.read(segments.HEADER.size)
        lost = _zeros_to_the_end(file) if not any(head) else None
        if lost is None and len(head) < segments.HEADER.size and segments.header().startswith(head):
            lost = 0
        if lost is not None:
            self.tears.append(Tear(name, 0, len(head) + lost))
            return 0
        whole = len(head) == segments.HEADER.size
        magic, version, length, check = segments.HEADER.unpack(head) if whole else (b"", 0, 0, 0)
        if magic != segments.MAGIC or zlib.crc32(head[:12]) != check or length < segments.HEADER.size:
            self._damage(name, 0, "it is not a segment")
            return 0
        if version != segments.FILE_VERSION:
            self._damage(name, 0, "it was written by a newer version of maskproxy")
            return 0
        file.seek(length)
        return int(length)

    def _payload_length(self, file: BinaryIO, name: str, offset: int, head: bytes) -> int | None:
        """The length of the next payload; None at a torn tail, or at damage behind which no record can be found."""
        if len(head) < segments.RECORD.size:
            self.tears.append(Tear(name, offset, len(head)))
            return None
        length, _, check = segments.RECORD.unpack(head)
        if zlib.crc32(head[:8]) == check and length <= LIMIT_BYTES:
            return int(length)
        lost = _zeros_to_the_end(file) if not any(head) else None
        if lost is None:
            self._damage(name, offset, "a record's head is not what was written; the rest of the file is unread")
        else:
            self.tears.append(Tear(name, offset, len(head) + lost))
        return None

    def _frame(self, payload: bytes, name: str, offset: int) -> Frame | None:
        try:
            frame = decode(payload)
        except DamagedRecording as error:
            self._damage(name, offset, f"{str(error).removesuffix('.')} ({error.detail})", error)
            return None
        if frame is None:
            self.skipped += 1
        return frame

    def _damage(self, name: str, offset: int, words: str, cause: Exception | None = None) -> None:
        damage = DamagedRecording(f"{name} is damaged at byte {offset}: {words}.")
        if self._strict:
            raise damage from cause
        self.damages.append(damage)


def _zeros_to_the_end(file: BinaryIO) -> int | None:
    """How many bytes follow, when all are zero: space that a file system gave and a crash left unwritten."""
    count = 0
    while chunk := file.read(_CHUNK_BYTES):
        if any(chunk):
            return None
        count += len(chunk)
    return count
