"""Edits of raw JSON: where a string literal stands, what goes into it, and who gets to see that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Spot(NamedTuple):
    """Where the key before a string literal begins, and where the literal stands, without its quotes."""

    key_start: int
    start: int
    end: int


class Edit(NamedTuple):
    """A replacement, escaped for its literal; for both the forwarded body and the recorded one, or for one of them."""

    start: int
    end: int
    placeholder: bytes
    record_only: bool
    forward_only: bool = False


def forwarded(edits: Sequence[Edit]) -> list[Edit]:
    """Give those of the body that goes on, in order."""
    return sorted(edit for edit in edits if not edit.record_only)


def recorded(edits: Sequence[Edit]) -> list[Edit]:
    """Give those of the body that is recorded, in order."""
    return sorted(edit for edit in edits if not edit.forward_only)


def splice(raw: bytes, edits: Sequence[Edit]) -> bytes:
    if not edits:
        return raw
    # Views, so that a large body is copied once and not twice.
    view = memoryview(raw)
    pieces: list[bytes | memoryview] = []
    at = 0
    for edit in edits:
        pieces += (view[at : edit.start], edit.placeholder)
        at = edit.end
    pieces.append(view[at:])
    return b"".join(pieces)
