"""The upstream client is tested on both event loops, with a pool that must end with nothing open."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from maskproxy.gateway.upstream.pool import UpstreamPool


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def pool() -> AsyncIterator[UpstreamPool]:
    pool = UpstreamPool(idle_s=20, connect_timeout_s=5, head_timeout_s=5, idle_read_s=5, write_timeout_s=5)
    yield pool
    await pool.close()
    assert pool.counts() == (0, 0, 0)


@pytest.fixture
async def hasty() -> AsyncIterator[UpstreamPool]:
    """A pool that waits a third of a second for anything."""
    pool = UpstreamPool(head_timeout_s=0.3, idle_read_s=0.3, write_timeout_s=0.3, connect_timeout_s=5)
    yield pool
    await pool.close()
    assert pool.counts() == (0, 0, 0)
