"""The counters of limits that nodes share, under the gateway's turns."""

import pytest

from maskproxy.errors import OverCap, TooMany
from maskproxy.gateway.turns import Turns
from maskproxy.store.counters import StoredCounters
from maskproxy.store.shares import Key, Taken
from tests.gateway.test_turns import Clock, grant
from tests.store.place import KEY, Shelf


@pytest.fixture
def shared(shelf: Shelf) -> list[Turns]:
    """Two nodes on one store."""
    clock = Clock()
    return [Turns(StoredCounters(shelf.store, KEY, clock), clock) for _ in range(2)]


async def test_two_nodes_share_what_is_counted(shared: list[Turns]) -> None:
    given = [0, 0]
    for number in range(300):
        try:
            with await shared[number % 2].begin("ada", grant(requests_per_minute=100), costs_tokens=True):
                given[number % 2] += 1
        except TooMany:
            pass
    assert sum(given) == 100
    assert min(given) >= 40


async def test_tokens_overshoot_by_what_runs_and_no_more(shared: list[Turns]) -> None:
    spent = 0
    for number in range(60):
        try:
            with await shared[number % 2].begin("ada", grant(tokens_per_day=1000), costs_tokens=True) as turn:
                turn.spent(10)
                turn.spent(60)
                spent += 60
        except OverCap:
            continue
    assert 1000 - 50 <= spent <= 1000 + 60 + 50


async def test_a_node_that_ends_gives_back_what_it_had_leased(shared: list[Turns]) -> None:
    one, two = shared
    await one.begin("ada", grant(requests_per_minute=20), costs_tokens=False)
    one.give_back()
    for _ in range(19):
        await two.begin("ada", grant(requests_per_minute=20), costs_tokens=False)
    with pytest.raises(TooMany):
        await two.begin("ada", grant(requests_per_minute=20), costs_tokens=False)


async def test_what_was_counted_long_ago_is_forgotten_and_nobody_stands_there_by_name(shelf: Shelf) -> None:
    clock = Clock()
    counters = StoredCounters(shelf.store, KEY, clock)
    key = Key("idp#ada", "g", "tokens")
    await counters.take(key, clock.now_s, 5, 10)
    assert await counters.take(key, clock.now_s, 50, 10) == Taken(5, 10)
    assert b"idp#ada" not in shelf.kept()
    await counters.prune()
    assert (await counters.take(key, clock.now_s, 50, 10)).granted == 0
    then, clock.now_s = clock.now_s, clock.now_s + 3 * 86400
    await counters.prune()
    assert (await counters.take(key, then, 50, 10)).granted == 10
