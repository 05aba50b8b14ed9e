"""Where a batch's results are: the address in the API's answers, made to lead back through the gateway.

The API gives an absolute `results_url`, and SDKs follow it with their credential: with a person's token, straight to
the API. Of an address there only the origin changes, and only one that the route answers for. Recorded is what the API
said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from maskproxy.bodies.around import Around
from maskproxy.bodies.claude import RESULTS_URLS
from maskproxy.bodies.edits import Edit, splice
from maskproxy.bodies.json_literal import WayBack, decode, encode
from maskproxy.bodies.json_walk import Walk
from maskproxy.bodies.output import BodyMask, Output
from maskproxy.masking import Masked, Masking, trusted

_ORIGIN = re.compile(rb"(https?)://([^/?#]+)(?=/)", re.IGNORECASE)
_WHY = "masked before, and the gateway's own origin instead of the API's"


@dataclass(frozen=True, slots=True)
class Reached:
    """The origin by which the client reached the gateway, and those that stand for the same API. No default ports."""

    own: str
    known: frozenset[str]


class OwnResultsUrl(Around):
    """A whole JSON answer about batches, under its mask."""

    def __init__(self, mask: BodyMask, masking: Masking, reached: Reached) -> None:
        super().__init__(mask)
        self._masking = masking
        self._reached = reached

    def finish(self) -> Output:
        out = self._mask.finish()
        return out._replace(forward=relinked(out.forward, self._masking, self._reached))


def relinked(raw: Masked, masking: Masking, reached: Reached) -> Masked:
    """Give a masked answer with our origin in its batches' addresses."""
    if raw.find(b"results_url") < 0 and raw.find(b"\\u") < 0:
        return raw
    walk = Walk(raw, masking, scan=False, refuse_media=False, prefix="")
    walk.run(RESULTS_URLS)
    edits = []
    for _, spot in walk.streams:
        literal = raw[spot.start : spot.end]
        origin = _ORIGIN.match(decode(literal))
        if origin is not None and _spelled(origin) in reached.known:
            end = spot.start + WayBack(literal).end(origin.end())
            edits.append(Edit(spot.start, end, encode(reached.own.encode()), record_only=False))
    return trusted(splice(raw, sorted(edits)), why=_WHY) if edits else raw


def _spelled(origin: re.Match[bytes]) -> str:
    scheme, authority = origin[1].decode().lower(), origin[2].decode("utf-8", "replace").lower()
    return f"{scheme}://{authority.removesuffix(':443' if scheme == 'https' else ':80')}"
