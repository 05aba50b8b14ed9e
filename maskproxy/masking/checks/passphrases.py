"""Tells passphrases, words that a person put together, from sentences, messages, labels and names in programs.

Its characters alone are looked at: whether a password may stand there is for `evidence` to say.
"""

from __future__ import annotations

import re

from maskproxy.masking.checks.names import promise
from maskproxy.masking.checks.word_lists import FUNCTION_WORDS, INTERFACE_WORDS, NO_PASSWORDS

_LOWER_WORDS = re.compile(r"[a-z]{3,}(?:([-_. @])[a-z]{2,})(?:\1[a-z]{2,}){0,6}(?:\1?[0-9]{1,4})?[!?]?")
_CAPITAL_WORDS = re.compile(r"(?:[A-Z][a-z]{2,}){3,8}(?:[0-9]{1,4}[!?]?)?")
_LOWER_PARTS = re.compile(r"[a-z]+|[A-Z][a-z]+")


def are_words_of_a_passphrase(text: str) -> bool:
    """Tell whether these are words, put together as no sentence, label or name in a program is."""
    lower = _LOWER_WORDS.fullmatch(text)
    if lower is None and not _CAPITAL_WORDS.fullmatch(text):
        return False
    parts = [part.lower() for part in _LOWER_PARTS.findall(text)]
    if lower is None and len(parts) < 4 and not text[-1].isdigit():
        return False
    if lower is not None and lower[1] in " ." and len(parts) < (3 if lower[1] == " " else 2):
        return False
    if any(part in FUNCTION_WORDS or promise(part.encode()) is not None for part in parts):
        return False
    return sum(part in NO_PASSWORDS or part in INTERFACE_WORDS for part in parts) <= max(0, len(parts) - 2) // 2
