import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import TooMany
from maskproxy.signin import rates
from maskproxy.signin.rates import Rate, network_of


@given(st.integers(1, 20), st.integers(1, 4), st.lists(st.integers(0, 16), min_size=1, max_size=60))
def test_never_more_than_the_burst_and_what_the_time_gave(burst: int, per_s: int, pauses: list[int]) -> None:
    rate, taken, now_s = Rate(burst, per_s, "no"), 0, 100.0
    for pause in pauses:
        now_s += pause / 4
        try:
            rate.take("a", now_s)
            taken += 1
        except TooMany:
            assert taken + 1 > burst - 1, "refused only when the burst is used up"
    assert taken <= burst + (now_s - 100.0) * per_s


def test_names_are_apart_and_checking_takes_nothing() -> None:
    rate = Rate(2, 0.5, "Wait.")
    for _ in range(5):
        rate.check("a", 0)
    rate.take("a", 0)
    rate.take("a", 0)
    with pytest.raises(TooMany, match="Wait"):
        rate.check("a", 1.9)
    rate.take("b", 1.9)
    rate.check("a", 2)


def test_who_keeps_asking_while_refused_gets_the_steady_pace() -> None:
    rate = Rate(1, 1, "no")
    taken = 0
    for step in range(100):
        try:
            rate.take("a", step / 10)
            taken += 1
        except TooMany:
            pass
    assert taken == 10


def test_of_very_many_the_idlest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "_MOST", 2)
    rate = Rate(1, 0.001, "no")
    for name in "abc":
        rate.take(name, 0)
    rate.take("a", 0)
    with pytest.raises(TooMany):
        rate.take("c", 0)


def test_a_network_is_one_customer() -> None:
    assert network_of("192.0.2.7") == network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("local") == "local"
