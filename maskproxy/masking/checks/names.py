"""What a name promises of its value: a password, a key or token that looks random, or nothing secret at all.

A name is split into its words (`dbPassword2`, `DB_PASSWORD`, `db.pass-word`) and looked at from its kernel: what stands
left of it (`public_`, `max_`) or right of it (`_field`, `_url`, `_hash`) may say that the value is no secret.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from maskproxy.masking.checks.word_lists import (
    ACCESS_KEY_OF,
    CODE_OF,
    NOT_BEFORE,
    NOT_BEHIND,
    PASS_OF,
    PASSWORDS,
    PUBLIC_KEY_OF,
    QUALIFIERS,
    SECRET_KEY_OF,
    SECRETS,
    TOKENS,
)
from maskproxy.masking.checks.words import plain


class Promise(IntEnum):
    """How much a name says; the greater, the less a value has to look like a secret."""

    SOME_KEY = 1
    """A key of something: the value must look random, and be longer than other ids are."""
    KEY = 2
    """Keys and tokens: the value must look random, and be long."""
    SECRET = 3
    """The value must look random."""
    PASSWORD = 4
    """People choose it: short and word-like values count."""


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_KINDS = (
    *((plain(word.encode()), Promise.PASSWORD) for word in PASSWORDS),
    *((word, Promise.SECRET) for word in SECRETS),
    *((word, Promise.KEY) for word in TOKENS),
)
_KIND_OF = dict(_KINDS)
_ENDINGS = {word: kind for word, kind in _KINDS if len(word) > (4 if word.isascii() else 1) or word == "pwd"}
"""What a name may end with in one word: `dbpassword`."""
_PLURALS = {"passwords": "password", "secrets": "secret", "tokens": "token", "apikeys": "apikey", "passes": "pass"}


@lru_cache(maxsize=4096)
def words(name: bytes) -> tuple[str, ...]:
    """Split a name into its words, in lower case and without accents."""
    return tuple(_PLURALS.get(word, word) for word in (found.lower() for found in _WORD.findall(plain(name))))


@lru_cache(maxsize=4096)
def promise(name: bytes) -> Promise | None:
    """Give what a name promises; None: it is no name of a secret."""
    some = words(name)
    best: Promise | None = None
    for at in range(len(some) - 1, -1, -1):
        kernel = _kernel(some[at], some[at - 1] if at else "")
        if kernel is not None:
            kind, size = kernel
            stands = NOT_BEHIND.isdisjoint(some[: at + 1 - size]) and NOT_BEFORE.isdisjoint(some[at + 1 :])
            if not stands:
                return None
            best = kind if best is None else max(best, kind)
            if kind is not Promise.SOME_KEY:
                break
    return best


def is_just_a_password(name: bytes) -> bool:
    """Tell whether a name ends with the word for a password, or with that and a number or an environment's name."""
    some = list(words(name))
    while some and (some[-1].isdigit() or some[-1] in QUALIFIERS):
        some.pop()
    return (
        bool(some)
        and promise(name) is Promise.PASSWORD
        and (
            promise(some[-1].encode()) is Promise.PASSWORD
            or some[-2:] in (["pass", "word"], ["pass", "phrase"])
            or (len(some) > 1 and _kernel(some[-1], some[-2]) == (Promise.PASSWORD, 1))
        )
    )


def is_about_a_secret(name: bytes) -> bool:
    """Tell of a name that promises nothing whether it is one of something about a secret, as `password_field` is."""
    return any(promise(word.encode()) is not None for word in words(name))


def _kernel(word: str, before: str) -> tuple[Promise, int] | None:
    """Give what a word promises, with the one before it, and how many of the two say so."""
    if word in {"key", "keys"}:
        return _key(before)
    if word == "code":
        return (Promise.KEY, 2) if before in CODE_OF else None
    if word in {"word", "phrase"}:
        return (Promise.PASSWORD, 2) if before == "pass" else None
    if word == "string":
        return (Promise.SECRET, 2) if before in {"connection", "conn"} else None
    kind = _KIND_OF.get(word)
    if kind is None:
        kind = next((kind for ending, kind in _ENDINGS.items() if word.endswith(ending)), None)
    if kind is None and word.endswith("pass") and word[:-4] in PASS_OF:
        kind = Promise.PASSWORD
    return None if kind is None else (kind, 1)


def _key(before: str) -> tuple[Promise, int] | None:
    if before in PUBLIC_KEY_OF:
        return None
    if before in SECRET_KEY_OF:
        return Promise.SECRET, 2
    return (Promise.KEY, 2) if before in ACCESS_KEY_OF else (Promise.SOME_KEY, 1)
