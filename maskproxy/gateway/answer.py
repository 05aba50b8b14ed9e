"""The answer on its way back: decoded, masked, recorded as masked, then given to the client.

An answer that its mask must see whole (a JSON document) is read under the memory budget and sent with its exact length.
Every other answer streams, and the client gets each piece as soon as the mask lets go of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web

from maskproxy.access.limits import NO_LIMITS
from maskproxy.bodies.codings import decoder
from maskproxy.bodies.events import error_event
from maskproxy.bodies.masks import AnswerMask, Output, answer_mask
from maskproxy.bodies.output import same
from maskproxy.bodies.refusing import refusal, refuse_for
from maskproxy.bodies.usage import BatchUsage, UsageReader
from maskproxy.errors import BadRequest, Blocked, MaskproxyError, TooLarge, UnsupportedCoding, UpstreamFailed
from maskproxy.gateway import heads
from maskproxy.gateway.intake import guarded, inflated, mask_piece, mask_rest, masked_whole
from maskproxy.gateway.masked_head import masked_fields, masked_text
from maskproxy.gateway.memory import Reservation
from maskproxy.gateway.routes import reached
from maskproxy.gateway.upstream.pool import UpstreamAnswer
from maskproxy.masking import Sought, trusted

if TYPE_CHECKING:
    from maskproxy.gateway.exchange import Exchange

_LAST_WORDS_S = 1.0
_SLICE_BYTES = 64 * 1024
"""A client's progress shows only between writes."""


class Answer:
    """An answer that has begun to arrive from upstream. `begun` is true once its head is on the way to the client."""

    def __init__(
        self,
        exchange: Exchange,
        head: heads.RequestHead,
        sought: Sought,
        upstream: UpstreamAnswer,
        masked: int,
    ) -> None:
        self.exchange = exchange
        self.head = head
        self.sought = sought
        self.upstream = upstream
        self.masked_in_request = masked
        self.begun = False
        self.bytes_out = 0
        self.bodiless = head.method == "HEAD" or upstream.status in {204, 304}
        self.coding = heads.value_of(upstream.fields, "content-encoding")
        self.ended: web.StreamResponse | None = None
        """A stream that was stopped, and whose last event said why: it needs no cut."""
        self.response: web.StreamResponse | None = None
        """Of a stream that has begun."""
        self.told = 0
        """How many findings the recording knows of."""
        self.mask = self._mask()
        turn = exchange.turn
        counts = turn is not None and turn.cap is not None and exchange.endpoint == "messages" and upstream.status < 300
        self.usage = UsageReader() if counts else None
        self.is_events = (heads.value_of(upstream.fields, "content-type") or "").startswith("text/event-stream")

        limits = exchange.grant.limits if exchange.grant is not None else NO_LIMITS
        fetches = exchange.ownership is not None and exchange.ownership.results_of and upstream.status < 300
        self.batch = BatchUsage() if limits.tokens_per_day is not None and fetches else None

    def count_batch(self) -> None:
        """Have what a batch took counted for its person, once: by what of its results has been told."""
        exchange, person, grant = self.exchange, self.exchange.person, self.exchange.grant
        if self.batch is None or exchange.ownership is None or person is None or grant is None:
            return
        turns, place = exchange.gateway.turns, (person.key, grant.name)
        exchange.ownership.count(self.batch.tokens, lambda new: turns.spend(place, new))

    def count_tokens(self) -> None:
        """Have what the answer took by now counted for its person."""
        if self.usage is not None and self.exchange.turn is not None:
            self.exchange.turn.spent(self.usage.tokens)

    def _mask(self) -> AnswerMask:
        route = self.exchange.route
        assert route is not None
        return answer_mask(
            self.sought,
            api=route.api,
            path=self.head.path,
            status=self.upstream.status,
            content_type=heads.value_of(self.upstream.fields, "content-type"),
            policy=self.exchange.handling.body_policy,
            seals=self.exchange.seals,
            # What is only observed went upstream unmasked: there is nothing to put back.
            vault=None if self.sought.observes else self.exchange.vault,
            reached=reached(
                route, self.exchange.connection.target, self.head.host, secure=self.exchange.request.secure
            ),
        )

    async def decoded(self, limit_bytes: int) -> AsyncIterator[bytes]:
        """What upstream sends, without its content coding. A coding that cannot be read is upstream's failure."""
        gateway = self.exchange.gateway
        try:
            coding = decoder(self.coding, limit_bytes=limit_bytes)
            encoded = self.coding not in {None, "identity"}
            async for data in self.upstream.chunks():
                async for plain in inflated(gateway, coding, data, encoded=encoded):
                    yield plain
            yield coding.finish()
        except (BadRequest, TooLarge, UnsupportedCoding) as error:
            raise UpstreamFailed(
                "The API's answer could not be read, so it was not passed on.", detail=str(error)
            ) from error


async def give_answer(answer: Answer, reservation: Reservation) -> web.StreamResponse:
    """Send the answer to the client. Raises a `MaskproxyError` before or after its head is out; `begun` tells which."""
    journal, sought = answer.exchange.journal, answer.sought
    assert journal is not None
    fields = masked_fields(sought, heads.for_client(answer.upstream.fields, drop=_quota(answer)))
    reason = masked_text(sought, heads.utf8(answer.upstream.reason), "reason")
    await journal.response(answer.upstream.status, reason.record, fields.record)
    in_head = [*fields.findings, *reason.findings]
    await journal.findings("answer", in_head, 0, sought)
    refuse_for(in_head, refusal(sought, "answer"))
    response = web.StreamResponse(status=answer.upstream.status, reason=reason.forward)
    for name, value in fields.forward:
        response.headers.add(name, value)
    _tell_standing(answer, response)
    response.headers["x-maskproxy-session"] = answer.exchange.session
    response.headers["Server"] = "maskproxy"
    if answer.bodiless:
        return await _without_body(answer, response)
    try:
        if answer.mask.streams:
            await _stream(answer, response)
        else:
            await _whole(answer, response, reservation)
    except Blocked:
        await _count(answer)
        raise
    return response


