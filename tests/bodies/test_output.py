from __future__ import annotations

from maskproxy.bodies.output import NOTHING, Output, join, same
from maskproxy.masking import trusted


def test_parts_are_joined_as_one_object_unless_they_differ() -> None:
    one, two, other = (trusted(data, why="a test") for data in (b"1", b"2", b"other"))
    assert join([]) is NOTHING
    assert join([same(one)]).forward is one
    both = join([same(one), same(two)])
    assert both == (b"12", b"12")
    assert both.forward is both.record
    assert join([same(one), Output(two, other)]) == (b"12", b"1other")
