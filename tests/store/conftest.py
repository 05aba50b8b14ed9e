from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.place import Shelf


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is."""
    monkeypatch.setattr("maskproxy.store.sealed_vault.RECALL_S", 60.0)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.open()
    yield shelf
    await shelf.store.close()
