from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import Connection

from maskproxy.store.database import open_database
from maskproxy.store.postgres_url import StorePlace
from tests.store.place import Shelf


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is."""
    monkeypatch.setattr("maskproxy.store.sealed_vault.RECALL_S", 60.0)


@pytest.fixture
async def shelf(where: StorePlace) -> AsyncIterator[Shelf]:
    shelf = Shelf(where)
    await shelf.open()
    yield shelf
    await shelf.store.close()


@pytest.fixture
def connection(where: StorePlace) -> Iterator[Connection]:
    """A transaction that is never committed."""
    engine = open_database(where)
    with engine.begin() as connection:
        yield connection
    engine.dispose()
