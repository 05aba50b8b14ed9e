from hypothesis import given
from hypothesis import strategies as st

from maskproxy.signin import user_codes


def test_codes_are_of_letters_that_make_no_words_and_differ() -> None:
    codes = {user_codes.new() for _ in range(500)}
    assert len(codes) == 500
    assert all(len(code) == 9 and set(code) <= {*user_codes.ALPHABET, "-"} for code in codes)
    assert len(user_codes.ALPHABET) == 20
    assert not set("AEIOUY01") & set(user_codes.ALPHABET)


@given(st.text(user_codes.ALPHABET, min_size=8, max_size=8), st.lists(st.sampled_from(" -_.\u2011\t"), max_size=6))
def test_case_and_what_stands_between_does_not_matter(letters: str, between: list[str]) -> None:
    typed = letters.lower()
    for place, character in enumerate(between):
        typed = typed[: place * 2] + character + typed[place * 2 :]
    assert user_codes.read(typed) == f"{letters[:4]}-{letters[4:]}"


@given(st.text(max_size=80))
def test_anything_else_is_no_code(text: str) -> None:
    read = user_codes.read(text)
    assert read is None or user_codes.read(read) == read


def test_a_code_with_a_letter_too_few_or_another_is_none() -> None:
    for text in ("", "BCDF-GHJ", "BCDF-GHJKL", "BCDF-GHJA", "BCDF-GHJ1", "B" * 1000):
        assert user_codes.read(text) is None
