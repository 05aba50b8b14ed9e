import asyncio
import time
import zlib
from collections.abc import Callable
from functools import cache

import brotli
import pytest
import zstandard

from tests.daemon.place import Place
from tests.gateway.house import Answer, plain

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1 << 20
PIECE = b" " * (4 * MIB)
PIECES = 256


def gzipped() -> bytes:
    """Each piece ends with a full flush, so that all but the first are the same bytes. The end is never reached."""
    coder = zlib.compressobj(9, wbits=31)
    first, other = (coder.compress(PIECE) + coder.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + other * (PIECES - 1)


def brotlied() -> bytes:
    coder = brotli.Compressor(quality=1)
    return b"".join([*(coder.process(PIECE) for _ in range(PIECES)), coder.finish()])


def zstandardised() -> bytes:
    coder = zstandard.ZstdCompressor().compressobj()
    return b"".join([*(coder.compress(PIECE) for _ in range(PIECES)), coder.flush()])


MAKERS: dict[str, Callable[[], bytes]] = {
    "gzip": gzipped,
    "br": brotlied,
    "zstd": zstandardised,
    "br, gzip": lambda: zlib.compress(brotlied(), 9, wbits=31),
    "zstd, zstd": lambda: zstandard.compress(zstandardised()),
}


@cache
def bomb(coding: str) -> bytes:
    """A GiB of spaces in a MB or less."""
    made = MAKERS[coding]()
    assert len(made) < 2 * MIB
    return made


async def slowest_bystander(place: Place, meanwhile: asyncio.Future[list[Answer]]) -> float:
    """How long the slowest of a person's small requests took while something else went on."""
    token, slowest = place.token("bystander"), 0.0
    while not meanwhile.done():
        begun = time.monotonic()
        assert (await place.post("/v1/models", b"{}", token)).status == 200
        slowest = max(slowest, time.monotonic() - begun)
    return slowest


async def send(place: Place, path: str, content_type: str, coding: str, count: int) -> tuple[set[int], int, float]:
    """The answers' status codes, how much the memory grew at most, and how long the slowest bystander took."""
    place.origin.reply = plain(b"{}")
    assert (await place.post("/v1/models", b"{}")).status == 200
    body, fields = bomb(coding), (f"Content-Encoding: {coding}", f"Content-Type: {content_type}")
    before = place.program.begin_peak()
    bombs = asyncio.gather(*(place.post(path, body, None, *fields) for _ in range(count)))
    slowest = await slowest_bystander(place, bombs)
    return {answer.status for answer in await bombs}, place.program.peak_bytes() - before, slowest


@pytest.mark.parametrize("coding", MAKERS)
async def test_a_bomb_that_is_held_whole_is_refused_and_bystanders_are_served(shared: Place, coding: str) -> None:
    status, grown_bytes, slowest_s = await send(shared, "/v1/messages", "application/json", coding, 3)
    assert status == {400}
    assert grown_bytes < 256 * MIB
    assert slowest_s < 2


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_a_bomb_that_streams_is_refused_and_bystanders_are_served(shared: Place, coding: str) -> None:
    status, grown_bytes, slowest_s = await send(shared, "/elsewhere", "text/plain", coding, 2)
    assert status == {413}
    assert grown_bytes < 256 * MIB
    assert slowest_s < 2


async def test_a_bomb_among_batches_holds_no_more_than_one_batch_may(shared: Place) -> None:
    status, grown_bytes, slowest_s = await send(shared, "/v1/messages/batches", "application/json", "br", 1)
    assert status == {413}
    assert grown_bytes < (256 + 32) * MIB
    assert slowest_s < 2


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_an_answer_that_is_a_bomb_is_not_passed_on(shared: Place, coding: str) -> None:
    shared.origin.reply = plain(bomb(coding), more=f"Content-Encoding: {coding}\r\n")
    before = shared.program.begin_peak()
    answer = await shared.post("/v1/messages", b"{}")
    assert answer.status == 503
    assert shared.program.peak_bytes() - before < 256 * MIB
