from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.place import Shelf


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.open()
    yield shelf
    await shelf.store.close()
