from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.recording.visible import Span, held_back, spans, visible, visible_line
from tests.recording.scripted import PLACEHOLDER

any_text = st.text(st.characters(), max_size=60)


def is_safe(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(any_text)
def test_nothing_that_steers_or_hides_is_left(text: str) -> None:
    # Cf holds a few signs of scripts that are letters to their readers (Arabic number signs and the like).
    assert all(is_safe(character) or is_known_sign(character) for character in visible(text))


def is_known_sign(character: str) -> bool:
    return unicodedata.category(character) == "Cf" and unicodedata.bidirectional(character) in {"AN", "AL", "L", "BN"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x1b[2J\x1b[31mred", "\\x1b[2J\\x1b[31mred"),
        ("a\rb\x08c\x7f", "a\\x0db\\x08c\\x7f"),
        ("\x9b2J\x85", "\\x9b2J\\x85"),
        ("\u202etxt.exe\u2066\u200f", "\\u202etxt.exe\\u2066\\u200f"),
        ("a\u200bb\ufeff\u2028", "a\\u200bb\\ufeff\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("\x00", "\\x00"),
        ("tab\tline\n世界 \U0001f469\u200d\U0001f4bb é", "tab\tline\n世界 \U0001f469\u200d\U0001f4bb é"),
    ],
)
def test_escapes_are_shown_and_letters_stay(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert shown.encode()


def test_a_line_shows_its_line_feeds_and_tabs() -> None:
    assert visible_line("a\n\tb") == "a\\n\\tb"


def test_placeholders_are_spans_of_their_own() -> None:
    assert list(spans(f"a {PLACEHOLDER}.\x1b")) == [
        Span("plain", "a "),
        Span("masked", PLACEHOLDER),
        Span("plain", "."),
        Span("escape", "\\x1b"),
    ]


@given(any_text, st.integers(0, 60), any_text)
def test_a_placeholder_that_is_cut_is_held_back_as_a_whole(before: str, cut: int, after: str) -> None:
    whole = f"{before} {PLACEHOLDER} {after}"
    first = whole[: len(before) + 1 + min(cut, len(PLACEHOLDER))]
    keep = held_back(first)
    shown = first[: len(first) - keep]
    parts = [span for text in (shown, whole[len(shown) :]) for span in spans(text)]
    assert Span("masked", PLACEHOLDER) in parts


def test_little_is_held_back() -> None:
    assert [held_back(text) for text in ("plain", "AM", "x MASK", "MASKED_" + "a" * 300)] == [0, 1, 4, 0]
