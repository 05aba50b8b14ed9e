"""Names as code and configuration spell them: one phrase of words in every manner of writing."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.quality.values.draw import Draw

_PREFIXES = (
    "",
    "",
    "",
    "",
    "prod",
    "my",
    "app",
    "default",
    "test",
    "dev",
    "staging",
    "the",
    "next public",
    "vite",
    "old",
    "new",
)
_SUFFIXES = ("", "", "", "", "", "value", "prod", "dev", "1", "2", "staging", "eu", "str")


def spellings(phrase: str) -> Mapping[str, str]:
    """The phrase in every manner; a template takes the one that its language uses."""
    words = phrase.split()
    title = [word[:1].upper() + word[1:] for word in words]
    camel = words[0] + "".join(title[1:])
    return {
        "snake": "_".join(words),
        "UPPER": "_".join(words).upper(),
        "camel": camel,
        "Pascal": "".join(title),
        "kebab": "-".join(words),
        "dotted": ".".join(words),
        "Header": "-".join(title),
        "Title": " ".join(title),
        "phrase": phrase,
        "flat": "".join(words),
    }


def decorated(phrase: str, draw: Draw) -> str:
    """The phrase with a word before or behind it, as often as names have one."""
    prefix, suffix = draw.pick(_PREFIXES), draw.pick(_SUFFIXES)
    return " ".join(part for part in (prefix, phrase, suffix) if part)


NEUTRAL = (
    "value",
    "key",
    "data",
    "item",
    "setting",
    "config value",
    "param",
    "arg",
    "entry",
    "id",
    "cred",
    "login",
    "auth",
)
"""Names that say nothing of whose the token is."""
