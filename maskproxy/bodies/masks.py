"""The doors that the exchange uses: the right mask for a request's body and for an answer's.

The media type chooses, and for Claude's API the path does. What no mask reads is refused; media passes only where the
configuration says so, and is counted. An answer that cannot be read is `UpstreamFailed`: the client did nothing wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from maskproxy.bodies import claude
from maskproxy.bodies.around import Around
from maskproxy.bodies.by_event import ByEvent
from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.bodies.conversation import (
    Conversation,
    ConversationBody,
    PairedConversation,
    RefusingConversation,
)
from maskproxy.bodies.edit_tools import EditTools
from maskproxy.bodies.event_text import EventsBody
from maskproxy.bodies.forms import FormBody, mask_target
from maskproxy.bodies.json_bodies import JsonBody, JsonLinesBody
from maskproxy.bodies.media_types import MediaType, parse
from maskproxy.bodies.multipart import MultipartBody
from maskproxy.bodies.output import BodyFinding, BodyMask, Output
from maskproxy.bodies.places import FREE, MCP_RULE, Place
from maskproxy.bodies.refusing import Refusing, refusal
from maskproxy.bodies.results_url import OwnResultsUrl, Reached
from maskproxy.bodies.text import BinaryBody, TextBody
from maskproxy.bodies.two_masks import TwoMasks
from maskproxy.errors import BadRequest, MaskproxyError, TooLarge, UnsupportedCoding, UpstreamFailed
from maskproxy.masking import Direction, Masking, Seals, Sought, Vault

__all__ = [
    "MCP_RULE",
    "AnswerMask",
    "BodyFinding",
    "BodyMask",
    "BodyPolicy",
    "Conversation",
    "Output",
    "Reached",
    "answer_mask",
    "mask_target",
    "request_mask",
]

PART_LIMIT_BYTES = 32 << 20
"""A JSON file in a multipart body is read whole, up to here."""

_OTHERS_READ = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})

Api = Literal["anthropic", "generic"]


@dataclass(frozen=True)
class BodyPolicy:
    """What the configuration says about bodies."""

    media: Literal["pass", "refuse"] = "pass"
    restore_tools: frozenset[str] = frozenset()
    """Tools whose arguments may get their owner's secrets back."""
    restore_new: bool = False
    """What the model made up itself, and nobody sent, reaches the client too in these arguments."""

    def edit_tools(self, vault: Vault | None) -> EditTools | None:
        """The tools for one exchange; None where nothing is restored."""
        if vault is None or not self.restore_tools:
            return None
        return EditTools(frozenset(name.encode() for name in self.restore_tools), vault, self.restore_new)


def request_mask(
    masking: Masking | Sought,
    *,
    api: Api,
    method: str,
    path: str,
    content_type: str | None,
    policy: BodyPolicy,
    seals: Seals,
    vault: Vault | None = None,
    recalls: bool = False,
) -> BodyMask:
    """Choose the mask for a request's body. A type that nobody reads: UnsupportedCoding.

    What is masked in a Messages request is remembered in `vault`, for the answer to the same request. With `recalls`,
    a `Conversation` tells which placeholders in it lost their secrets. Thinking that the sender got sealed with their
    `seals` goes back to the API as it made it. Where the grant observes, only what is recorded is made.
    """
    refuse_media = policy.media == "refuse"
    known = claude.request_place(method, path) if api == "anthropic" else None
    media_type = parse(content_type) if content_type else None
    if known is not None:
        # The API reads JSON here whatever the type says, and so do we.
        _require_utf8(media_type)
    else:
        _require_known(media_type)

    def make(masking: Masking, vault: Vault | None) -> BodyMask:
        if known is None:
            return _by_type(masking, media_type, FREE, refuse_media=refuse_media, refuse_unknown=True, seals=seals)
        tools = policy.edit_tools(vault) if known is claude.REQUEST else None
        if tools is None:
            return JsonBody(masking, known, refuse_media=refuse_media, learns=True, seals=seals)
        return ConversationBody(masking, known, tools, refuse_media=refuse_media, recalls=recalls, seals=seals)

    sought = masking if isinstance(masking, Sought) else Sought.alike(masking)
    if sought.observes:
        return make(sought.record, Vault())
    forward = _refusing(make(sought.forward, vault), sought, "request")
    return _paired(forward, lambda: make(sought.record, Vault()), sought)


def answer_mask(
    masking: Masking | Sought,
    *,
    api: Api,
    path: str,
    status: int,
    content_type: str | None,
    policy: BodyPolicy,
    seals: Seals,
    vault: Vault | None = None,
    reached: Reached | None = None,
) -> AnswerMask:
    """Choose the mask for an answer's body. Error bodies are masked like any other.

    With the `vault` of the request, a message's edits get their owner's secrets back. What is masked in thinking is
    sealed with the person's `seals`. With `reached`, the addresses of batches' results lead back to us.
    """
    refuse_media = policy.media == "refuse"

    def make(masking: Masking, vault: Vault | None) -> BodyMask:
        media_type = parse(content_type) if content_type else None
        if api == "anthropic" and status < 300 and claude.is_batch_results(path):
            return JsonLinesBody(masking, claude.BATCH_RESULT, refuse_media=refuse_media, seals=seals)
        place = claude.ANSWER if api == "anthropic" else FREE
        tools = policy.edit_tools(vault) if api == "anthropic" and claude.is_messages(path) else None
        return _by_type(
            masking, media_type, place, refuse_media=refuse_media, refuse_unknown=False, seals=seals, tools=tools
        )

    sought = masking if isinstance(masking, Sought) else Sought.alike(masking)
    try:
        forward = make(sought.forward, vault)
        if reached is not None and api == "anthropic" and claude.is_batches(path) and isinstance(forward, JsonBody):
            forward = OwnResultsUrl(forward, sought.forward, reached)
        paired = _paired(_refusing(forward, sought, "answer"), lambda: make(sought.record, None), sought)
        # Where masking alone is done, the mask reads events itself, and faster.
        by_event = paired is not forward and isinstance(forward, ClaudeStream | EventsBody)
        return _Answer(ByEvent(paired) if by_event else paired)
    except UnsupportedCoding as error:
        raise UpstreamFailed(_UNREADABLE, detail=str(error)) from error


