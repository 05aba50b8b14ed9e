"""Tells what is made of words from letters drawn at random.

A table says for every three letters how surprising the third is after the other two (see `tools/word_model.py`). Words
of some European languages surprise little, random letters much; between six letters and sixteen that tells nearly all.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from maskproxy.masking.checks.word_lists import SHORT_WORDS

TABLE = Path(__file__).with_name("words.bin")
LETTERS = 27
EDGE = 0
"""Stands for a word's beginning and its end; the letters are 1 to 26."""
_SEGMENT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PLAIN_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "ß": "ss"})
_LEAST_TOLD = 4
_STRANGE_BITS = {4: 5.4, 5: 5.2, 6: 5.1, 7: 5.0}
_LONG_STRANGE_BITS = 4.9
"""What surprises so much on average is no word. Of a hundred words 97 surprise less; of a hundred random runs, 15."""


def number(first: int, second: int, third: int) -> int:
    """Give the place of three letters in the table."""
    return (first * LETTERS + second) * LETTERS + third


@lru_cache(maxsize=1)
def _table() -> bytes:
    return bytes(half for byte in TABLE.read_bytes() for half in (byte & 15, byte >> 4))


def surprise(word: str) -> float:
    """Give how many bits a letter of this word takes who knows words. It is lower case ASCII."""
    table, first, second, total = _table(), EDGE, EDGE, 0
    for letter in word:
        third = ord(letter) - 96
        total += table[number(first, second, third)]
        first, second = second, third
    total += table[number(first, second, EDGE)]
    return total / 2 / (len(word) + 1)


def plain(text: bytes) -> str:
    """Give text without accents; what is not UTF-8 is left out."""
    if text.isascii():
        return text.decode("ascii")
    whole = unicodedata.normalize("NFKD", text.decode("utf-8", "ignore").translate(_PLAIN_LETTERS))
    return "".join(character for character in whole if not unicodedata.combining(character))


def segments(text: str) -> list[str]:
    """Split `someCamelCase_OR-other9` into its runs of letters."""
    return _SEGMENT.findall(text)


def is_word(letters: str) -> bool:
    """Tell whether a run of letters reads like a word. Of up to three letters only those do that programs abound in."""
    if len(letters) < _LEAST_TOLD:
        return letters.lower() in SHORT_WORDS
    return surprise(letters.lower()) < _STRANGE_BITS.get(len(letters), _LONG_STRANGE_BITS)


def wordiness(text: str) -> float:
    """Give which share of the letters belongs to words; letters of other scripts do."""
    letters = sum(character.isalpha() for character in text)
    if not letters:
        return 0.0
    other = sum(character.isalpha() and not character.isascii() for character in text)
    return (other + sum(len(run) for run in segments(text) if is_word(run))) / letters
