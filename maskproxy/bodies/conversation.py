"""A Messages request, which carries its conversation's history: it teaches the vault, and tells what the history lost.

A history that was compacted still names secrets by their placeholders, and no longer holds them. Whoever remembers them
puts them into the vault; what edits of this history had got back of them is then masked again like any other.
"""

from __future__ import annotations

from maskproxy.bodies.edit_tools import EditTools
from maskproxy.bodies.json_bodies import JsonBody
from maskproxy.bodies.json_text import mask_json
from maskproxy.bodies.json_walk import Walk
from maskproxy.bodies.output import Output
from maskproxy.bodies.places import Place
from maskproxy.masking import Masking

MOST_LOST = 2_000
"""Of more placeholders than this, those that stand last in the body are looked up."""


class ConversationBody(JsonBody):
    """A `JsonBody` that can be masked once more with what was recalled."""

    def __init__(
        self, masking: Masking, root: Place, tools: EditTools, *, refuse_media: bool = False, recalls: bool = False
    ) -> None:
        """With `recalls`, the body is held after `finish` if it lost something, until `again` or `release`."""
        super().__init__(masking, root, refuse_media=refuse_media, tools=tools)
        self._vault = tools.vault
        self._edit_tools = tools
        self._recalls = recalls
        self._raw = b""
        self.lost: list[bytes] = []
        """Placeholders of ours in the masked body whose secrets the body does not hold."""

    @property
    def held_bytes(self) -> int:
        """How much `again` would mask."""
        return len(self._raw)

    def holds_edits(self) -> bool:
        """Tell whether calls of edit tools stand in the history: they may hold what was given back to them."""
        walk = Walk(
            self._raw, self._masking, scan=False, refuse_media=False, prefix=self._place, tools=self._edit_tools
        )
        walk.run(self._root)
        return bool(walk.arguments)

    def again(self) -> Output | None:
        """Mask the body once more, if something that was recalled stands in it. To be called once."""
        raw, self._raw = self._raw, b""
        if not self._vault.recalled_may_stand_in(raw):
            return None
        self._vault.begin_again()
        return self._mask(raw)

    def release(self) -> None:
        """Let go of the body: nothing was recalled."""
        self._raw = b""

    def _masked(self, raw: bytes) -> Output:
        out = self._mask(raw)
        if self._recalls:
            self.lost = self._masking.placeholders.found_in(out.forward, but=self._vault.has_heard_of, most=MOST_LOST)
            self._raw = raw if self.lost else b""
        return out

    def _mask(self, raw: bytes) -> Output:
        masked = mask_json(
            raw, self._masking, self._root, refuse_media=self._refuse_media, tools=self._edit_tools, learns=True
        )
        self.findings = masked.findings
        self.unread_bytes = masked.media_bytes
        return Output(masked.forward, masked.record)