def _refusing(mask: BodyMask, sought: Sought, direction: Direction) -> BodyMask:
    if not any(sought.blocks(rule) for rule in sought.actions):
        return mask
    if isinstance(mask, Conversation):
        return RefusingConversation(mask, refusal(sought, direction))
    tells = direction == "answer" and isinstance(mask, ClaudeStream | EventsBody)
    return Refusing(mask, refusal(sought, direction), tells=tells)


def _paired(forward: BodyMask, record: Callable[[], BodyMask], sought: Sought) -> BodyMask:
    if sought.record is sought.forward:
        return forward
    recorded = record()
    if isinstance(forward, Conversation) and isinstance(recorded, Conversation):
        return PairedConversation(forward, recorded, sought.only_recorded)
    return TwoMasks(forward, recorded, sought.only_recorded)


_UNREADABLE = "The service's answer cannot be read, and so is not passed on."


class AnswerMask(BodyMask, Protocol):
    """The mask of an answer."""

    @property
    def stopped(self) -> MaskproxyError | None:
        """Why a stream has ended before its end: it has said so itself, and whatever follows is not to be read."""
        ...


class _Answer(Around):
    """A mask whose complaints are about upstream."""

    def feed(self, data: bytes) -> Output:
        try:
            return self._mask.feed(data)
        except (BadRequest, TooLarge, UnsupportedCoding) as error:
            raise UpstreamFailed(_UNREADABLE, detail=str(error)) from error

    def finish(self) -> Output:
        try:
            return self._mask.finish()
        except (BadRequest, TooLarge, UnsupportedCoding) as error:
            raise UpstreamFailed(_UNREADABLE, detail=str(error)) from error


def _require_known(media_type: MediaType | None) -> None:
    """A request may hold what some mask reads, and media; an answer may be of any type."""
    if media_type is None or media_type.is_json or media_type.is_json_lines or media_type.is_text:
        return
    if not media_type.is_media and media_type.name not in _OTHERS_READ:
        raise UnsupportedCoding("A body of this Content-Type cannot be read, and so is not passed on.")


def _require_utf8(media_type: MediaType | None) -> None:
    if media_type is not None and media_type.charset() not in {"utf-8", "ascii"}:
        raise UnsupportedCoding("JSON is read as UTF-8 only.")


def _by_type(
    masking: Masking,
    media_type: MediaType | None,
    place: Place,
    *,
    refuse_media: bool,
    refuse_unknown: bool,
    seals: Seals,
    tools: EditTools | None = None,
) -> BodyMask:
    if media_type is None:
        return BinaryBody(masking, refuse=refuse_media)
    if media_type.name == "text/event-stream":
        _require_utf8(media_type)
        if place is FREE:
            return EventsBody(masking)
        return ClaudeStream(masking, tools, seals=seals, refuse_media=refuse_media)
    if media_type.name == "application/x-www-form-urlencoded":
        return FormBody(masking)
    if media_type.name == "multipart/form-data":

        def part_mask(part_type: MediaType | None, name: bytes, where: str) -> BodyMask:
            if refuse_unknown:
                _require_known(part_type)
            return _leaf(masking, part_type, FREE, refuse_media=refuse_media, seals=seals, key=name, where=where)

        return MultipartBody(masking, media_type, part_mask)
    return _leaf(masking, media_type, place, refuse_media=refuse_media, seals=seals, tools=tools)


def _leaf(
    masking: Masking,
    media_type: MediaType | None,
    place: Place,
    *,
    refuse_media: bool,
    seals: Seals,
    key: bytes = b"",
    where: str = "",
    tools: EditTools | None = None,
) -> BodyMask:
    """The mask for what has no parts: a body, or one part of a multipart body under its field's name."""
    if media_type is not None and media_type.is_json:
        _require_utf8(media_type)
        return JsonBody(
            masking,
            place,
            refuse_media=refuse_media,
            place=where,
            limit_bytes=PART_LIMIT_BYTES if where else 0,
            tools=tools,
            seals=seals,
        )
    if media_type is not None and media_type.is_json_lines:
        _require_utf8(media_type)
        return JsonLinesBody(masking, place, refuse_media=refuse_media, place=where, seals=seals)
    if media_type is not None and media_type.is_text:
        return TextBody(masking, charset=media_type.charset(), key=key, place=where or "body")
    return BinaryBody(masking, refuse=refuse_media, key=key, place=where or "body")
