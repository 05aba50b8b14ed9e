"""JSON's grammar (RFC 8259) as expressions that never backtrack: one match per member or element."""

from __future__ import annotations

import re

_BACKSLASH = 0x5C
_WS = rb"[ \t\n\r]*+"
_ESCAPE = (
    rb'\\(?:["\\/bfnrt]|u(?:[0-9abcefABCEF][0-9a-fA-F]{3}'
    rb"|[dD](?:[0-7][0-9a-fA-F]{2}|[89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})))"
)
STRING = rb'[^"\\\x00-\x1f]*+(?:' + _ESCAPE + rb'[^"\\\x00-\x1f]*+)*+'
"""The inside of a string literal, without lone surrogates."""
_SHORT = rb'[^"\\\x00-\x1f]{0,256}+(?:' + _ESCAPE + rb'[^"\\\x00-\x1f]{0,128}+){0,12}+'
"""The same, while it is read faster here than than by `closing_quote` and a foreign parser."""
_SCALAR = rb"(?:true|false|null|-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+)"
_VALUE = rb'(?:"(' + _SHORT + rb')"|([{\["])|' + _SCALAR + rb")" + _WS + rb"([,}\]]?)"
# Groups of both: 1 the key, 2 the string, 3 an opening bracket, 4 the comma or closing bracket that follows. Of a
# string that is long, or broken, only the opening quote is matched, as group 3.
MEMBER = re.compile(_WS + rb'"(' + STRING + rb')"' + _WS + b":" + _WS + _VALUE)
ELEMENT = re.compile(_WS + b"()" + _VALUE)
# Runs of elements or members that need no look one by one, each with its comma: for bodies of very many small values.
_FLAT = rb'(?:"' + _SHORT + rb'"|' + _SCALAR + rb"|\[" + _WS + rb"\]|\{" + _WS + rb"\})" + _WS
_FLAT_MEMBER = rb'"' + STRING + rb'"' + _WS + b":" + _WS + _FLAT
_FLAT_OBJECT = rb"\{" + _WS + _FLAT_MEMBER + b"(?:," + _WS + _FLAT_MEMBER + rb")*+\}" + _WS
BLANKS = re.compile(rb"(?:" + _WS + rb"(?:" + _SCALAR + rb"|\[" + _WS + rb"\]|\{" + _WS + rb"\})" + _WS + rb",)++")
ELEMENTS = re.compile(rb"(?:" + _WS + rb"(?:" + _FLAT + rb"|" + _FLAT_OBJECT + rb"),)++")
MEMBERS = re.compile(rb"(?:" + _WS + _FLAT_MEMBER + rb",)++")
CLOSED = re.compile(_WS + rb"([,}\]]?)")
_CLOSING = re.compile(rb'[^"]*+"(?:(?:(?<=[^\\]\\")|(?<=[^\\]\\\\\\"))[^"]*+")*+')
"""Up to the next quote that is escaped by neither one backslash nor three."""
_UNESCAPED = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


def closing_quote(raw: bytes, start: int) -> int:
    """Give where the string literal ends whose inside begins at `start`, -1 if it does not. Its inside is not judged.

    Many times faster than reading every escape in it.
    """
    match = _CLOSING.match(raw, start)
    if match is None:
        return -1
    end = match.end() - 1
    inside = raw[start:end] if raw[end - 1] == _BACKSLASH else b""
    if (len(inside) - len(inside.rstrip(b"\\"))) % 2:
        match = _UNESCAPED.match(raw, end + 1)
        return -1 if match is None else match.end() - 1
    return end
