"""What masking JSON means, said slowly: character by character, with no code of `bodies`.

Strings are read unit by unit (a character, or an escape that stands for one), masked as `key: text`, and written again
only where something was found. All else is copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Find = Callable[[bytes], list[tuple[int, int, str]]]
"""Where secrets stand in a text (bytes), and what goes there."""

_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SCALAR = re.compile(r"[^\s,\]}]+")


def mask(raw: str, find: Find) -> str:
    """Mask a document that is known to be JSON."""
    return _Reader(raw, find).document()


class _Reader:
    def __init__(self, raw: str, find: Find) -> None:
        self._raw = raw
        self._find = find
        self._at = 0
        self._made: list[str] = []

    def document(self) -> str:
        self._value("")
        self._space()
        assert self._at == len(self._raw)
        return "".join(self._made)

    def _space(self) -> None:
        while self._raw[self._at : self._at + 1] in (" ", "\t", "\r", "\n") and self._at < len(self._raw):
            self._copy(1)

    def _copy(self, size: int) -> None:
        self._made.append(self._raw[self._at : self._at + size])
        self._at += size

    def _value(self, key: str) -> None:
        self._space()
        match self._raw[self._at]:
            case '"':
                self._string(key)
            case "{" | "[" as bracket:
                self._copy(1)
                self._space()
                while self._raw[self._at] not in "}]":
                    if bracket == "{":
                        name = self._string("")
                        self._space()
                        self._copy(1)
                        self._value(name)
                    else:
                        self._value(key)
                    self._space()
                    if self._raw[self._at] == ",":
                        self._copy(1)
                        self._space()
                self._copy(1)
            case _:
                scalar = _SCALAR.match(self._raw, self._at)
                assert scalar is not None
                self._copy(len(scalar[0]))

    def _string(self, key: str) -> str:
        """Mask one string seen under `key`; give what it says."""
        units = self._units()
        text = "".join(said for said, _ in units)
        view = f"{key}: ".encode() if key else b""
        found = [(s - len(view), e - len(view), name) for s, e, name in self._find(view + text.encode())]
        self._made.append('"')
        at = 0
        for said, spelled in units:
            inside = next((span for span in found if span[0] <= at < span[1]), None)
            if inside is None:
                self._made.append(spelled)
            elif at == max(inside[0], 0):
                self._made.append(inside[2])
            at += len(said.encode())
        self._made.append('"')
        return text

    def _units(self) -> list[tuple[str, str]]:
        """Read a string: what each unit says, and how it is spelled."""
        raw, units = self._raw, []
        self._at += 1
        while raw[self._at] != '"':
            start = self._at
            if raw[start] != "\\":
                self._at += 1
                units.append((raw[start], raw[start]))
                continue
            escape = raw[start + 1]
            self._at += 2
            said = _SHORT.get(escape, escape)
            if escape == "u":
                point = self._four_digits()
                if 0xD800 <= point < 0xDC00:
                    self._at += 2
                    point = 0x10000 + (point - 0xD800) * 0x400 + self._four_digits() - 0xDC00
                said = chr(point)
            units.append((said, raw[start : self._at]))
        self._at += 1
        return units

    def _four_digits(self) -> int:
        self._at += 4
        return int(self._raw[self._at - 4 : self._at], 16)
