"""Content made safe to print: what would steer a terminal, turn text around or hide in it is shown as an escape.

Pure. Line feeds and tabs stay. `spans` also says what is a placeholder, so that masked places can be marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

# C0 and C1 controls, marks of direction, zero-width and line separators, tag characters, lone surrogates.
_UNSAFE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
_MARKS = re.compile(f"(?P<escape>[{_UNSAFE}])|(?P<masked>MASKED_[A-Za-z0-9_]+)")
_BEGINNING = re.compile(r"(?:M|MA|MAS|MASK|MASKE|MASKED|MASKED_[A-Za-z0-9_]{0,200})\Z")

Sort = Literal["plain", "escape", "masked"]


class Span(NamedTuple):
    sort: Sort
    text: str


def escape(character: str) -> str:
    """The character as Python would write it, such as backslash, u, 202e."""
    return character.encode("ascii", "backslashreplace").decode() if character >= "\x80" else f"\\x{ord(character):02x}"


def spans(text: str) -> Iterator[Span]:
    """The text in order, every part printable as it is."""
    done = 0
    for match in _MARKS.finditer(text):
        if match.start() > done:
            yield Span("plain", text[done : match.start()])
        yield Span("escape", escape(match[0])) if match["escape"] else Span("masked", match[0])
        done = match.end()
    if done < len(text):
        yield Span("plain", text[done:])


def visible(text: str) -> str:
    return "".join(span.text for span in spans(text))


def visible_line(text: str) -> str:
    """The same for a place that has room for one line: line feeds and tabs are shown too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def held_back(text: str) -> int:
    """How many characters at the end may be the beginning of a placeholder that goes on in the next piece."""
    match = _BEGINNING.search(text)
    return len(match[0]) if match else 0
