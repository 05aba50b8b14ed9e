"""What is masked where: small pieces on the loop, others in threads, and the small ones not behind the large."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from maskproxy.bodies.masks import BodyFinding, Output
from maskproxy.errors import MaskingFailed
from maskproxy.gateway.intake import mask_piece, mask_rest
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
