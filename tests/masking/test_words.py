import pytest

from maskproxy.masking.shapes import shape
from maskproxy.masking.words import always_holds, literal_bytes


@pytest.mark.parametrize(
    ("pattern", "keywords", "holds"),
    [
        ("(?i:acme)_[a-z]{8}", ["acme"], True),
        ("(?:AK|AS)IA[A-Z]{8}", ["akia", "asia"], True),
        ("(?:AK|AS)IA[A-Z]{8}", ["akia"], False),
        ("[a-z]{4,8}", ["abc"], False),
        ("x(?:acme)?[0-9]{8}", ["acme"], False),
        ("(?:acme|acme-two)[0-9]{8}", ["acme"], True),
        ("(?:ab){2}cdef", ["abab"], True),
        ("a[0-9]{0,3}bcdef", ["abcd"], False),
    ],
)
def test_a_keyword_that_is_always_there(pattern: str, keywords: list[str], holds: bool) -> None:
    assert always_holds(shape(pattern).core, keywords) is holds


@pytest.mark.parametrize(
    ("pattern", "length"),
    [("abcd[0-9]{4}", 4), ("(?:abc|de)[0-9]{4}", 2), ("[a-z]{9}", 0), ("(?i:ab)c[0-9]{4}", 3), ("ab?c[a-z]{9}xyz_", 4)],
)
def test_the_longest_sure_literal(pattern: str, length: int) -> None:
    assert literal_bytes(shape(pattern).core) == length
