"""JSON's grammar (RFC 8259) as expressions that never backtrack: one match per member or element."""

from __future__ import annotations

import re

_WS = rb"[ \t\n\r]*+"
STRING = rb'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
"""The inside of a string literal."""
_SCALAR = rb"(?:true|false|null|-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+)"
_VALUE = rb'(?:"(' + STRING + rb')"|([{\[])|' + _SCALAR + rb")" + _WS + rb"([,}\]]?)"
# Groups of both: 1 the key, 2 the string, 3 an opening bracket, 4 the comma or closing bracket that follows.
MEMBER = re.compile(_WS + rb'"(' + STRING + rb')"' + _WS + b":" + _WS + _VALUE)
ELEMENT = re.compile(_WS + b"()" + _VALUE)
# Runs of elements or members that need no look one by one, each with its comma: for bodies of very many small values.
_FLAT = rb'(?:"' + STRING + rb'"|' + _SCALAR + rb"|\[" + _WS + rb"\]|\{" + _WS + rb"\})" + _WS
_FLAT_MEMBER = rb'"' + STRING + rb'"' + _WS + b":" + _WS + _FLAT
_FLAT_OBJECT = rb"\{" + _WS + _FLAT_MEMBER + b"(?:," + _WS + _FLAT_MEMBER + rb")*+\}" + _WS
BLANKS = re.compile(rb"(?:" + _WS + rb"(?:" + _SCALAR + rb"|\[" + _WS + rb"\]|\{" + _WS + rb"\})" + _WS + rb",)++")
ELEMENTS = re.compile(rb"(?:" + _WS + rb"(?:" + _FLAT + rb"|" + _FLAT_OBJECT + rb"),)++")
MEMBERS = re.compile(rb"(?:" + _WS + _FLAT_MEMBER + rb",)++")
CLOSED = re.compile(_WS + rb"([,}\]]?)")
