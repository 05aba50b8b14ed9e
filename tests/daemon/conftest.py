from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.compiled import CACHE_HOME
from tests.daemon.place import Place


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where the built-in rules are compiled already."""
    return CACHE_HOME


@pytest.fixture
async def place(tmp_path: Path, cache: Path) -> AsyncIterator[Place]:
    """A place of the test's own, for tests that end, change or harm the daemon."""
    async with Place(tmp_path, cache) as place:
        yield place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> AsyncIterator[Place]:
    """One running daemon for all tests of a module, which leave it as they found it."""
    async with Place(tmp_path_factory.mktemp("shared"), cache) as place:
        await place.run()
        yield place
