"""Which models a request to Claude names: read from what goes upstream, so that it is what the API reads too."""

from __future__ import annotations

from maskproxy.bodies.claude import MODELS_NAMED
from maskproxy.bodies.json_literal import decode
from maskproxy.bodies.json_walk import Walk
from maskproxy.masking import Masking


def models_named(raw: bytes, masking: Masking) -> tuple[str, ...]:
    """Every model of a Messages request or of a batch, each once. `masking` is not used to look for anything.

    Of what is named twice in one object, which readers differ about, both count.
    """
    walk = Walk(raw, masking, scan=False, refuse_media=False, prefix="")
    walk.run(MODELS_NAMED)
    return tuple(dict.fromkeys(decode(raw[spot.start : spot.end]).decode() for _, spot in walk.streams))
