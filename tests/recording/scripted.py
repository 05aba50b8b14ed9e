"""Scripted frames: what a gateway would offer, with a clock of their own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from maskproxy.masking.masked import Masked, trusted
from maskproxy.recording import segments
from maskproxy.recording.frames import Frame, body_frame, encode

START_NS = 1_700_000_000_000_000_000
SESSION = "7c4ab5d1-0f63-4b57-9e0a-3d5f6a7b8c9d"


def exchange_id(number: int) -> str:
    return f"req_{number:020d}"


def masked(data: bytes) -> Masked:
    return trusted(data, why="scripted for a test")


def piece(number: int, body: bytes, *, session: str = SESSION) -> Frame:
    return body_frame("response_body", session, exchange_id(1), START_NS + number, 1_000 + number, masked(body), number)


def write_segment(directory: Path, payloads: Iterable[bytes], *, previous: str | None = None) -> Path:
    """A segment as the recorder would leave it."""
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / segments.next_name(previous, START_NS)
    path.write_bytes(segments.header() + b"".join(segments.record_head(one) + one for one in payloads))
    return path


def write_frames(directory: Path, scripted: Iterable[Frame]) -> Path:
    return write_segment(directory, [encode(frame) for frame in scripted])
