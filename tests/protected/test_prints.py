"""Fingerprints: what is found again, whatever people did to it, and where."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.protected.prints import RUN, STRIDE, Extent, Printer, Prints
from maskproxy.protected.tokens import tokens
from tests.protected.source import function, module

PRINTER = Printer(b"k" * 32)
SOURCE = module(40)
PRINTS = Prints.of(PRINTER, [("other.py", module(5, seed=9).encode()), ("pricing.py", SOURCE.encode())])


def held(text: str, prints: Prints = PRINTS) -> list[Extent]:
    return prints.extents(prints.holdings(text.encode()))


def lines(text: str) -> int:
    return sum(extent.last - extent.first + 1 for extent in held(text))


def test_the_source_is_found_whole() -> None:
    (extent,) = held(SOURCE)
    assert (extent.file, extent.first) == ("pricing.py", 1)
    assert extent.last > SOURCE.count("\n") - 3


@pytest.mark.parametrize("number", range(0, 40, 3))
def test_one_function_that_was_indented_commented_and_numbered_is_found_where_it_stands(number: int) -> None:
    changed = re.sub(r"\n", lambda m: f"  # {m.start()}\n        ", function(number, 1))
    changed = "".join(f"{n:6}→{line}\n" for n, line in enumerate(changed.splitlines(), 500))
    (extent,) = held(f"Please explain:\n{changed}\nThank you")
    first = SOURCE[: SOURCE.index(function(number, 1))].count("\n") + 1
    last = first + function(number, 1).count("\n") - 1
    # Runs are looked for at every eighth token, so that a line or two at either end may be missed.
    assert extent.file == "pricing.py"
    assert first <= extent.first <= first + 3
    assert last - 3 <= extent.last <= last


def test_functions_in_another_order_are_found() -> None:
    numbers = list(range(40))
    random.Random(5).shuffle(numbers)
    moved = "\n\n".join(function(number, 1) for number in numbers)
    code = SOURCE.count("\n") - SOURCE.count("\n\n\n") * 2
    assert lines(moved) > 0.95 * code


def test_other_source_of_the_same_kind_is_not() -> None:
    assert held(module(200, seed=2)) == []


def test_no_long_run_is_missed_wherever_it_begins() -> None:
    words = tokens(SOURCE.encode()).words[300:420]
    for begin in range(STRIDE):
        for before in range(STRIDE):
            run = words[begin : begin + RUN + STRIDE - 1]
            assert held(" ".join(["x"] * before) + " " + b" ".join(run).decode())


@settings(max_examples=30)
@given(st.integers(0, 39), st.integers(0, 400), st.integers(0, 400))
def test_what_stands_around_does_not_matter(number: int, before: int, behind: int) -> None:
    around = module(20, seed=3)
    text = around[:before] + "\n" + function(number, 1) + "\n" + around[len(around) - behind :]
    assert lines(text) >= 9


def test_another_key_finds_nothing() -> None:
    other = Prints(Printer(b"x" * 32), PRINTS.files, *PRINTS.tables)
    assert held(SOURCE, other) == []


def test_what_is_public_is_not_protected() -> None:
    public = "\n\n".join(function(number, 1) for number in range(20))
    prints = Prints.of(PRINTER, [("pricing.py", SOURCE.encode())], public=[public.encode()])
    assert held(public, prints) == []
    assert held(function(30, 1), prints)


def test_tables_of_numbers_and_brackets_are_not_printed() -> None:
    table = "\n".join("{ 0x00, 0xff, [ 1, 2, 3 ] }," for _ in range(500))
    assert len(Prints.of(PRINTER, [("table.c", table.encode())])) == 0


def test_a_run_does_not_reach_into_the_next_file() -> None:
    prints = Prints.of(PRINTER, [("a.py", function(0, 1).encode()), ("b.py", function(1, 1).encode())])
    found = held(function(0, 1) + "\n" + function(1, 1), prints)
    assert {extent.file for extent in found} == {"a.py", "b.py"}
    assert all(extent.last <= 20 for extent in found)
