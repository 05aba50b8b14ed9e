from __future__ import annotations

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.masking.grammar import expression
from maskproxy.masking.shapes import shape


def test_a_growing_end_becomes_the_tail() -> None:
    taken = shape("abc[de]{2,}")
    assert expression(taken.core) == "abc[d-e]{2}"
    assert taken.tail is not None
    assert (taken.tail.most, taken.tail.end) == (None, None)
    bounded = shape("k=(?P<secret>[de]{4,9})").tail
    assert bounded is not None
    assert bounded.most == 5


def test_an_armour_has_a_terminator() -> None:
    tail = shape("BEGIN[a-z]{4,}(?:-END)?").tail
    assert tail is not None
    assert tail.end is not None
    assert expression(tail.end) == r"\x2dEND"


def test_a_bounded_end_whose_neighbour_may_be_of_its_class_stays_in_the_core() -> None:
    assert shape("abc[de]{2,9}(?=[e;])").tail is None
    assert shape("abc[de]{2,9}(?=;)").tail is not None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("ab[cd]+ef", "very end"),
        ("(?:abcd)+", "very end"),
        ("abcd[ef]{2,}(?!g)", "without end"),
        ("abc", "at least 4"),
        ("abcd[ef]{1000}[gh]{1000}[ij]{1000}", "at most"),
        ("BEGIN[a-z]{4,}(?:end)?", "begin with a byte"),
        ("BEGIN[a-z]{4,}(?:-[a-z]+)?", "bounded"),
    ],
)
def test_what_cannot_be_bounded_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(RuleRefused, match=reason):
        shape(pattern)
