from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.signin.oidc_rotation import Rotations


def test_the_latest_token_is_known_for_ten_minutes() -> None:
    rotations = Rotations()
    rotations.note("a", "b", 0)
    assert rotations.latest("a", 599) == "b"
    assert rotations.latest("b", 599) == "b"
    assert rotations.latest("x", 599) == "x"
    rotations.note("a", "c", 599)
    assert rotations.latest("a", 1100) == "c"
    assert rotations.latest("a", 1199) == "a"


def test_a_clock_set_back_prolongs_nothing() -> None:
    rotations = Rotations()
    rotations.note("a", "b", 1000)
    assert rotations.latest("a", 10) == "a"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 400)), max_size=30))
def test_every_token_leads_to_the_last_that_replaced_it_lately(noted: list[tuple[str, str, int]]) -> None:
    rotations, now = Rotations(), 0
    last: dict[str, tuple[str, int]] = {}
    for old, new, later in noted:
        now += later
        rotations.note(old, new, now)
        last[old] = (new, now)
    for old in "abc":
        new, at = last.get(old, (old, now))
        assert rotations.latest(old, now) == (new if now - at < 600 else old)


def test_of_very_many_the_oldest_are_forgotten() -> None:
    rotations = Rotations()
    for number in range(1025):
        rotations.note(f"old-{number}", f"new-{number}", 0)
    assert rotations.latest("old-0", 0) == "old-0"
    assert rotations.latest("old-1", 0) == "new-1"
