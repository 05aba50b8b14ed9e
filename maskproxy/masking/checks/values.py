"""Tells a password that a person chose, and what was drawn at random, from other values.

Its characters alone are looked at. `program_text` says what it plainly is instead.
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import log2

from maskproxy.masking.checks.entropy import entropy
from maskproxy.masking.checks.program_text import is_technical
from maskproxy.masking.checks.word_lists import WEAK
from maskproxy.masking.checks.words import is_word, segments, wordiness

_SIGNS = frozenset("!@#$%^&*+=?~")
_SEPARATORS = re.compile(r"[-_.:/ ]+")
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]+")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_OF_TOKENS = re.compile(r"[A-Za-z0-9+/=_.~$!@#%^&*:|,?-]+")
_RUNS = re.compile(r"[A-Za-z]+|[0-9]+")
_NO_PIN = re.compile(r"(?:19|20)[0-9]{2}|[0-9]{1,3}|[0-9]*0{3,}")
_SIZE = re.compile(r"[0-9]{1,4}[A-Za-z]{1,4}")
_DIGIT_INSIDE = re.compile(r"[A-Za-z][0-9]+[A-Za-z]")
_WORD_AND_NUMBER = re.compile(r"[A-Za-z]+[0-9]{3,}")
_SIGN_INSIDE = re.compile(r"[A-Za-z0-9][@$!#^*~][A-Za-z0-9]")
_ADDRESS_OR_CALL = re.compile(r"@\w+\.|[()]")
_ENOUGH_WORDS = 0.62
_SCRAMBLED_WORDS = 0.4
_OF_PATTERNS = re.compile(
    r"A-Z|a-z|0-9|\\[dwsbDWSB]|\[:|\{\{|\}\}|\$\{|\$\(|%\(|\(\?|%[YmdHMS][-:/ T]|&(?:quot|amp|lt|gt|apos);|<%|://|[A-Za-z]\(\)"
)
"""What regular expressions, templates and formats hold."""
_SHORT_WORD = 3


def is_uuid(value: str) -> bool:
    """Tell whether this is a UUID, and not all zeros or such."""
    return _UUID.fullmatch(value) is not None and entropy(value) > 2.5


def is_run(value: str) -> bool:
    """Tell whether most characters follow the one before them, as in `abcdef` and `12345678`."""
    steps = [ord(after) - ord(before) for before, after in pairwise(value.lower())]
    return len(steps) > 3 and max(steps.count(1), steps.count(0), steps.count(-1)) > 0.6 * len(steps)


def is_scrambled(value: str) -> bool:
    """Tell whether letters of both cases, digits and signs are mixed as only a generator of passwords mixes them."""
    if not 8 <= len(value) <= 64 or _OF_PATTERNS.search(value):
        return False
    kinds = ["A" if c.isupper() else "a" if c.isalpha() else "9" if c.isdigit() else "_" for c in value]
    signs = kinds.count("_")
    changes = sum(left != right for left, right in pairwise(kinds))
    letters_mixed = kinds.count("A") > 1 and kinds.count("a") > 1
    return (
        letters_mixed
        and signs > 0
        and signs <= len(value) / 2
        and changes >= 0.5 * len(value)
        and len(set(value)) >= 0.6 * len(value)
        and wordiness(value) < _SCRAMBLED_WORDS
        and (kinds.count("9") > 0 or signs > 1)
    )


def looks_random(value: str, least: int) -> bool:
    """Tell whether these are `least` characters or more that were drawn at random, as keys and tokens are."""
    if len(value) < least or not _OF_TOKENS.fullmatch(value) or is_run(value):
        return False
    if is_uuid(value):
        return True
    digits = sum(map(str.isdigit, value))
    letters = sum(map(str.isalpha, value))
    bits = entropy(value)
    if _HEX.fullmatch(value):
        return len(value) >= 16 and digits >= 2 and letters >= 1 and bits > 2.6
    if not letters or bits < min(3.0, 0.78 * log2(len(value))):
        return False
    strange = wordiness(value) <= _ENOUGH_WORDS
    if not digits:
        return strange and (len(value) >= 10 or (value != value.lower() and value != value.upper()))
    runs = _RUNS.findall(value)
    changes = sum(left.isdigit() != right.isdigit() for left, right in pairwise(runs))
    return strange or (changes >= 4 and wordiness(value) < 0.75)


def looks_chosen(value: str, *, sure: bool) -> bool:
    """Tell whether a person may have chosen this as a password. `sure`: it stands where nothing else does."""
    digits = sum(map(str.isdigit, value))
    if not any(map(str.isalpha, value)):
        number = digits == len(value) or not _SIGNS.isdisjoint(value)
        return sure and digits >= 4 and number and not _NO_PIN.fullmatch(value) and len(set(value)) > 2
    inner = value.strip("!?.,:;*-_ ")
    if not _SIGNS.isdisjoint(inner) and not value.endswith(("=", ":")):
        return digits > 0 or (sure and bool(_SIGN_INSIDE.search(inner)) and not _ADDRESS_OR_CALL.search(inner))
    parts = [part for part in _SEPARATORS.split(value) if part]
    if digits:
        return _is_mixed(value, sure=sure) if len(parts) == 1 else _holds_mixed(value, parts, sure=sure)
    if len(parts) > 1:
        return sure and max(map(len, parts)) >= 5 and not any(is_word(run) for part in parts for run in segments(part))
    if inner.lower() in WEAK:
        return sure
    least = 7 if value.isupper() else 5 if sure else 8
    return len(value) >= least and value.isascii() and wordiness(value) <= _ENOUGH_WORDS


def _is_mixed(value: str, *, sure: bool) -> bool:
    """Letters and digits in one: `hunter2`, `x9k2m4`; not a size such as `12px`."""
    if _SIZE.fullmatch(value) and len(value) < 6:
        return False
    return sure or (
        len(value) >= 6
        and (
            _DIGIT_INSIDE.search(value) is not None
            or looks_random(value, 6)
            or (len(value) > 6 and _WORD_AND_NUMBER.fullmatch(value) is not None)
        )
    )


def _holds_mixed(value: str, parts: list[str], *, sure: bool) -> bool:
    """Letters and digits with separators: `pg-55word`; not `some_name_2`."""
    words = [run for part in parts for run in segments(part)]
    named = words and all(is_word(run) or len(run) <= _SHORT_WORD for run in words)
    if named and all(part.isalpha() or part.isdigit() or len(part) <= _SHORT_WORD for part in parts):
        return False
    if looks_random(value, 8):
        return True
    mixed = (part for part in parts if not part.isdigit() and not part.isalpha())
    return sure and any(len(part) > _SHORT_WORD and not is_technical(part) for part in mixed)
