import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, text

from maskproxy.errors import StartFailed, StoreFailed
from maskproxy.store.postgres_url import StorePlace
from maskproxy.store.schema import vault
from maskproxy.store.store import Store
from tests.store.place import Shelf

ONE_ROW = insert(vault).values((b"s", "P", "r", b"d", b"sealed", 1, 1, 1, 1))


def one(connection: Connection) -> object:
    return connection.execute(text("SELECT 1")).scalar()


def broken(connection: Connection) -> None:
    connection.execute(text("SELECT secret_value FROM nowhere"))


async def test_its_health_is_told_at_both_ends(shelf: Shelf) -> None:
    assert await shelf.store.call(one, timeout_s=10) == 1
    with pytest.raises(StoreFailed):
        await shelf.store.call(broken, timeout_s=10)
    with pytest.raises(StoreFailed) as raised:
        await shelf.store.call(broken, timeout_s=10)
    assert raised.value.detail in {"OperationalError SQLITE_ERROR", "UndefinedTable 42P01"}
    assert await shelf.store.call(one, timeout_s=10) == 1
    assert [failed for failed, _ in shelf.told] == [True, False]
    assert "secret_value" not in str(shelf.told)


async def test_what_is_posted_tells_its_result_or_an_alarm(shelf: Shelf) -> None:
    results: list[object] = []
    shelf.store.post(one, results.append)
    shelf.store.post(broken, results.append)
    with pytest.raises(StoreFailed):
        await shelf.store.call(broken, timeout_s=10)
    assert results == [1]
    assert [failed for failed, _ in shelf.told] == [True]


async def test_what_fails_half_way_changes_nothing(shelf: Shelf) -> None:
    def half(connection: Connection) -> None:
        connection.execute(ONE_ROW)
        raise RuntimeError("never told")

    with pytest.raises(StoreFailed) as raised:
        await shelf.store.call(half, timeout_s=10)
    assert raised.value.detail == "RuntimeError"
    count = await shelf.store.call(lambda c: c.execute(text("SELECT count(*) FROM vault")).scalar(), timeout_s=10)
    assert count == 0


async def test_one_that_hangs_is_left_at_the_deadline(shelf: Shelf) -> None:
    gate, begun = threading.Event(), threading.Event()

    def hang(_: Connection) -> None:
        begun.set()
        gate.wait()

    shelf.store.post(hang, lambda _: None)
    await asyncio.to_thread(begun.wait)
    with pytest.raises(StoreFailed):
        await shelf.store.call(one, timeout_s=0.01)
    assert shelf.store.failed
    gate.set()
    assert await shelf.store.call(one, timeout_s=10) == 1


async def test_what_was_posted_before_the_end_is_kept(where: StorePlace) -> None:
    shelf = Shelf(where)
    await shelf.open()
    shelf.store.post(lambda connection: connection.execute(ONE_ROW).rowcount, lambda _: None)
    await shelf.store.close()
    with pytest.raises(StoreFailed):
        await shelf.store.call(one, timeout_s=10)
    await shelf.store.close()
    await shelf.open()
    count = await shelf.store.call(lambda c: c.execute(text("SELECT count(*) FROM vault")).scalar(), timeout_s=10)
    assert count == 1
    await shelf.store.close()


async def test_what_cannot_be_opened_keeps_nothing_running(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("no database")
    (tmp_path / "state.db").chmod(0o600)
    store = Store(tmp_path / "state.db")
    with pytest.raises(StartFailed):
        await store.start()
    assert "store" not in {thread.name for thread in threading.enumerate() if thread.is_alive()}
    await store.close()
