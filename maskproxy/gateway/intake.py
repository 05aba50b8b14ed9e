"""A request's body on its way in: read under a deadline, counted, decoded, masked.

The deadline is a total one that only real progress extends: `body_s`, and a second for every 64 KiB received.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from aiohttp import StreamReader, web

from maskproxy.bodies.codings import Decoder, decoder
from maskproxy.bodies.masks import BodyMask, Conversation, Output
from maskproxy.errors import BadRequest, MaskingFailed, MaskproxyError, TimedOut, TooLarge
from maskproxy.gateway.heads import RequestHead
from maskproxy.gateway.memory import Reservation
from maskproxy.gateway.state import Gateway
from maskproxy.masking.masked import Masked, joined

T = TypeVar("T")

_BYTES_PER_SECOND = 64 * 1024
_PIECE_BYTES = 64 * 1024
_STEP_BYTES = 256 * 1024
_INLINE_BYTES = 16 * 1024
"""100 KiB of nothing but short secrets take the masker half a second."""
_QUICK_BYTES = 256 * 1024
TIMES_WHILE_MASKED = 3
"""How many times its own size a body that is held whole takes beside it while it is masked (`test_json_memory`)."""


def body_limit(gateway: Gateway, api: str, path: str) -> tuple[int, type[MaskproxyError]]:
    """The limit for a body and how an excess is refused: 413, but 400 for Messages, whose text Claude Code shows."""
    limits = gateway.limits
    if api == "anthropic":
        if path.startswith("/v1/messages/batches"):
            return limits.batches_bytes, TooLarge
        if path.startswith("/v1/messages"):
            return limits.messages_bytes, BadRequest
        if path.startswith("/v1/files"):
            return limits.files_bytes, TooLarge
    return limits.generic_bytes, TooLarge


async def pieces(gateway: Gateway, request: web.BaseRequest, limit_bytes: int) -> AsyncIterator[bytes]:
    """The body's bytes as they arrive, each wait under the total deadline."""
    loop = asyncio.get_running_loop()
    content: StreamReader = request.content
    begun = loop.time()
    received = 0
    while not content.at_eof():
        allowed_s = gateway.limits.body_s + received / _BYTES_PER_SECOND
        try:
            async with asyncio.timeout_at(begun + allowed_s):
                data = await content.readany()
        except TimeoutError:
            raise TimedOut("The request's body took too long to arrive.") from None
        except web.PayloadAccessError:
            raise
        except Exception as error:
            raise BadRequest("The request's body ended before it was complete.", detail=type(error).__name__) from error
        received += len(data)
        if received > limit_bytes:
            raise TooLarge(f"The body is over the limit of {limit_bytes} bytes.")
        if data:
            yield data


async def decoded(
    gateway: Gateway, request: web.BaseRequest, head: RequestHead, limit_bytes: int
) -> AsyncIterator[bytes]:
    """The body without its content coding, in pieces, at most `limit_bytes` in all."""
    named = head.value("content-encoding")
    coding = decoder(named, limit_bytes=limit_bytes)
    async for data in pieces(gateway, request, limit_bytes):
        async for plain in inflated(gateway, coding, data, encoded=named not in {None, "identity"}):
            yield plain
    if rest := coding.finish():
        yield rest


async def inflated(gateway: Gateway, coding: Decoder, data: bytes, *, encoded: bool) -> AsyncIterator[bytes]:
    """Undo the coding of one piece, off the loop and step by step: a few bytes may stand for very many.

    Whoever takes the steps waits for the recorder and the peer between them, so no more than one is ever held.
    """
    if not encoded:
        for start in range(0, len(data), _PIECE_BYTES):
            yield coding.feed(data[start : start + _PIECE_BYTES])
        return
    steps = coding.pieces(data)
    while step := await off_loop(gateway, lambda _: _next_step(steps), b"", _STEP_BYTES):
        yield step


def _next_step(steps: Iterator[bytes]) -> bytes:
    """Gather small steps: each costs a hop to a thread. No bytes at the end."""
    made: list[bytes] = []
    size = 0
    for step in steps:
        made.append(step)
        size += len(step)
        if size >= _STEP_BYTES:
            break
    return b"".join(made)


async def off_loop(gateway: Gateway, call: Callable[[bytes], T], data: bytes, weight_bytes: int) -> T:
    """Run `call(data)` in a worker thread when it would hold up the loop: an executor hop costs about 100 us.

    What is small does not queue behind what is large.
    """
    if weight_bytes <= _INLINE_BYTES:
        return call(data)
    workers = gateway.quick_workers if weight_bytes <= _QUICK_BYTES else gateway.workers
    return await asyncio.get_running_loop().run_in_executor(workers, call, data)


async def mask_piece(gateway: Gateway, mask: BodyMask, data: bytes) -> Output:
    """`feed`, off the loop unless the mask only gathers."""
    return await guarded(gateway, mask.feed, data, len(data) if mask.streams else 0)


async def mask_rest(gateway: Gateway, mask: BodyMask, fed_bytes: int) -> Output:
    """`finish`, off the loop where the mask has gathered a large body."""
    return await guarded(gateway, lambda _: mask.finish(), b"", 0 if mask.streams else fed_bytes)


async def holds_edits(gateway: Gateway, mask: Conversation) -> bool:
    """Ask the mask, off the loop where the body is large."""
    return await guarded(gateway, lambda _: mask.holds_edits(), b"", mask.held_bytes)


async def mask_again(gateway: Gateway, mask: Conversation, before: Output) -> Output:
    """`again`, off the loop where the body is large."""
    return await guarded(gateway, lambda _: mask.again(before), b"", mask.held_bytes)


async def guarded(gateway: Gateway, call: Callable[[bytes], T], data: bytes, weight_bytes: int) -> T:
    """`off_loop`; a failure that is none of the request's raises the alarm, and nothing is passed on."""
    try:
        return await off_loop(gateway, call, data, weight_bytes)
    except (MaskproxyError, asyncio.CancelledError):
        raise
    except Exception as error:
        gateway.meters.alarm("masking")
        raise MaskingFailed("The masker failed, so nothing was passed on.", detail=type(error).__name__) from error


async def masked_whole(
    gateway: Gateway,
    source: AsyncIterator[bytes],
    mask: BodyMask,
    reservation: Reservation,
    raw: bytearray | None = None,
) -> Output:
    """Read everything and mask it, both under the global memory budget. `raw` gathers what was read, if wanted."""
    forward: list[Masked] = []
    record: list[Masked] = []
    fed = 0
    async for data in source:
        reservation.grow(len(data))
        fed += len(data)
        if raw is not None:
            raw += data
        out = await mask_piece(gateway, mask, data)
        forward.append(out.forward)
        record.append(out.record)
    beside = 0 if mask.streams else TIMES_WHILE_MASKED * fed
    reservation.grow(beside)
    out = await mask_rest(gateway, mask, fed)
    reservation.shrink(beside)
    return Output(joined([*forward, out.forward]), joined([*record, out.record]))
