from __future__ import annotations

import os
import zlib
from pathlib import Path

import msgpack
import pytest

from maskproxy.errors import DamagedRecording
from maskproxy.recording import segments
from maskproxy.recording.frames import Frame, encode
from maskproxy.recording.reader import Reader, Tear
from tests.recording.scripted import exchange_id, piece, write_frames, write_segment

FRAMES = [piece(number, f"piece {number}".encode()) for number in range(4)]


def record_ends() -> list[int]:
    """The offsets at which a segment of FRAMES is whole."""
    ends = [segments.HEADER.size]
    for frame in FRAMES:
        ends.append(ends[-1] + segments.RECORD.size + len(encode(frame)))
    return ends


def test_frames_come_back_over_all_segments_in_order(tmp_path: Path) -> None:
    first = write_segment(tmp_path, [encode(frame) for frame in FRAMES[:2]])
    write_segment(tmp_path, [encode(frame) for frame in FRAMES[2:]], previous=first.name)
    reader = Reader(tmp_path)
    assert list(reader) == FRAMES
    assert (reader.tears, reader.damages, reader.skipped) == ([], [], 0)


def test_one_session_is_picked_from_many_also_where_one_id_begins_with_another(tmp_path: Path) -> None:
    write_frames(tmp_path, [piece(n, b"says s-1", session=name) for n, name in enumerate(("s-1", "s-12", "s-1"))])
    assert [frame.data["seq"] for frame in Reader(tmp_path, session="s-1")] == [0, 2]
    assert [frame.data["seq"] for frame in Reader(tmp_path, session="s-12")] == [1]
    longest = "x" * 64
    write_frames(tmp_path, [piece(7, b"", session=longest)])
    assert [frame.session for frame in Reader(tmp_path, session=longest)] == [longest]


def test_a_session_id_outside_the_grammar_is_not_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="session id"):
        Reader(tmp_path, session="../../etc")


def test_cut_at_every_byte_whole_records_survive_and_the_tear_is_reported(tmp_path: Path) -> None:
    path = write_frames(tmp_path, FRAMES)
    whole = path.read_bytes()
    ends = record_ends()
    assert ends[-1] == len(whole)
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        reader = Reader(tmp_path)
        kept = [end for end in ends if end <= cut]
        assert list(reader) == FRAMES[: max(len(kept) - 1, 0)]
        whole_until = kept[-1] if kept else 0
        expected = [] if cut == whole_until and kept else [Tear(path.name, whole_until, cut - whole_until)]
        assert reader.tears == expected


def test_space_that_a_crash_left_unwritten_is_a_tear(tmp_path: Path) -> None:
    path = write_frames(tmp_path, FRAMES)
    path.write_bytes(path.read_bytes() + bytes(5000))
    reader = Reader(tmp_path)
    assert list(reader) == FRAMES
    assert reader.tears == [Tear(path.name, record_ends()[-1], 5000)]
    path.write_bytes(bytes(5000))
    reader = Reader(tmp_path)
    assert list(reader) == []
    assert reader.tears == [Tear(path.name, 0, 5000)]


def test_a_torn_segment_does_not_end_the_reading(tmp_path: Path) -> None:
    first = write_segment(tmp_path, [encode(frame) for frame in FRAMES[:2]])
    first.write_bytes(first.read_bytes()[:-1])
    write_segment(tmp_path, [encode(frame) for frame in FRAMES[2:]], previous=first.name)
    reader = Reader(tmp_path)
    assert list(reader) == [FRAMES[0], *FRAMES[2:]]
    assert len(reader.tears) == 1


def test_every_edited_byte_is_damage_that_names_file_and_offset(tmp_path: Path) -> None:
    path = write_frames(tmp_path, FRAMES)
    whole = path.read_bytes()
    ends = record_ends()
    for place in range(len(whole)):
        edited = bytearray(whole)
        edited[place] ^= 0x55
        path.write_bytes(edited)
        seen: list[Frame] = []
        with pytest.raises(DamagedRecording) as caught:
            seen.extend(Reader(tmp_path))
        at = max((end for end in ends if end <= place), default=0)
        assert f"{path.name} is damaged at byte {at}:" in str(caught.value)
        assert seen == FRAMES[: max(ends.index(at), 0) if at else 0]


def test_reading_on_after_damage_gives_all_the_rest(tmp_path: Path) -> None:
    path = write_frames(tmp_path, FRAMES)
    edited = bytearray(path.read_bytes())
    edited[record_ends()[2] - 1] ^= 1
    path.write_bytes(edited)
    reader = Reader(tmp_path, strict=False)
    assert list(reader) == [FRAMES[0], *FRAMES[2:]]
    assert [str(damage) for damage in reader.damages] == [
        f"{path.name} is damaged at byte {record_ends()[1]}: a record is not what was written."
    ]


def test_a_valid_record_that_holds_no_frame_is_damage(tmp_path: Path) -> None:
    write_segment(tmp_path, [encode(FRAMES[0]), b"\xc1", encode(FRAMES[1])])
    reader = Reader(tmp_path, strict=False)
    assert list(reader) == FRAMES[:2]
    assert len(reader.damages) == 1


def test_unknown_kinds_are_counted_and_skipped(tmp_path: Path) -> None:
    later = msgpack.packb([1, "checkpoint", "node", exchange_id(1), 1, 1, {"signature": b"x"}])
    write_segment(tmp_path, [encode(FRAMES[0]), later, encode(FRAMES[1])])
    reader = Reader(tmp_path)
    assert list(reader) == FRAMES[:2]
    assert reader.skipped == 1


def test_a_longer_header_of_a_later_release_is_stepped_over(tmp_path: Path) -> None:
    path = write_frames(tmp_path, FRAMES)
    body = path.read_bytes()[segments.HEADER.size :]
    front = segments.HEADER.pack(segments.MAGIC, 1, 32, 0)[:-4]
    header = front + zlib.crc32(front).to_bytes(4, "big") + bytes(16)
    path.write_bytes(header + body)
    assert list(Reader(tmp_path)) == FRAMES


def test_a_link_or_a_pipe_in_place_of_a_segment_is_damage(tmp_path: Path) -> None:
    path = write_frames(tmp_path / "recordings", FRAMES)
    other = path.rename(tmp_path / "moved")
    path.symlink_to(other)
    with pytest.raises(DamagedRecording, match="not a readable regular file"):
        list(Reader(path.parent))
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DamagedRecording, match="not a readable regular file"):
        list(Reader(path.parent))


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedRecording, match="nowhere"):
        list(Reader(tmp_path / "nowhere"))


def test_a_segment_that_is_pruned_while_reading_is_no_damage(tmp_path: Path) -> None:
    first = write_segment(tmp_path, [encode(FRAMES[0])])
    second = write_segment(tmp_path, [encode(FRAMES[1])], previous=first.name)
    reading = iter(Reader(tmp_path))
    assert next(reading) == FRAMES[0]
    second.unlink()
    assert list(reading) == []


def test_a_session_frame_needs_no_exchange(tmp_path: Path) -> None:
    frame = Frame("session", "s", "", 1, 1, {"person": "https://idp#ada"})
    write_frames(tmp_path, [frame])
    assert list(Reader(tmp_path, session="s")) == [frame]
