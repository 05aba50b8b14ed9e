"""A Messages request, which carries its conversation's history: it teaches the vault, and tells what the history lost.

A history that was compacted still names secrets by their placeholders, and no longer holds them. Whoever remembers them
puts them into the vault; what edits of this history had got back of them is then masked again like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from maskproxy.bodies.edit_tools import EditTools
from maskproxy.bodies.json_bodies import JsonBody
from maskproxy.bodies.json_text import mask_json
from maskproxy.bodies.json_walk import Walk
from maskproxy.bodies.output import BodyFinding, BodyMask, Output
from maskproxy.bodies.places import Place
from maskproxy.bodies.refusing import Refusal, Refusing
from maskproxy.bodies.two_masks import TwoMasks
from maskproxy.masking import Known, Masking, Seals

MOST_LOST = 2_000
"""Of more placeholders than this, those that stand last in the body are looked up."""


@runtime_checkable
class Conversation(BodyMask, Protocol):
    """A Messages request's body, alone or under what its rules' actions ask for."""

    @property
    def lost(self) -> list[bytes]: ...

    @property
    def held_bytes(self) -> int: ...

    def holds_edits(self) -> bool: ...

    def recall(self, known: Known) -> bool: ...

    def again(self, before: Output) -> Output: ...

    def release(self) -> None: ...


class ConversationBody(JsonBody):
    """A `JsonBody` that can be masked once more with what was recalled."""

    def __init__(
        self,
        masking: Masking,
        root: Place,
        tools: EditTools,
        *,
        refuse_media: bool = False,
        recalls: bool = False,
        seals: Seals | None = None,
    ) -> None:
        """With `recalls`, the body is held after `finish` if it lost something, until `again` or `release`."""
        super().__init__(masking, root, refuse_media=refuse_media, tools=tools, learns=True, seals=seals)
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

    def recall(self, known: Known) -> bool:
        """Take what a store remembers; False if there is no room for it, or the body knows better."""
        return self._vault.recall(known)

    def again(self, before: Output) -> Output:
        """Mask the body once more, if something that was recalled stands in it; else what came out `before` holds."""
        raw, self._raw = self._raw, b""
        if not self._vault.recalled_may_stand_in(raw):
            return before
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
            raw,
            self._masking,
            self._root,
            refuse_media=self._refuse_media,
            tools=self._edit_tools,
            learns=True,
            seals=self._seals,
        )
        self.findings = masked.findings
        self.unread_bytes = masked.media_bytes
        return Output(masked.forward, masked.record)


class RefusingConversation(Refusing):
    """A conversation in which some rules block: what is masked once more is judged once more."""

    def __init__(self, mask: Conversation, refusal: Refusal) -> None:
        super().__init__(mask, refusal)
        self._conversation = mask
        self.recall = mask.recall
        self.holds_edits = mask.holds_edits
        self.release = mask.release

    @property
    def lost(self) -> list[bytes]:
        return self._conversation.lost

    @property
    def held_bytes(self) -> int:
        return self._conversation.held_bytes

    def again(self, before: Output) -> Output:
        out = self._conversation.again(before)
        self._judged = 0
        return self._judge(out)


class PairedConversation(TwoMasks):
    """A conversation of which another mask makes the recording: both are told what was recalled."""

    def __init__(
        self, forward: Conversation, record: Conversation, only_recorded: Callable[[BodyFinding], bool]
    ) -> None:
        super().__init__(forward, record, only_recorded)
        self._forwarded = forward
        self._recorded = record
        self.holds_edits = forward.holds_edits

    @property
    def lost(self) -> list[bytes]:
        return self._forwarded.lost

    @property
    def held_bytes(self) -> int:
        return self._forwarded.held_bytes + self._recorded.held_bytes

    def recall(self, known: Known) -> bool:
        self._recorded.recall(known)
        return self._forwarded.recall(known)

    def again(self, before: Output) -> Output:
        self._told = [0, 0]
        self.findings.clear()
        record = self._recorded.again(before).record
        forward = self._forwarded.again(before).forward
        self._tell()
        return Output(forward, record)

    def release(self) -> None:
        self._forwarded.release()
        self._recorded.release()
