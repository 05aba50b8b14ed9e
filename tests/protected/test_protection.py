"""How much of what is protected one request may hold."""

import json

import pytest

from maskproxy.protected import Printer, Prints, Protected, Protection
from tests.protected.source import function, module

PRINTER = Printer(b"k" * 32)
RATES = Protected("rates", Prints.of(PRINTER, [("rates.py", module(20).encode())]), 20, "block")
ROUTES = Protected("routes", Prints.of(PRINTER, [("routes.py", module(20, seed=2).encode())]), 10, "alert")


@pytest.fixture
def protection() -> Protection:
    return Protection((RATES, ROUTES))


def over(protection: Protection, *texts: str) -> dict[str, int]:
    reading = protection.reading(is_json=True)
    reading.feed(json.dumps({"messages": [{"content": text} for text in texts]}).encode())
    reading.finish()
    return {holding.protected.name: holding.lines for holding in reading.over()}


def test_less_than_the_amount_passes_and_more_does_not(protection: Protection) -> None:
    assert over(protection, function(1, 1)) == {}
    assert over(protection, function(1, 1), function(7, 1))["rates"] >= 20
    assert over(protection, function(1, 2)) == pytest.approx({"routes": 14}, abs=3)


def test_the_same_lines_count_once_however_often_they_are_there(protection: Protection) -> None:
    assert over(protection, *[function(1, 1) + " " * n for n in range(30)]) == {}


def test_the_places_are_told_the_longest_first(protection: Protection) -> None:
    reading = protection.reading(is_json=False)
    reading.feed((function(1, 1) + "\n" + module(20)[-2500:]).encode())
    reading.finish()
    (holding,) = reading.over()
    first, second = holding.places.split(", ")
    assert first.startswith("rates.py ")
    assert first.endswith(str(max(extent.last for extent in holding.extents)))
    assert second.startswith("rates.py ")


def test_a_string_is_read_once(protection: Protection, monkeypatch: pytest.MonkeyPatch) -> None:
    over(protection, module(20), "x" * 500)
    monkeypatch.setattr(Prints, "holdings", lambda *_: pytest.fail("read again"))
    assert over(protection, "x" * 500, module(20))["rates"] > 200


def test_what_is_kept_is_bounded(protection: Protection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskproxy.protected.protection._KEPT_STRINGS", 10)
    monkeypatch.setattr("maskproxy.protected.protection._MOST_KEPT_PLACES", 100)
    for number in range(40):
        over(protection, function(number % 20, 1) + "x" * number)
        assert len(protection._known) <= 10
        assert (
            protection._kept_places == sum(len(found) for kept in protection._known.values() for found in kept) <= 100
        )
