from __future__ import annotations

import os
import stat
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.recording import segments
from tests.recording.scripted import START_NS


@given(st.lists(st.integers(min_value=0, max_value=4 * 10**18), min_size=2, max_size=8))
def test_names_sort_in_the_order_of_writing_whatever_the_clock_does(times: list[int]) -> None:
    names: list[str] = []
    for wall_ns in times:
        names.append(segments.next_name(names[-1] if names else None, wall_ns))
    assert names == sorted(set(names))
    assert all(segments.is_segment_name(name) for name in names)


def test_the_bytes_of_a_header_and_a_record_head_are_these() -> None:
    assert segments.header()[:12] == bytes.fromhex("894d505245430d0a 0001 0010")
    assert segments.header()[12:] == zlib.crc32(segments.header()[:12]).to_bytes(4, "big")
    head = segments.record_head(b"abc")
    assert head[:8] == b"\0\0\0\3" + zlib.crc32(b"abc").to_bytes(4, "big")
    assert head[8:] == zlib.crc32(head[:8]).to_bytes(4, "big")


@pytest.mark.parametrize(
    "name", ["../20260101T000000.000000Z-000001.mprec", "20260101T000000.000000Z-000001.mprec\n", "x.mprec", ""]
)
def test_other_names_are_no_segments(name: str) -> None:
    assert not segments.is_segment_name(name)


def test_a_directory_is_made_closed_and_an_open_one_is_closed(tmp_path: Path) -> None:
    for path in (tmp_path / "made" / "deep", tmp_path / "there"):
        if path.name == "there":
            path.mkdir(mode=0o755)
        os.close(segments.open_directory(path, create=True))
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_reader_changes_no_modes(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.mkdir(mode=0o750)
    os.close(segments.open_directory(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o750


def test_a_symbolic_link_is_refused_as_directory_and_as_segment(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(OSError, match="link"):
        segments.open_directory(tmp_path / "link", create=True)
    name = segments.next_name(None, START_NS)
    outside = tmp_path / "outside"
    outside.write_bytes(segments.header())
    (real / name).symlink_to(outside)
    directory = segments.open_directory(real)
    try:
        with pytest.raises(FileExistsError):
            segments.create_segment(directory, name)
        with pytest.raises(OSError, match="symbolic"):
            segments.open_segment(directory, name)
    finally:
        os.close(directory)
    assert outside.read_bytes() == segments.header()


def test_a_pipe_in_place_of_a_segment_is_refused_at_once(tmp_path: Path) -> None:
    name = segments.next_name(None, START_NS)
    os.mkfifo(tmp_path / name)
    directory = segments.open_directory(tmp_path)
    try:
        with pytest.raises(OSError, match="not a regular file"):
            segments.open_segment(directory, name)
    finally:
        os.close(directory)


def test_only_segments_are_listed_oldest_first(tmp_path: Path) -> None:
    first = segments.next_name(None, START_NS)
    second = segments.next_name(first, START_NS)
    for name in (second, first, "notes.txt", f"{first}.bak"):
        (tmp_path / name).touch()
    directory = segments.open_directory(tmp_path)
    try:
        assert segments.segment_names(directory) == [first, second]
    finally:
        os.close(directory)
