from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clients.desk import BASE_URL, CLAUDE, PROXY, Desk
from tests.compiled import CACHE_HOME
from tests.daemon.place import Place


@pytest.fixture(scope="session")
def cache() -> Path:
    """Rules are compiled once for all tests."""
    assert CLAUDE.exists(), "The clients are not installed. Run `make test-clients`."
    return CACHE_HOME


@pytest.fixture
async def place(tmp_path: Path, cache: Path) -> AsyncIterator[Place]:
    """A gateway of the test's own, running."""
    async with Place(tmp_path, cache) as place:
        await place.run()
        yield place


@pytest.fixture(params=[PROXY, BASE_URL])
async def desk(place: Place, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """Once for each way to the gateway."""
    async with Desk(place, request.param) as desk:
        yield desk


@pytest.fixture
async def proxied(place: Place) -> AsyncIterator[Desk]:
    """For what does not depend on the way."""
    async with Desk(place, PROXY) as desk:
        yield desk
