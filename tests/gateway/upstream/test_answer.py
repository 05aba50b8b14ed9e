"""The queue between a connection and an exchange, without either."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.answer import (
    CHUNK_LIMIT_BYTES,
    PAUSE_ABOVE_BYTES,
    RESUME_BELOW_BYTES,
    UpstreamAnswer,
)


class Source:
    def __init__(self) -> None:
        self.resumed = 0
        self.dropped = 0

    def resume_answer(self, answer: UpstreamAnswer) -> None:
        self.resumed += 1

    def drop_answer(self, answer: UpstreamAnswer) -> None:
        self.dropped += 1


def answer_from(source: Source) -> UpstreamAnswer:
    return UpstreamAnswer(200, "OK", [], source)


async def collect(answer: UpstreamAnswer) -> list[bytes]:
    return [chunk async for chunk in answer.chunks()]


@given(st.lists(st.integers(1, 200_000), max_size=8))
@settings(max_examples=30, deadline=None)
def test_chunks_join_to_what_was_fed_and_none_is_empty_or_large(sizes: list[int]) -> None:
    answer = answer_from(Source())
    fed = [bytes([number]) * size for number, size in enumerate(sizes)]
    for piece in fed:
        answer.feed([piece], len(piece))
    answer.finish()
    chunks = asyncio.run(collect(answer))
    assert b"".join(chunks) == b"".join(fed)
    assert all(0 < len(chunk) <= CHUNK_LIMIT_BYTES for chunk in chunks)


async def test_small_pieces_are_given_together() -> None:
    answer = answer_from(Source())
    answer.feed([b"a"] * 100, 100)
    answer.finish()
    assert await collect(answer) == [b"a" * 100]


async def test_the_source_is_stopped_once_above_a_mark_and_resumed_once_below_another() -> None:
    source = Source()
    answer = answer_from(source)
    pieces = PAUSE_ABOVE_BYTES // 1024 + 1
    asked = [answer.feed([b"x" * 1024], 1024) for _ in range(pieces + 5)]
    assert asked == [False] * (pieces - 1) + [True] + [False] * 5
    taken = 0
    async for chunk in answer.chunks():
        taken += len(chunk)
        left = (pieces + 5) * 1024 - taken
        assert source.resumed == (left < RESUME_BELOW_BYTES)
        if not left:
            break


async def test_a_reader_that_waits_is_woken_by_bytes_by_the_end_and_by_a_failure() -> None:
    for end in ("finish", "fail"):
        answer = answer_from(Source())
        chunks = aiter(answer.chunks())
        first = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0)
        answer.feed([b"x"], 1)
        assert await first == b"x"
        second = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0)
        if end == "finish":
            answer.finish()
            with pytest.raises(StopAsyncIteration):
                await second
        else:
            answer.fail(UpstreamFailed("first"))
            answer.fail(UpstreamFailed("second"))
            with pytest.raises(UpstreamFailed, match="first"):
                await second


async def test_closing_drops_the_rest_and_tells_the_source_once() -> None:
    source = Source()
    answer = answer_from(source)
    answer.feed([b"x"], 1)
    await answer.close()
    await answer.close()
    assert source.dropped == 1
    with pytest.raises(UpstreamFailed):
        await collect(answer)


async def test_closing_after_the_end_leaves_the_source_alone() -> None:
    source = Source()
    answer = answer_from(source)
    answer.finish()
    await answer.close()
    assert source.dropped == 0
