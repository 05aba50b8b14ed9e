from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.valid.seed_phrases import holds_seed_phrase

LISTED = ["abandon", "legal", "winner", "thank", "year", "wave", "sausage", "worth", "useful", "zoo"]


@given(st.lists(st.sampled_from(LISTED), min_size=12, max_size=24), st.sampled_from([" ", "\n", '", "', "-"]))
def test_twelve_words_of_the_list_are_a_phrase(words: list[str], between: str) -> None:
    text = between.join(words)
    assert holds_seed_phrase(text.encode())
    assert holds_seed_phrase(f"the {text.upper()} then".encode())


@given(st.lists(st.sampled_from(LISTED), min_size=1, max_size=11))
def test_fewer_words_are_none(words: list[str]) -> None:
    assert not holds_seed_phrase(" ".join(words).encode())


def test_another_word_among_them_ends_a_phrase() -> None:
    assert not holds_seed_phrase(" ".join([*LISTED[:6], "maskproxy", *LISTED]).encode())
