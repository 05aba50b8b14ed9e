from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from maskproxy.signin.provider import Provider
from maskproxy.store.postgres_url import StorePlace
from tests.signin.surfing import Front
from tests.store.place import Shelf

Start = Callable[..., Awaitable[Front]]


@pytest.fixture
async def shelf(where: StorePlace) -> AsyncIterator[Shelf]:
    shelf = Shelf(where)
    await shelf.open()
    yield shelf
    await shelf.store.close()


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[Start]:
    fronts: list[Front] = []

    async def start(providers: dict[str, Provider] | None = None, **changes: Any) -> Front:
        front = Front(tmp_path, **changes)
        if providers is not None:
            front.providers = providers
        fronts.append(front)
        await front.start()
        return front

    yield start
    for front in fronts:
        await front.close()


@pytest.fixture
async def front(started: Start) -> Front:
    return await started()
