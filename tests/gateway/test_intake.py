"""What is masked where: small pieces on the loop, others in threads, and the small ones not behind the large."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from maskproxy.bodies.masks import BodyFinding, Output
from maskproxy.errors import MaskingFailed, Unavailable
from maskproxy.gateway.intake import mask_piece, mask_rest, masked_whole
from maskproxy.gateway.memory import MemoryBudget
from maskproxy.gateway.state import Gateway
from maskproxy.masking import trusted


class Noting:
    """A mask that notes which thread it runs in."""

    unread_bytes = 0

    def __init__(self, *, streams: bool) -> None:
        self.streams = streams
        self.findings: list[BodyFinding] = []
        self.ran_in = ""

    def feed(self, data: bytes) -> Output:
        self.ran_in = threading.current_thread().name.partition("_")[0]
        if data == b"broken":
            raise ZeroDivisionError
        return Output(trusted(data, why="a test"), trusted(data, why="a test"))

    def finish(self) -> Output:
        return self.feed(b"")


class Workers:
    """The part of a gateway that this needs."""

    def __init__(self) -> None:
        self.workers = ThreadPoolExecutor(1, thread_name_prefix="large")
        self.quick_workers = ThreadPoolExecutor(1, thread_name_prefix="quick")
        self.meters = self
        self.alarms: list[str] = []

    def alarm(self, kind: str) -> None:
        self.alarms.append(kind)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    parts: Any = Workers()
    yield cast("Gateway", parts)
    parts.workers.shutdown()
    parts.quick_workers.shutdown()


@pytest.mark.parametrize(("size", "place"), [(1000, "MainThread"), (64 << 10, "quick"), (1 << 20, "large")])
async def test_a_piece_of_a_stream_is_masked_where_it_holds_nobody_up(gateway: Gateway, size: int, place: str) -> None:
    mask = Noting(streams=True)
    await mask_piece(gateway, mask, b"a" * size)
    assert mask.ran_in == place


@pytest.mark.parametrize(("size", "place"), [(1000, "MainThread"), (64 << 10, "quick"), (1 << 20, "large")])
async def test_a_whole_body_is_gathered_on_the_loop_and_masked_by_its_size(
    gateway: Gateway, size: int, place: str
) -> None:
    mask = Noting(streams=False)
    await mask_piece(gateway, mask, b"a" * size)
    assert mask.ran_in == "MainThread"
    await mask_rest(gateway, mask, size)
    assert mask.ran_in == place


async def test_a_fault_of_the_masker_passes_nothing_and_raises_an_alarm(gateway: Gateway) -> None:
    with pytest.raises(MaskingFailed) as caught:
        await mask_piece(gateway, Noting(streams=True), b"broken")
    assert "broken" not in f"{caught.value} {caught.value.detail}"
    assert cast("Any", gateway).alarms == ["masking"]


async def test_what_masking_takes_beside_a_whole_body_is_reserved_with_it(gateway: Gateway) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 100
        yield b"y" * 100

    mask = Noting(streams=False)
    with MemoryBudget(799).reserve() as small, pytest.raises(Unavailable):
        await masked_whole(gateway, body(), mask, small)
    with MemoryBudget(800).reserve() as enough:
        assert (await masked_whole(gateway, body(), mask, enough)).forward == b"x" * 100 + b"y" * 100
        assert enough.held_bytes == 200
    with MemoryBudget(200).reserve() as streamed:
        await masked_whole(gateway, body(), Noting(streams=True), streamed)
