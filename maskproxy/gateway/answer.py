"""The answer on its way back: decoded, masked, recorded as masked, then given to the client.

An answer that its mask must see whole (a JSON document) is read under the memory budget and sent with its exact length.
Every other answer streams, and the client gets each piece as soon as the mask lets go of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web

from maskproxy.bodies.codings import decoder
from maskproxy.bodies.masks import AnswerMask, answer_mask
from maskproxy.errors import BadRequest, TooLarge, UnsupportedCoding, UpstreamFailed
from maskproxy.gateway import heads
from maskproxy.gateway.intake import inflated, mask_piece, mask_rest, masked_whole
from maskproxy.gateway.memory import Reservation
from maskproxy.gateway.upstream.pool import UpstreamAnswer
from maskproxy.masking import Masking, Vault

if TYPE_CHECKING:
    from maskproxy.gateway.exchange import Exchange

_SLICE_BYTES = 64 * 1024
"""A client's progress shows only between writes."""


class Answer:
    """An answer that has begun to arrive from upstream. `begun` is true once its head is on the way to the client."""

    def __init__(
        self,
        exchange: Exchange,
        head: heads.RequestHead,
        masking: Masking,
        upstream: UpstreamAnswer,
        masked: int,
        *,
        guard: Masking | None,
    ) -> None:
        """With `guard`, under a grant that observes, the client gets what that one leaves; the recording is masked."""
        self.exchange = exchange
        self.head = head
        self.masking = masking
        self.guard = guard
        self.upstream = upstream
        self.masked_in_request = masked
        self.begun = False
        self.bytes_out = 0
        self.bodiless = head.method == "HEAD" or upstream.status in {204, 304}
        self.coding = heads.value_of(upstream.fields, "content-encoding")
        self.ended: web.StreamResponse | None = None
        """A stream that was stopped, and whose last event said why: it needs no cut."""
        # What is only observed went upstream unmasked: there is nothing to put back.
        self.mask = self._mask(masking, exchange.vault if guard is None else None)
        self.guarding = self._mask(guard, None) if guard is not None else None

    def _mask(self, masking: Masking, vault: Vault | None) -> AnswerMask:
        route = self.exchange.route
        assert route is not None
        return answer_mask(
            masking,
            api=route.api,
            path=self.head.path,
            status=self.upstream.status,
            content_type=heads.value_of(self.upstream.fields, "content-type"),
            policy=self.exchange.gateway.body_policy,
            seals=self.exchange.seals,
            vault=vault,
        )

    def fields(self) -> heads.Fields:
        """The answer's fields, end-to-end ones only, masked."""
        return masked_fields(self.masking, heads.for_client(self.upstream.fields))

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


def masked_fields(masking: Masking, fields: heads.Fields) -> heads.Fields:
    """Fields with secrets in names and values masked; one look over all of them together finds most heads clean.

    A placeholder is a token, so a name stays one.
    """
    together = "\n".join([text for field in fields for text in field])
    if not masking.find(together.encode()):
        return fields
    return [(_masked(masking, name), _masked(masking, value)) for name, value in fields]


def _masked(masking: Masking, text: str) -> str:
    return masking.text(text.encode())[0].decode()


async def give_answer(answer: Answer, reservation: Reservation) -> web.StreamResponse:
    """Send the answer to the client. Raises a `MaskproxyError` before or after its head is out; `begun` tells which."""
    journal = answer.exchange.journal
    assert journal is not None
    fields = answer.fields()
    reason = _masked(answer.masking, heads.utf8(answer.upstream.reason))
    await journal.response(answer.upstream.status, reason, fields)
    if answer.guard is not None:
        fields = masked_fields(answer.guard, heads.for_client(answer.upstream.fields))
    response = web.StreamResponse(status=answer.upstream.status, reason=reason)
    for name, value in fields:
        response.headers.add(name, value)
    response.headers["x-maskproxy-session"] = answer.exchange.session
    response.headers["Server"] = "maskproxy"
    if answer.bodiless:
        return await _without_body(answer, response)
    if answer.mask.streams:
        await _stream(answer, response)
    else:
        await _whole(answer, response, reservation)
    return response


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
    raw = bytearray() if answer.guarding is not None else None
    try:
        source = answer.decoded(gateway.limits.whole_answer_bytes)
        out = await masked_whole(gateway, source, answer.mask, reservation, raw)
    except BadRequest as error:
        raise UpstreamFailed(
            "The API's answer could not be read, so it was not passed on.", detail=str(error)
        ) from error
    forward: bytes = out.forward
    if answer.guarding is not None and raw is not None:
        gathered = await mask_piece(gateway, answer.guarding, bytes(raw))
        forward = gathered.forward + (await mask_rest(gateway, answer.guarding, len(raw))).forward
    await journal.body("response_body", out.record)
    await _count(answer, 0)
    _note_masked(answer, response, len(answer.mask.findings))
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
    if exchange.request.version.minor == 1:
        response.enable_chunked_encoding()
    answer.begun = True
    await response.prepare(exchange.request)
    told, fed = 0, 0
    mask, guarding = answer.mask, answer.guarding
    async for data in answer.decoded(gateway.limits.answer_bytes):
        out = await mask_piece(gateway, mask, data)
        fed += len(data)
        if out.record:
            await journal.body("response_body", out.record)
        if len(mask.findings) != told:
            told = await _count(answer, told)
        forward = out.forward if guarding is None else (await mask_piece(gateway, guarding, data)).forward
        if forward:
            answer.bytes_out += len(forward)
            await response.write(forward)
        if mask.stopped is not None:
            answer.ended = response
            raise mask.stopped
    out = await mask_rest(gateway, mask, fed)
    await journal.body("response_body", out.record)
    await _count(answer, told)
    forward = out.forward if guarding is None else (await mask_rest(gateway, guarding, fed)).forward
    if forward:
        answer.bytes_out += len(forward)
        await response.write(forward)
    if mask.stopped is not None:
        answer.ended = response
        raise mask.stopped
    if mask.unread_bytes and exchange.route is not None:
        gateway.meters.unread(exchange.route.name, mask.unread_bytes)


async def _count(answer: Answer, told: int) -> int:
    journal = answer.exchange.journal
    assert journal is not None
    return await journal.findings("answer", answer.mask.findings, told)


def _note_masked(answer: Answer, response: web.StreamResponse, in_answer: int) -> None:
    if total := answer.masked_in_request + in_answer:
        response.headers["x-maskproxy-masked"] = str(total)
