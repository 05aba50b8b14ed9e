from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.house import House

Start = Callable[..., Awaitable[House]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    await house.start()
    yield house
    await house.close()


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    houses: list[House] = []

    async def started(*grants: dict[str, Any], **changes: Any) -> House:
        house = House(tmp_path)
        house.changes |= {"grants": list(grants), **changes}
        houses.append(house)
        await house.start()
        return house

    yield started
    for house in houses:
        await house.close()
