import asyncio

import pytest

from maskproxy.errors import StoreFailed
from maskproxy.store.replays import StoredReplays
from maskproxy.store.store import Store
from tests.store.place import Shelf


def replays(shelf: Shelf, store: Store | None = None) -> StoredReplays:
    return StoredReplays(store or shelf.store, wall_ns=lambda: int(shelf.now_s * 1e9))


async def test_what_was_used_is_used_on_every_node_and_after_a_restart(shelf: Shelf) -> None:
    beside = Store(shelf.where)
    await beside.start()
    until = shelf.now_s + 60
    assert await replays(shelf).first("a", until)
    assert not await replays(shelf).first("a", until)
    assert not await replays(shelf, beside).first("a", until + 60)
    assert await replays(shelf, beside).first("b", until)
    await beside.close()
    await shelf.store.close()
    await shelf.open()
    assert not await replays(shelf).first("a", until)


async def test_of_many_at_once_one_is_the_first(shelf: Shelf) -> None:
    beside = Store(shelf.where)
    await beside.start()
    nodes = [replays(shelf), replays(shelf, beside)] * 10
    firsts = await asyncio.gather(*(node.first("a", shelf.now_s + 60) for node in nodes))
    assert sum(firsts) == 1
    await beside.close()


async def test_it_is_forgotten_when_it_is_over_and_not_before(shelf: Shelf) -> None:
    until = shelf.now_s + 60
    assert await replays(shelf).first("a", until)
    shelf.now_s = until - 0.001
    assert not await replays(shelf).first("a", until)
    shelf.now_s = until
    assert await replays(shelf).first("b", until + 1)
    assert await replays(shelf).first("a", until + 1), "what checks it refuses it by its time now"


async def test_its_id_is_not_on_the_disk_and_a_store_that_fails_lets_nobody_in(shelf: Shelf) -> None:
    assert await replays(shelf).first("_assertion-id-of-ada", shelf.now_s + 60)
    assert b"_assertion-id-of-ada" not in shelf.kept()
    await shelf.store.close()
    with pytest.raises(StoreFailed):
        await replays(shelf).first("b", shelf.now_s + 60)
