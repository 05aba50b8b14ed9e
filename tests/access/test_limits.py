from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.access.limits import Counted, in_words, lease, window_end_s, window_s
from maskproxy.store.shares import take

COUNTS = st.integers(0, 1_000)


@given(COUNTS, COUNTS, COUNTS)
def test_never_more_is_given_than_the_limit_leaves(total: int, wanted: int, limit: int) -> None:
    taken = take(total, wanted, limit)
    assert taken.total == total + taken.granted
    assert taken.granted == wanted or taken.total == max(limit, total)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30)), max_size=30), st.integers(1, 200))
def test_leases_of_all_nodes_together_are_never_more_than_the_limit(asks: list[tuple[int, int]], limit: int) -> None:
    total, held = 0, [0] * 4
    for node, wanted in asks:
        taken = take(total, wanted, limit)
        total = taken.total
        held[node] += taken.granted
    assert sum(held) == total <= limit


@pytest.mark.parametrize("counted", ["requests", "tokens"])
@given(st.integers(0, 2_000_000_000), st.integers(1, 1 << 40))
def test_a_window_holds_its_moment_and_a_lease_is_a_part(counted: Counted, now: int, limit: int) -> None:
    begin = window_s(counted, now)
    assert begin <= now < window_end_s(counted, begin)
    assert 1 <= lease(counted, limit) <= limit


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 seconds"), (119, "119 seconds"), (119.5, "2 minutes"), (3599, "59 minutes"), (3660, "1 h 1 min")],
)
def test_times_are_told_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
