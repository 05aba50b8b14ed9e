from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking import automaton
from maskproxy.masking.automaton import TEXT_EDGE, beginnings, ending
from maskproxy.masking.grammar import ANYTHING, expression
from maskproxy.masking.syntax import WORD, parse
from tests.masking.test_syntax import patterns

texts = st.lists(st.sampled_from(b"abB1.\xc3\xa9x"), max_size=12).map(bytes)


@settings(max_examples=250, deadline=None)
@given(patterns, texts)
def test_words_that_end_somewhere_begin_where_python_says(pattern: str, text: bytes) -> None:
    node = parse(f"x?(?:{pattern})b").secret
    machine, python = ending(node), re.compile(expression(node).encode())
    for end in range(len(text) + 1):
        expected = [start for start in range(end + 1) if python.fullmatch(text, start, end)]
        assert machine.starts(text, end, TEXT_EDGE) == expected
        assert machine.longest(text, end, 0, TEXT_EDGE) == min(expected, default=end + 1)


@settings(max_examples=150, deadline=None)
@given(patterns, texts)
def test_a_beginning_is_a_strict_prefix_of_a_word(pattern: str, text: bytes) -> None:
    node = parse(f"(?:{pattern})b").secret
    machine = beginnings([(node, ANYTHING, False)])
    found = machine.starts(text, len(text), TEXT_EDGE)
    word = re.compile(expression(node).encode())
    for start in range(len(text)):
        # Words are short here: whatever may follow is tried with every end of every other text that is a word.
        if any(word.fullmatch(text[start:] + text[i:j]) for i in range(len(text)) for j in range(i + 1, len(text) + 1)):
            assert start in found


def test_neighbours_decide() -> None:
    machine = ending(parse("abcd").secret, ANYTHING & ~WORD)
    assert machine.starts(b"-abcd", 5, TEXT_EDGE) == [1]
    assert machine.starts(b"xabcd", 5, TEXT_EDGE) == []
    assert machine.starts(b"abcd", 4, TEXT_EDGE) == [0]
    assert machine.starts(b"abcd", 4, ord("x")) == []


def test_a_whole_word_that_waits_for_its_neighbour_is_a_beginning() -> None:
    waiting = beginnings([(parse("abcd").secret, ANYTHING, True)])
    assert waiting.starts(b"-abcd", 5, TEXT_EDGE) == [1]
    assert beginnings([(parse("abcd").secret, ANYTHING, False)]).starts(b"-abcd", 5, TEXT_EDGE) == []


def test_starting_over_at_the_cap_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    node = parse("a[ab]{3,9}c").secret
    text = b"abababacabbac" * 5
    free = [ending(node).starts(text, end, TEXT_EDGE) for end in range(len(text) + 1)]
    monkeypatch.setattr(automaton, "_STATES_LIMIT", 3)
    machine = ending(node)
    assert [machine.starts(text, end, TEXT_EDGE) for end in range(len(text) + 1)] == free