def _quota(answer: Answer) -> str:
    """Fields that tell the company's quota, which is not the person's, by how their names begin."""
    route = answer.exchange.route
    return "anthropic-ratelimit-" if route is not None and route.api == "anthropic" else ""


def _tell_standing(answer: Answer, response: web.StreamResponse) -> None:
    """Where the day's tokens have a cap: how near it is, in the fields that Claude Code reads."""
    turn = answer.exchange.turn
    standing = turn.standing if turn is not None and answer.upstream.status < 400 else None
    if standing is not None:
        response.headers["anthropic-ratelimit-unified-status"] = "allowed_warning" if standing.is_near else "allowed"
        response.headers["anthropic-ratelimit-unified-reset"] = str(standing.resets_s)


async def _without_body(answer: Answer, response: web.StreamResponse) -> web.StreamResponse:
    _note_masked(answer, response, 0)
    if answer.head.method == "HEAD":
        response.content_length = None
    answer.begun = True
    await response.prepare(answer.exchange.request)
    return response


async def _whole(answer: Answer, response: web.StreamResponse, reservation: Reservation) -> None:
    exchange = answer.exchange
    gateway, journal = exchange.gateway, exchange.journal
    assert journal is not None
    try:
        source = answer.decoded(gateway.limits.whole_answer_bytes)
        out = await masked_whole(gateway, source, answer.mask, reservation)
    except BadRequest as error:
        raise UpstreamFailed(
            "The API's answer could not be read, so it was not passed on.", detail=str(error)
        ) from error
    forward = out.forward
    if answer.usage is not None:
        await guarded(gateway, answer.usage.whole, forward, len(forward))
        answer.count_tokens()
    ownership = exchange.ownership
    if ownership is not None:
        forward = await ownership.whole(answer.upstream.status, forward)
    await journal.body("response_body", out.record)
    await _count(answer)
    _count_unread(answer)
    _note_masked(answer, response, answer.sought.masked(answer.mask.findings))
    response.content_length = len(forward)
    answer.begun = True
    await response.prepare(exchange.request)
    answer.bytes_out = len(forward)
    for start in range(0, len(forward), _SLICE_BYTES):
        await response.write(forward[start : start + _SLICE_BYTES])


async def _stream(answer: Answer, response: web.StreamResponse) -> None:
    exchange = answer.exchange
    gateway, journal = exchange.gateway, exchange.journal
    assert journal is not None
    _note_masked(answer, response, 0)
    if exchange.ownership is not None and exchange.ownership.lists and answer.upstream.status < 300:
        raise UpstreamFailed("The API's list could not be read, so it was not passed on.")
    if exchange.request.version.minor == 1:
        response.enable_chunked_encoding()
    answer.begun = True
    await response.prepare(exchange.request)
    answer.response = response
    fed = 0
    mask = answer.mask
    try:
        async for data in answer.decoded(gateway.limits.answer_bytes):
            out = await mask_piece(gateway, mask, data)
            fed += len(data)
            if answer.usage is not None and answer.is_events:
                answer.usage.feed(data)
                answer.count_tokens()
            await _give(answer, response, out)
        await _give(answer, response, await mask_rest(gateway, mask, fed))
    finally:
        answer.count_batch()
    _count_unread(answer)


async def _give(answer: Answer, response: web.StreamResponse, out: Output) -> None:
    """Record a piece, then write it. A stream that stopped with it is at its end."""
    journal, mask = answer.exchange.journal, answer.mask
    assert journal is not None
    if out.record:
        await journal.body("response_body", out.record)
    if len(mask.findings) != answer.told:
        await _count(answer)
    ownership = answer.exchange.ownership
    if ownership is not None and out.forward and answer.exchange.endpoint in {"messages", "batches"}:
        await ownership.piece(out.forward)
    if answer.batch is not None and out.forward:
        await guarded(answer.exchange.gateway, answer.batch.feed, out.forward, len(out.forward))
    if out.forward:
        answer.bytes_out += len(out.forward)
        await response.write(out.forward)
    if mask.stopped is not None:
        answer.ended = response
        raise mask.stopped


async def end_in_words(answer: Answer, error: MaskproxyError) -> None:
    """The last event of a stream of events that is to end now: masks give whole events, so that it stands by itself.

    A client that does not read is not waited for; whoever does not get it sees a cut.
    """
    response = answer.response
    if response is None or not answer.is_events or answer.ended is not None:
        return
    event = same(trusted(error_event(error), why="an event of our own that says why"))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS_S):
            await _give(answer, response, event)
            answer.ended = response


def _count_unread(answer: Answer) -> None:
    exchange, unread_bytes = answer.exchange, answer.mask.unread_bytes
    if unread_bytes and exchange.route is not None:
        exchange.gateway.meters.unread(exchange.route.name, unread_bytes)


async def _count(answer: Answer) -> None:
    journal = answer.exchange.journal
    assert journal is not None
    answer.told = await journal.findings("answer", answer.mask.findings, answer.told, answer.sought)


def _note_masked(answer: Answer, response: web.StreamResponse, in_answer: int) -> None:
    if total := answer.masked_in_request + in_answer:
        response.headers["x-maskproxy-masked"] = str(total)
