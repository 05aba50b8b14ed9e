from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking.literals import Literals

values = st.lists(
    st.lists(st.sampled_from(b"ab/"), min_size=6, max_size=9).map(bytes), min_size=1, max_size=3, unique=True
)


@settings(deadline=None)
@given(values, st.lists(st.sampled_from(b"ab/"), max_size=30).map(bytes))
def test_every_occurrence_is_found_and_every_beginning_is_alive(known: list[bytes], text: bytes) -> None:
    literals = Literals([(f"literal-{i}", value) for i, value in enumerate(known)])
    expected = sorted((v, i) for v in known for i in range(len(text)) if text.startswith(v, i))
    assert sorted((text[s:e], s) for _, s, e in literals.spans(text)) == expected
    alive = [i for i in range(len(text)) if any(v.startswith(text[i:]) and v != text[i:] for v in known)]
    assert literals.alive(text) == min(alive, default=len(text))
    assert literals.alive(text) == min(alive, default=len(text)), "what is remembered of it"


def test_so_many_short_texts_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskproxy.masking.literals._KNOWN_LIMIT", 2)
    literals = Literals([("x", b"abcdef")])
    assert [literals.alive(text) for text in (b"za", b"zab", b"zabc", b"zz", b"za")] == [1, 1, 1, 2, 1]


def test_a_literal_keeps_its_name() -> None:
    literals = Literals([("credential", b"zzzzzz"), ("caller-token", b"aaaaaa"), ("again", b"zzzzzz")])
    assert {literals.rule_id(n) for n, _, _ in literals.spans(b"aaaaaa zzzzzz")} == {"credential", "caller-token"}


def test_raw_json_may_hold_a_literal_only_if_its_plain_part_is_there() -> None:
    literals = Literals([("x", b'abc"defghi/j')])
    assert literals.may_be_in(rb'"abc\"defghi\/j"')
    assert not literals.may_be_in(b"nothing here")
    assert Literals([("x", b'""""""')]).may_be_in(b"")
    assert not Literals([]).may_be_in(b"anything")


def test_a_literal_that_is_everywhere_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least"):
        Literals([("x", b"abc")])
