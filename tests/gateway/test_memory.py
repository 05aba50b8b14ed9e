import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import Unavailable
from maskproxy.gateway.memory import MemoryBudget


def test_a_spent_budget_refuses_with_a_hint_to_try_again_and_keeps_what_is_held() -> None:
    budget = MemoryBudget(100)
    with budget.reserve() as first, budget.reserve() as second:
        first.grow(60)
        with pytest.raises(Unavailable) as refusal:
            second.grow(41)
        assert refusal.value.retry
        assert (first.held_bytes, second.held_bytes, budget.used_bytes) == (60, 0, 60)
        second.grow(40)
        assert budget.used_bytes == budget.limit_bytes
    assert budget.used_bytes == 0


async def test_a_reservation_is_given_back_when_its_exchange_fails() -> None:
    budget = MemoryBudget(10)

    async def exchange() -> None:
        async with budget.reserve() as reservation:
            reservation.grow(10)
            raise KeyError

    with pytest.raises(KeyError):
        await exchange()
    assert budget.used_bytes == 0


def test_what_was_shrunk_can_be_reserved_by_others() -> None:
    budget = MemoryBudget(10)
    with budget.reserve() as first, budget.reserve() as second:
        first.grow(10)
        first.shrink(4)
        second.grow(4)
        with pytest.raises(ValueError, match="at most"):
            first.shrink(7)
        with pytest.raises(ValueError, match="not negative"):
            first.grow(-1)


def test_a_closed_reservation_cannot_grow_again() -> None:
    budget = MemoryBudget(10)
    reservation = budget.reserve()
    reservation.grow(3)
    reservation.close()
    reservation.close()
    with pytest.raises(ValueError, match="closed"):
        reservation.grow(1)
    assert budget.used_bytes == 0


def test_a_negative_limit_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="negative"):
        MemoryBudget(-1)


@given(
    st.integers(0, 200),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["grow", "shrink", "close"]), st.integers(0, 99))),
)
def test_the_budget_always_counts_what_is_held_and_never_exceeds_its_limit(
    limit: int, steps: list[tuple[int, str, int]]
) -> None:
    budget = MemoryBudget(limit)
    reservations = [budget.reserve() for _ in range(4)]
    for index, verb, n in steps:
        before = [r.held_bytes for r in reservations]
        try:
            if verb == "close":
                reservations[index].close()
            else:
                getattr(reservations[index], verb)(n)
        except Unavailable:
            assert sum(before) + n > limit
            assert [r.held_bytes for r in reservations] == before
        except ValueError:
            assert [r.held_bytes for r in reservations] == before
        assert budget.used_bytes == sum(r.held_bytes for r in reservations) <= limit
    for reservation in reservations:
        reservation.close()
    assert budget.used_bytes == 0
