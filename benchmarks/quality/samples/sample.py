"""A text in which the places of its secrets are known: written with marks, which are taken out and become spans."""

from __future__ import annotations

import re
from typing import NamedTuple

OPEN, CLOSE = "\ue000", "\ue001"
"""Around what must be found; private-use characters, which pass through JSON and templates as they are."""
ALSO_OPEN, ALSO_CLOSE = "\ue002", "\ue003"
"""Around what may be found, and counts neither way: a key's id beside the key."""
_MARKS = re.compile(f"[{OPEN}-{ALSO_CLOSE}]")

Span = tuple[int, int]


class Sample(NamedTuple):
    """One text. `spans` are in characters; all of them together are the one secret. A clean text has none."""

    kind: str
    family: str
    name: str
    suffix: str
    text: str
    spans: tuple[Span, ...]
    allowed: tuple[Span, ...]
    wrapper: str = ""
    """What was put around the file, if anything."""


def secret(value: str) -> str:
    """Mark a secret, each of its lines on its own, so that what a wrapper puts before a line stays outside.

    Of a value that has a part in `«»`, as a webhook's URL, that part is the secret, and the rest may be found too.
    """
    head, within, rest = value.partition("«")
    if within:
        inside, _, tail = rest.partition("»")
        return companion(head) + secret(inside) + companion(tail)
    return "\n".join(OPEN + line + CLOSE if line.strip() else line for line in value.split("\n"))


def companion(value: str) -> str:
    return ALSO_OPEN + value + ALSO_CLOSE if value else ""


def sample(kind: str, family: str, name: str, suffix: str, marked: str) -> Sample:
    parts: list[str] = []
    spans: list[Span] = []
    allowed: list[Span] = []
    at, last, opened = 0, 0, 0
    for mark in _MARKS.finditer(marked):
        part = marked[last : mark.start()]
        parts.append(part)
        at += len(part)
        last = mark.end()
        if mark[0] in (OPEN, ALSO_OPEN):
            opened = at
        else:
            (spans if mark[0] == CLOSE else allowed).append((opened, at))
    parts.append(marked[last:])
    return Sample(kind, family, name, suffix, "".join(parts), tuple(spans), tuple(allowed))
