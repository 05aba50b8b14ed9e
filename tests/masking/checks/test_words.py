from __future__ import annotations

import random
import string
from pathlib import Path

import pytest

from maskproxy.masking.checks.words import LETTERS, TABLE, is_word, plain, segments, surprise, wordiness
from tools.word_model import surprises, words

_WORDS = ("configuration", "password", "hunter", "Zertifikat", "contraseña", "utilisateur", "window", "thursday")


@pytest.mark.parametrize("word", _WORDS)
def test_words_of_several_languages_are_words(word: str) -> None:
    assert is_word(plain(word.encode()))


def test_most_random_letters_are_none() -> None:
    draw = random.Random(4)
    made = ["".join(draw.choices(string.ascii_lowercase, k=9)) for _ in range(400)]
    assert sum(map(is_word, made)) < 60


def test_short_runs_are_words_only_where_programs_abound_in_them() -> None:
    assert is_word("URL")
    assert not is_word("xqz")


def test_a_text_is_as_wordy_as_its_letters() -> None:
    assert wordiness("connectionString-2") == 1
    assert wordiness("kX9qZ2vW7") == 0
    assert wordiness("12345") == 0
    assert wordiness("пароль") == 1
    assert segments("someCamelCase_OR-other9") == ["some", "Camel", "Case", "OR", "other"]


def test_the_table_is_of_the_size_that_is_read() -> None:
    assert len(TABLE.read_bytes()) == (LETTERS**3 + 1) // 2


def test_a_table_tells_what_it_was_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.md").write_text("banana Banana banana ananas ananas ananas xyz " * 3)
    assert set(words([tmp_path])) == {"banana", "ananas", "xyz"}
    table = tmp_path / "table.bin"
    table.write_bytes(surprises(["banana", "ananas"]))
    before = surprise("anana")
    halves = bytes(half for byte in table.read_bytes() for half in (byte & 15, byte >> 4))
    monkeypatch.setattr("maskproxy.masking.checks.words._table", lambda: halves)
    assert surprise("anana") < before < surprise("nxqan")
