"""Some trials of every subject, the same each time; `make fuzz` runs new ones for as long as it is told."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import rules
from tests.fuzz.__main__ import SUBJECTS, one

_EXAMPLES = {
    "actions": 2,
    "encoded": 2,
    "holding": 3,
    "lifting": 3,
    "mangled": 60,
    "rules-json": 5,
    "builtin": 30,
    "json": 80,
    "streams": 5,
    "restoring": 40,
}
seeds = st.integers(0, 1 << 48)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seeds)
def test_random_rules_mask_what_the_oracle_says_in_any_cut(seed: int) -> None:
    rules.trial(Random(seed), texts=10)


@pytest.mark.parametrize("subject", sorted(_EXAMPLES))
def test_a_trial_finds_no_difference(subject: str) -> None:
    assert _EXAMPLES.keys() | {"rules"} == SUBJECTS.keys()

    @settings(max_examples=_EXAMPLES[subject], deadline=None, derandomize=True)
    @given(seeds)
    def tried(seed: int) -> None:
        one(f"{subject}:test:{seed}")

    tried()


def test_a_failing_text_is_made_small() -> None:
    assert rules.smallest(b"xxabxxxxcxx", lambda text: b"a" in text and b"c" in text) == b"ac"
    assert rules.smallest(b"abc", lambda text: len(text) > 5) == b"abc"
