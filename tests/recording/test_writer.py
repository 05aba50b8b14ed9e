from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maskproxy.recording import segments
from maskproxy.recording.frames import encode
from maskproxy.recording.reader import Reader
from maskproxy.recording.writer import SegmentWriter
from tests.recording.scripted import START_NS, piece


class Clock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def wall_ns(self) -> int:
        return START_NS + int(self.now_s * 1e9)

    def mono_s(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(tmp_path: Path, clock: Clock) -> Iterator[SegmentWriter]:
    made = SegmentWriter(
        tmp_path / "recordings",
        rotate_bytes=4096,
        rotate_age_s=60,
        keep_s=3600,
        wall_ns=clock.wall_ns,
        mono_s=clock.mono_s,
    )
    yield made
    made.close()


def payloads(count: int, size: int = 100) -> list[bytes]:
    return [encode(piece(number, bytes(size))) for number in range(count)]


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "recordings").iterdir())


def sequence(tmp_path: Path) -> list[object]:
    return [frame.data["seq"] for frame in Reader(tmp_path / "recordings")]


def test_what_is_committed_is_in_a_closed_file_of_a_closed_directory(tmp_path: Path, writer: SegmentWriter) -> None:
    writer.open()
    batch = payloads(3)
    writer.commit(batch)
    assert batch == []
    assert sequence(tmp_path) == [0, 1, 2]
    (only,) = files(tmp_path)
    assert stat.S_IMODE(only.stat().st_mode) == 0o600
    assert stat.S_IMODE(only.parent.stat().st_mode) == 0o700


def test_a_segment_ends_before_it_is_over_its_size(tmp_path: Path, writer: SegmentWriter) -> None:
    writer.open()
    writer.commit(payloads(100))
    assert sequence(tmp_path) == list(range(100))
    assert len(files(tmp_path)) > 3
    assert all(path.stat().st_size <= 4096 for path in files(tmp_path))


def test_a_payload_that_is_larger_than_a_segment_gets_its_own(tmp_path: Path, writer: SegmentWriter) -> None:
    writer.open()
    writer.commit([*payloads(1), *payloads(1, 10_000), *payloads(1)])
    assert [path.stat().st_size > 4096 for path in files(tmp_path)] == [False, True, False]


def test_a_segment_ends_at_its_age(tmp_path: Path, writer: SegmentWriter, clock: Clock) -> None:
    writer.open()
    writer.commit(payloads(1))
    clock.now_s += 59
    writer.commit(payloads(1))
    assert len(files(tmp_path)) == 1
    clock.now_s += 1
    writer.commit(payloads(1))
    assert len(files(tmp_path)) == 2


def test_in_quiet_times_an_aged_segment_ends_and_an_empty_one_stays(
    tmp_path: Path, writer: SegmentWriter, clock: Clock
) -> None:
    writer.open()
    clock.now_s += 100
    writer.tidy()
    writer.commit(payloads(1))
    assert len(files(tmp_path)) == 1
    clock.now_s += 100
    writer.tidy()
    writer.commit(payloads(1))
    assert len(files(tmp_path)) == 2


def test_old_segments_are_pruned_and_nothing_else(tmp_path: Path, writer: SegmentWriter, clock: Clock) -> None:
    directory = tmp_path / "recordings"
    directory.mkdir()
    (directory / "notes.txt").touch()
    os.utime(directory / "notes.txt", (1, 1))
    old = directory / segments.next_name(None, START_NS)
    old.touch()
    os.utime(old, (START_NS / 1e9 - 3601,) * 2)
    young = directory / segments.next_name(old.name, START_NS)
    young.touch()
    os.utime(young, (START_NS / 1e9 - 3599,) * 2)
    writer.open()
    writer.tidy()
    assert writer.pruned == 1
    assert not old.exists()
    assert young.exists()
    assert (directory / "notes.txt").exists()


def test_a_segment_that_cannot_be_pruned_is_counted(
    tmp_path: Path, writer: SegmentWriter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.open()
    old = tmp_path / "recordings" / segments.next_name(None, START_NS - 10**9)
    old.touch()
    os.utime(old, (1, 1))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "immutable")

    monkeypatch.setattr(os, "unlink", refuse)
    writer.prune()
    assert (writer.pruned, writer.unpruned) == (0, 1)


def test_a_segment_without_a_record_is_removed_at_the_end(tmp_path: Path, writer: SegmentWriter) -> None:
    writer.open()
    assert len(files(tmp_path)) == 1
    writer.close()
    assert files(tmp_path) == []


def test_a_second_writer_in_the_directory_takes_other_names(
    tmp_path: Path, writer: SegmentWriter, clock: Clock
) -> None:
    def other() -> SegmentWriter:
        return SegmentWriter(
            tmp_path / "recordings",
            rotate_bytes=4096,
            rotate_age_s=60,
            keep_s=None,
            wall_ns=clock.wall_ns,
            mono_s=clock.mono_s,
        )

    second = other()
    writer.open()
    second.open()
    writer.commit(payloads(2))
    second.commit(payloads(3))
    second.close()
    assert len(files(tmp_path)) == 2
    assert len(sequence(tmp_path)) == 5


@pytest.mark.parametrize("call", ["writev", "fdatasync", "fsync"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_after_an_error_nothing_is_lost_doubled_or_torn(
    tmp_path: Path, writer: SegmentWriter, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    writer.open()
    writer.commit(payloads(2))
    batch = payloads(60)[2:]
    real: Any = getattr(os, call)
    calls = 0

    def failing(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if 2 <= calls <= 3:
            if call == "writev":
                real(arguments[0], [b"".join(arguments[1])[:7]])  # the disk took a part of it
            raise OSError(code, os.strerror(code))
        return real(*arguments)

    monkeypatch.setattr(os, call, failing)
    failures = 0
    while batch:
        try:
            writer.commit(batch)
        except OSError:
            failures += 1
            left = [encode(piece(number, bytes(100))) for number in range(60)][-len(batch) :]
            assert batch == left
    assert failures == 2
    reader = Reader(tmp_path / "recordings")
    assert [frame.data["seq"] for frame in reader] == list(range(60))
    assert reader.tears == []


def test_a_write_that_takes_nothing_is_an_error(
    tmp_path: Path, writer: SegmentWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.open()
    monkeypatch.setattr(os, "writev", lambda *_: 0)
    with pytest.raises(OSError, match="nothing was written"):
        writer.commit(payloads(1))


def test_short_writes_are_continued(tmp_path: Path, writer: SegmentWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.open()
    real = os.writev
    monkeypatch.setattr(os, "writev", lambda descriptor, parts: real(descriptor, [b"".join(parts)[:11]]))
    writer.commit(payloads(3))
    assert sequence(tmp_path) == [0, 1, 2]


def test_a_directory_that_went_away_is_made_again(tmp_path: Path, writer: SegmentWriter) -> None:
    writer.open()
    (segment,) = files(tmp_path)
    segment.unlink()
    segment.parent.rmdir()
    writer.commit(payloads(1))  # into the unlinked file: the system does not tell
    batch = payloads(50)
    with pytest.raises(FileNotFoundError):
        writer.commit(batch)
    writer.commit(batch)
    assert batch == []
    assert len(sequence(tmp_path)) > 0
