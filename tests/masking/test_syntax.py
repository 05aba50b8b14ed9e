from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.errors import RuleRefused
from maskproxy.masking.grammar import ANYTHING, AT_EDGE, expression, of, width
from maskproxy.masking.syntax import WORD, parse

atoms = st.sampled_from(["a", "b", "[ab]", "[^b]", "[b-d]", r"\d", r"\W", r"\x61", ".", r"\.", "é", "(?i:aB)"])


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["?", "{2}", "{1,3}", "{0,2}"])
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: f"(?:{'|'.join(options)})"),
        st.tuples(inner, repeats).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    )


patterns = st.recursive(atoms, _compound, max_leaves=8)
words = st.lists(st.sampled_from([b"a", b"b", b"A", b"B", b"c", b"1", b".", b"\n", "é".encode()]), max_size=8)


@settings(max_examples=300, deadline=None)
@given(patterns, words.map(b"".join))
def test_a_pattern_means_what_python_says(pattern: str, word: bytes) -> None:
    wrapped = f"x(?:{pattern})"
    parsed = parse(wrapped)
    expected = re.fullmatch(wrapped.encode(), b"x" + word) is not None
    assert (re.fullmatch(expression(parsed.secret).encode(), b"x" + word) is not None) == expected
    least, most = width(parsed.secret)
    if expected:
        assert most is not None
        assert least <= 1 + len(word) <= most


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a+?b", "lazy"),
        ("a{2}+", "possessive"),
        (r"(a)\1", "back-references"),
        ("^abcd", "anchors"),
        ("abcd$", "anchors"),
        (r"a\bbcd", "edges"),
        ("ab|cd", "alternation"),
        ("ab(?=cd)", "one byte"),
        ("(?<name>abcd)", "only"),
        ("a{2,1}", "repetition"),
        ("a{5000}", "repetition"),
        ("[z-a]bcd", "range"),
        ("[é]bcd", "ASCII"),
        ("(abc", "closed"),
        ("abc)", "understood"),
        ("*abc", "quantifier"),
        ("a**", "quantifier"),
        ("[abc", "too early"),
        ("a{x}", "brace"),
        (r"\xzz", "hexadecimal"),
        ("(?P<secret>ab)(?P<secret>cd)", "more than one"),
        ("key=(?P<secret>[a-z]{0,3})", "empty"),
        ("(" * 60 + "a" + ")" * 60, "deep"),
        ("a" * 20_000, "long"),
        (r"\b[\w-]abc", "always, or never"),
        (r"\q", "not supported"),
    ],
)
def test_what_is_not_taken_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(RuleRefused, match=reason):
        parse(pattern)


def test_edges_become_permitted_neighbours() -> None:
    assert parse("abcd").left == parse("abcd").right == ANYTHING
    assert parse(r"\babcd\b").left == ANYTHING & ~WORD
    assert parse(r"\b-abc").left == WORD
    assert parse(r"(?<![0-9a])abcd").left == ANYTHING & ~of(b"0123456789a")
    assert parse(r"abcd(?=[;,]|\Z)").right == of(b";,") | AT_EDGE
    assert parse(r"\Aabcd\Z").left == AT_EDGE


def test_the_secret_is_cut_out_of_the_pattern() -> None:
    parsed = parse('(?i)key="(?P<secret>[a-z]{4})"')
    assert expression(parsed.before) == r"[Kk][Ee][Yy]\x3d\x22"
    assert expression(parsed.secret) == "[A-Za-z]{4}"
    assert expression(parsed.after) == r"\x22"
