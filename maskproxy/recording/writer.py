"""The side of the recorder that touches the disk: payloads in, committed segments out. Blocking; used by one thread.

`commit` returns when everything is on disk. When it raises OSError, what was not committed is still in the caller's
list and, as far as the disk allows, in no file: a failed file is cut back, left for good and never synced again.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

from maskproxy.recording import segments

_MOST_PARTS = 1024
"""Linux's IOV_MAX."""
_NAME_TRIES = 100


class SegmentWriter:
    """Writes, rotates and prunes one directory. `wall_ns` and `mono_s` are the clocks."""

    def __init__(
        self,
        directory: Path,
        *,
        rotate_bytes: int,
        rotate_age_s: float,
        keep_s: float | None,
        wall_ns: Callable[[], int],
        mono_s: Callable[[], float],
    ) -> None:
        self._path = directory
        self._rotate_bytes = rotate_bytes
        self._rotate_age_s = rotate_age_s
        self._keep_s = keep_s
        self._wall_ns = wall_ns
        self._mono_s = mono_s
        self._directory = -1
        self._segment = -1
        self._name: str | None = None
        self._size = 0
        self._opened_s = 0.0
        self.pruned = 0
        self.unpruned = 0
        """Segments that are due and could not be deleted, counted at each try: no reason to stop recording."""

    def open(self) -> None:
        """Make the directory and a first segment, so that what cannot work fails at the start."""
        self._directory = segments.open_directory(self._path, create=True)
        names = segments.segment_names(self._directory)
        self._name = names[-1] if names else None
        self._open_segment()

    def commit(self, batch: list[bytes]) -> None:
        """Bring every payload to the disk, in order, and take it out of `batch` when it is there."""
        try:
            while batch:
                if self._segment >= 0 and self._is_due(len(batch[0])):
                    self._close_segment()
                if self._segment < 0:
                    self._open_segment()
                fitting = self._fitting(batch)
                self._size += self._write(batch[:fitting])
                del batch[:fitting]
        except OSError:
            self._give_up_segment()
            raise

    def tidy(self) -> None:
        """End a segment that is old enough and delete those that need not be kept. For quiet times."""
        if self._segment >= 0 and self._size > segments.HEADER.size and self._is_aged():
            self._close_segment()
        self.prune()

    def prune(self) -> None:
        """Delete segments that were last written to more than `keep_s` ago."""
        if self._keep_s is None or self._directory < 0:
            return
        limit_s = self._wall_ns() / 1e9 - self._keep_s
        try:
            names = segments.segment_names(self._directory)
        except OSError:
            names = []
            self.unpruned += 1
        for name in names:
            if self._segment >= 0 and name == self._name:
                continue
            try:
                if os.stat(name, dir_fd=self._directory, follow_symlinks=False).st_mtime < limit_s:
                    os.unlink(name, dir_fd=self._directory)
                    self.pruned += 1
            except OSError:
                self.unpruned += 1

    def close(self) -> None:
        """End the segment; one without a record is removed. Nothing is left to be synced."""
        if self._segment >= 0:
            with contextlib.suppress(OSError):
                os.close(self._segment)
            self._segment = -1
            if self._size == segments.HEADER.size and self._name:
                with contextlib.suppress(OSError):
                    os.unlink(self._name, dir_fd=self._directory)
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1

    def _is_aged(self) -> bool:
        return self._mono_s() - self._opened_s >= self._rotate_age_s

    def _is_due(self, payload_bytes: int) -> bool:
        if self._size == segments.HEADER.size:
            return False
        return self._is_aged() or self._size + segments.RECORD.size + payload_bytes > self._rotate_bytes

    def _fitting(self, batch: list[bytes]) -> int:
        """How many payloads go into this segment: as many as its size allows, and always one."""
        size = self._size
        for count, payload in enumerate(batch):
            size += segments.RECORD.size + len(payload)
            if size > self._rotate_bytes and count:
                return count
        return len(batch)

    def _write(self, payloads: list[bytes]) -> int:
        parts: list[bytes] = []
        for payload in payloads:
            parts += (segments.record_head(payload), payload)
        written = _write_all(self._segment, parts)
        os.fdatasync(self._segment)
        return written

    def _open_segment(self) -> None:
        if self._directory < 0:
            self._directory = segments.open_directory(self._path, create=True)
        for _ in range(_NAME_TRIES):
            self._name = segments.next_name(self._name, self._wall_ns())
            with contextlib.suppress(FileExistsError):
                self._segment = segments.create_segment(self._directory, self._name)
                break
        else:
            raise FileExistsError("no free name for a segment")
        self._size = segments.HEADER.size
        self._opened_s = self._mono_s()
        try:
            _write_all(self._segment, [segments.header()])
            os.fsync(self._segment)
            os.fsync(self._directory)
        except OSError:
            self._give_up_segment()
            raise

    def _close_segment(self) -> None:
        """Everything in it is synced already; the directory is synced with the next segment's birth."""
        segment, self._segment = self._segment, -1
        with contextlib.suppress(OSError):
            os.close(segment)
        self.prune()

    def _give_up_segment(self) -> None:
        """After a failed write or sync the file's tail is unknown: cut it to what was committed and start another."""
        segment, self._segment = self._segment, -1
        directory, self._directory = self._directory, -1
        if segment >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(segment, self._size)
            if self._size == segments.HEADER.size and self._name:
                with contextlib.suppress(OSError):
                    os.unlink(self._name, dir_fd=directory)
            with contextlib.suppress(OSError):
                os.close(segment)
        if directory >= 0:
            with contextlib.suppress(OSError):
                os.close(directory)


def _write_all(descriptor: int, parts: list[bytes]) -> int:
    """Write the parts without copying them, unless the system stops amid them."""
    written = 0
    for first in range(0, len(parts), _MOST_PARTS):
        some = parts[first : first + _MOST_PARTS]
        size, done = sum(map(len, some)), os.writev(descriptor, some)
        while done < size:
            step = os.writev(descriptor, [b"".join(some)[done:]])
            if step == 0:
                raise OSError(errno.EIO, "nothing was written")
            done += step
        written += size
    return written
