"""The short codes that people carry from a terminal to a browser (RFC 8628, 6.1). Pure but for chance.

Eight of twenty consonants, in two groups: 34 bits, no word, nothing that looks like a digit. Case and whatever people
put between the letters do not matter.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LETTERS = 8

_BETWEEN = re.compile(r"[\s\-_.\u2010-\u2015]+")


def new() -> str:
    return shown("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)))


def shown(letters: str) -> str:
    return f"{letters[:4]}-{letters[4:]}"


def read(text: str) -> str | None:
    """The code as we write it, or None where it can be none of ours."""
    letters = _BETWEEN.sub("", text[:64]).upper()
    return shown(letters) if len(letters) == LETTERS and set(letters) <= set(ALPHABET) else None
