"""Which models and files a request to Claude names, or an answer: read from what goes on, as its reader reads it."""

from __future__ import annotations

from typing import NamedTuple

from maskproxy.bodies.claude import NAMED
from maskproxy.bodies.json_literal import decode
from maskproxy.bodies.json_walk import Walk
from maskproxy.masking import Masking


class Named(NamedTuple):
    """Each once, in the document's order."""

    models: tuple[str, ...]
    files: tuple[str, ...]


def named(raw: bytes, masking: Masking) -> Named:
    """Read a Messages request or a batch of them, an answer, or an event of one. Nothing is looked for with `masking`.

    Of what is named twice in one object, which readers differ about, both count.
    """
    walk = Walk(raw, masking, scan=False, refuse_media=False, prefix="")
    walk.run(NAMED)
    found: dict[bytes, dict[str, None]] = {b"model": {}, b"file_id": {}}
    for key, spot in walk.streams:
        found[key][decode(raw[spot.start : spot.end]).decode()] = None
    return Named(tuple(found[b"model"]), tuple(found[b"file_id"]))


def may_name_files(raw: bytes) -> bool:
    """Tell whether the key may stand there at all, with escapes in it too."""
    return b"file_id" in raw or b"\\u00" in raw
