r"""Source code as tokens and the lines they stand in, whatever the language.

What people and tools change without changing the code is left out: blanks and indentation, line numbers that a tool
puts in front, marks of a diff or a quotation, comments (`#`, `//`, `/* */`, and `--` or a documentation string at a
line's beginning), quotes, commas, semicolons. Where another language means something else by such a sign (`//` in
Python), a little of the code goes with it, on both sides alike.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MARKS = rb"[ \t\r>|+*-]*"
_NUMBER = rb"[0-9]{1,7}(?:\t|\xe2\x86\x92|:(?=[ \t])|[ \t]?\|)"
_LINE_START = rb"\n(?:[ \t\r]*--[^\n]*|(?:" + _MARKS + _NUMBER + rb")*" + _MARKS + rb")"
_TOKEN = re.compile(_LINE_START + rb"|(?://|#)[^\n]*|[0-9A-Za-z_\x80-\xff]+|[{}()\[\]<>=+\-*/%&|^!~?:.@$]")
_OPENING = re.compile(rb"(?<![\w.*/\"'])(?P<comment>/\*)|\n[^\nA-Za-z\"'(]{0,40}[A-Za-z]{0,2}(?P<text>\"\"\"|''')")
_LONGEST_COMMENT_BYTES = 20_000
_NEWLINE, _SLASH, _HASH = b"\n/#"


class Tokens(NamedTuple):
    words: list[bytes]
    lines: list[int]
    """For each of them its line, counted from 1."""


def tokens(text: bytes) -> Tokens:
    words: list[bytes] = []
    lines: list[int] = []
    line = 0
    for token in _TOKEN.findall(_without_comments(b"\n" + text)):
        first = token[0]
        if first == _NEWLINE:
            line += 1
        elif first != _HASH and (first != _SLASH or len(token) == 1):
            words.append(token)
            lines.append(line)
    return Tokens(words, lines)


def _without_comments(text: bytes) -> bytes:
    """Take out comments over several lines and documentation strings, but for their line ends.

    One that is not closed within `_LONGEST_COMMENT_BYTES` is none: it may be a pattern of file names.
    """
    kept = []
    done = at = 0
    while opening := _OPENING.search(text, at):
        which = "comment" if opening["comment"] else "text"
        begin, behind = opening.span(which)
        closing = b"*/" if which == "comment" else opening[which]
        end = text.find(closing, behind, behind + _LONGEST_COMMENT_BYTES)
        if end < 0:
            at = behind
            continue
        at = end + len(closing)
        kept += [text[done:begin], b"\n" * text.count(b"\n", begin, end)]
        done = at
    return b"".join([*kept, text[done:]]) if kept else text
