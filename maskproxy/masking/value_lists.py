r"""Lists of exact values: one a line, or the secrets of an .env file.

Of an .env file a value counts when its name means a secret, or when nobody would write it by chance:
`NODE_ENV=production` must not take every "production" out of a conversation. Passwords inside of URLs are values of
their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple
from urllib.parse import unquote_to_bytes

from maskproxy.masking.checks import is_identifier, is_stand_in
from maskproxy.masking.dictionary import LONGEST_VALUE, SHORTEST_VALUE

ListFormat = Literal["lines", "env"]

_SHORTEST_NAMELESS = 8
_ASSIGNMENT = re.compile(
    rb"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*=[ \t]*
    (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<bare>[^\n]*?)(?:[ \t]+\#[^\n]*)?[ \t\r]*$)""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_SECRET_NAME = re.compile(rb"(?i)pass|pwd|secret|token|key|cred|auth|salt|private|signature|webhook|dsn|pin\b|otp")
_PLAIN = re.compile(
    rb"(?i)[\d.,:+-]+|true|false|yes|no|on|off|null|none|https?://[^@\s]*|(?:[\w.-]+@)?(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?|"
    rb"[~.]{0,2}(?:/[\w. -]*)+|\d+[smhdkmgt]i?b?|[\w/.-]+:[\w.-]+|[a-z]{2}[-_][a-z]{2,}(?:[-_.][\w-]+)*"
)
_USERINFO = re.compile(rb"://[^\s/@:]*:(?P<password>[^\s/@]+)@")


class Values(NamedTuple):
    taken: list[bytes]
    left_out: int
    """Too short, too long, or (in an .env file) nothing that only its owner would write."""


def values(text: bytes, form: ListFormat) -> Values:
    """Read a list. In one of lines, blank ones and those that begin with `# ` are none."""
    found = list(_lines(text) if form == "lines" else _environment(text))
    taken = dict.fromkeys(value for value in found if SHORTEST_VALUE <= len(value) <= LONGEST_VALUE)
    return Values(list(taken), len(set(found)) - len(taken))


def _lines(text: bytes) -> Iterator[bytes]:
    for line in text.splitlines():
        value = line.strip()
        if value and not value.startswith(b"# ") and value != b"#":
            yield value


def _environment(text: bytes) -> Iterator[bytes]:
    for match in _ASSIGNMENT.finditer(text):
        value = _value(match)
        yield value if _counts(match["name"], value) else b""
        for inside in _USERINFO.finditer(value):
            yield inside["password"]
            yield unquote_to_bytes(inside["password"])


def _value(match: re.Match[bytes]) -> bytes:
    if match["double"] is not None:
        return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), match["double"])
    return match["single"] if match["single"] is not None else match["bare"]


def _counts(name: bytes, value: bytes) -> bool:
    if not value or value.startswith(b"$") or is_stand_in(value) or _PLAIN.fullmatch(value):
        return False
    return bool(_SECRET_NAME.search(name)) or (len(value) >= _SHORTEST_NAMELESS and not is_identifier(value))
