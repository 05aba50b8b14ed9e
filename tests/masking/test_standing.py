"""What may still become a match, for all rules at once: held against reading backwards, and against forgetting."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking import standing
from maskproxy.masking.automaton import TEXT_EDGE, beginnings
from maskproxy.masking.grammar import ANYTHING, Node
from maskproxy.masking.standing import Forward, Net, Reading
from maskproxy.masking.syntax import WORD, parse
from tests.masking.test_automaton import texts
from tests.masking.test_syntax import patterns

Cores = list[tuple[Node, int, bool]]


def alive(forward: Forward, text: bytes, before: int) -> int:
    return Reading(forward, 1000).alive(text, 0, before)


def cores_of(some: list[str]) -> Cores:
    """Rules with different neighbours; every other one waits for the byte behind it."""
    neighbours = (ANYTHING & ~WORD, ANYTHING, WORD)
    return [
        (parse(f"(?:{pattern})b").secret, neighbours[number % 3], number % 2 == 1)
        for number, pattern in enumerate(some)
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(patterns, min_size=1, max_size=4), texts, st.sampled_from([TEXT_EDGE, ord("a"), ord(".")]))
def test_it_agrees_with_reading_backwards_written_down_or_not(some: list[str], text: bytes, before: int) -> None:
    cores = cores_of(some)
    expected = min(beginnings(cores).starts(text, len(text), before), default=len(text))
    net = Net.of(cores)
    assert Net.read(net.plain()) == net
    assert alive(Forward(net), text, before) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(patterns, min_size=1, max_size=4), texts, st.data())
def test_read_by_the_piece_it_says_the_same(some: list[str], text: bytes, data: st.DataObject) -> None:
    """What was released is gone, as `Masker` has it; near words are sought anew, far ones followed, or all followed."""
    cores = cores_of(some)
    oracle, forward = beginnings(cores), Forward(Net.of(cores))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "_NEAR_BYTES", data.draw(st.sampled_from([0, 3, 24])))
        patch.setattr(standing, "_FAR_BYTES", data.draw(st.sampled_from([4, 4096])))
        reading, base, before, end = Reading(forward, len(text)), 0, TEXT_EDGE, 0
        while end < len(text):
            end = data.draw(st.integers(end + 1, len(text)))
            held = text[base:end]
            expected = min(oracle.starts(held, len(held), before), default=len(held))
            assert reading.alive(held, base, before) == expected
            released = data.draw(st.sampled_from([0, expected, len(held)]))
            if released:
                before = held[released - 1]
                base += released


@given(st.lists(texts, min_size=1, max_size=8))
def test_forgetting_changes_no_answer_and_bounds_what_is_remembered(many: list[bytes]) -> None:
    net = Net.of(cores_of(["a[ab.]{1,9}x?", "(?:ab|1)[b1]{2,6}", "B.{0,4}a"]))
    expected = [alive(Forward(net), text, TEXT_EDGE) for text in many]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "_MOST_REMEMBERED", 30)
        forward = Forward(net)
        for text, at in zip(many, expected, strict=True):
            assert alive(forward, text, TEXT_EDGE) == at
            assert len(forward._standings) + len(forward._backs) <= 31


def test_neighbours_that_no_rule_tells_apart_share_a_number() -> None:
    conditions = Forward(Net.of(cores_of(["ab", "ba"]))).conditions
    assert len(conditions) == TEXT_EDGE + 1
    assert conditions[ord("x")] == conditions[ord("Z")] != conditions[ord("-")]
