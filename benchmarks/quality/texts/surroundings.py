"""Texts around a value: files of many languages, put together from templates, and what may be wrapped around them.

In a template `<<S>>` is the value as it is, `<<Sd>>` and `<<Ss>>` as in double and single quotes, `<<Sx>>` as in XML,
`<<Su>>` percent-encoded; `<<snake>>`, `<<camel>>` and the like are spellings of its name; `<<w>>`, `<<w2>>` are words,
`<<W>>` one with a capital, `<<n>>` a number, `<<host>>` a host, `<<id>>` hexadecimal digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

from benchmarks.quality.values.draw import Draw
from benchmarks.quality.values.names import spellings

_FIELD = re.compile(r"<<([A-Za-z]+)(\d?)>>")
_PLAIN = re.compile(r"(?![#&*!@%?|])[A-Za-z0-9_\-./+=~:@!%^*?|#$&]+")

Mark = Callable[[str], str]


class Language(NamedTuple):
    """`cores` hold the value; `filler` is ordinary text of that language, any of it before or after a core."""

    name: str
    suffix: str
    cores: tuple[str, ...]
    filler: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()
    """Cores in which nothing tells what the value is."""


def file(language: Language, core: str, phrase: str, value: str, mark: Mark, draw: Draw) -> str:
    """A file of this language with the core in it, and a few blocks of filler around."""
    blocks = [fill(core, phrase, value, mark, draw)]
    for at in range(draw.between(1, 4) if language.filler else 0):
        block = fill(draw.pick(language.filler), phrase, value, mark, draw)
        blocks.insert(0 if at % 2 == 0 else len(blocks), block)
    return "\n".join(blocks) + "\n"


def fits(core: str, value: str) -> bool:
    """Tell whether the value may stand there unquoted, if that is where it stands."""
    return "<<S>>" not in core or _PLAIN.fullmatch(re.sub("[«»]", "", value)) is not None


def fill(template: str, phrase: str, value: str, mark: Mark, draw: Draw) -> str:
    spelt = spellings(phrase)
    drawn: dict[str, str] = {}

    def field(match: re.Match[str]) -> str:
        name = match[1]
        if name in spelt:
            return spelt[name]
        if name in _VALUES:
            return mark(_VALUES[name](value))
        if not match[2]:
            return _DRAWN[name](draw)
        return drawn.setdefault(match[0], _DRAWN[name](draw))

    return _FIELD.sub(field, template)


_VALUES: dict[str, Callable[[str], str]] = {
    "S": lambda value: value,
    "Sd": lambda value: value.replace("\\", "\\\\").replace('"', '\\"'),
    "Ss": lambda value: value.replace("\\", "\\\\").replace("'", "\\'"),
    "Sx": lambda value: escape(value, {'"': "&quot;"}),
    "Su": lambda value: quote(value, safe="«»"),
}
_DRAWN: dict[str, Callable[[Draw], str]] = {
    "w": lambda draw: draw.word(),
    "W": lambda draw: draw.word().capitalize(),
    "n": lambda draw: str(draw.between(1, 9999)),
    "id": lambda draw: draw.of("hex", 8),
    "host": lambda draw: f"{draw.word()}.{draw.pick(('internal', 'example.org', 'svc.cluster.local', 'corp.example'))}",
}
