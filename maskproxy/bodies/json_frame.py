"""An object or array that a walk over a document is in."""

from __future__ import annotations

from maskproxy.bodies.edits import Spot
from maskproxy.bodies.places import FREE, Exemption, Place


class Frame:
    """An open object or array."""

    __slots__ = (
        "index",
        "input",
        "is_free",
        "is_object",
        "key",
        "pending",
        "place",
        "seen",
        "start",
        "told",
        "view_key",
    )

    def __init__(self, place: Place, start: int, *, is_object: bool, view_key: bytes) -> None:
        self.place = place
        self.start = start
        self.input: tuple[int, int] | None = None
        """Where the `input` member that has ended stands, in a place of calls."""
        self.is_object = is_object
        self.view_key = view_key
        self.key = b""
        self.index = -1
        self.is_free = place is FREE or (not is_object and place.items is None)
        if is_object and place.keys_once:
            self.seen: set[bytes] = set()
        if is_object and place.exempt:
            self.told: dict[bytes, bytes] = {}
            self.pending: list[tuple[Exemption, bytes, Spot]] = []
