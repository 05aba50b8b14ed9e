"""Secrets that one exchange knows byte for byte: the caller's token in its spellings, the service's credential."""

from __future__ import annotations

import re
from collections.abc import Sequence

SHORTEST = 6
_GATE = 4
_SHORT = 512
"""A pattern is quicker than one search for each literal, up to here."""
_KNOWN_LENGTH = 12
_KNOWN_LIMIT = 512
_ESCAPABLE = frozenset(b"\"\\/<>&='+`")


class Literals:
    """Finds exact byte strings, overlapping ones too, and how much of a text's end may still become one."""

    __slots__ = ("_begun", "_ends", "_gates", "_ids", "_known", "_lasts", "_plain", "_values", "longest", "shortest")

    def __init__(self, literals: Sequence[tuple[str, bytes]]) -> None:
        if any(len(value) < SHORTEST for _, value in literals):
            raise ValueError(f"a literal secret needs at least {SHORTEST} bytes")
        unique = sorted({value: rule_id for rule_id, value in reversed(literals)}.items())
        self._values = [value for value, _ in unique]
        self._ids = [rule_id for _, rule_id in unique]
        self.shortest = min((len(value) for value in self._values), default=1 << 30)
        self.longest = max((len(value) for value in self._values), default=0)
        self._gates = tuple({value[:_GATE] for value in self._values})
        self._ends = frozenset(value[:length] for value in self._values for length in range(1, _GATE))
        self._lasts = frozenset(end[-1:] for end in self._ends)
        self._plain = [plain_part(value) for value in self._values]
        self._known: dict[bytes, int] = {}
        """Short texts, as deltas are, and how much of them is alive."""
        self._begun = re.compile(b"|".join(re.escape(gate) for gate in self._gates))

    def _holds_none(self, text: bytes) -> bool:
        """Tell of a short text, which most are, that no literal stands in it or begins in it with all of its gate."""
        return len(text) <= _SHORT and self._begun.search(text) is None

    def __bool__(self) -> bool:
        return bool(self._values)

    @property
    def own(self) -> Literals:
        """An exchange's own literals: these."""
        return self

    def knowing(self, secrets: Sequence[tuple[str, bytes]]) -> Literals:
        """Give the same with further ones."""
        return Literals([*self.pairs(), *secrets])

    def pairs(self) -> list[tuple[str, bytes]]:
        """Give (rule id, exact bytes) of each, as they were handed in."""
        return list(zip(self._ids, self._values, strict=True))

    def rule_id(self, number: int) -> str:
        return self._ids[number]

    def spans(self, text: bytes) -> list[tuple[int, int, int]]:
        """Give number, start and end of every occurrence."""
        if len(text) < self.shortest or self._holds_none(text):
            return []
        found = []
        for number, value in enumerate(self._values):
            at = text.find(value)
            while at >= 0:
                found.append((number, at, at + len(value)))
                at = text.find(value, at + 1)
        return found

    def alive(self, text: bytes) -> int:
        """Give where the longest end of text begins that is the beginning of a literal, not the whole."""
        known = self._known.get(text) if len(text) <= _KNOWN_LENGTH else None
        if known is not None:
            return known
        alive = self._alive(text)
        if len(text) <= _KNOWN_LENGTH:
            if len(self._known) >= _KNOWN_LIMIT:
                self._known.clear()
            self._known[text] = alive
        return alive

    def _alive(self, text: bytes) -> int:
        size = len(text)
        if size <= _SHORT:
            begun = self._begun.search(text) is not None
            if not begun and text[-1:] not in self._lasts:
                return size
        else:
            begun = any(gate in text for gate in self._gates)
        if begun:
            alive = self._alive_beyond_gate(text)
            if alive < size:
                return alive
        for end in (text[-3:], text[-2:], text[-1:]):
            if end in self._ends:
                return size - len(end)
        return size

    def _alive_beyond_gate(self, text: bytes) -> int:
        size = alive = len(text)
        for value in self._values:
            at = text.find(value[:_GATE], max(0, size - len(value) + 1))
            while 0 <= at < alive:
                if value.startswith(text[at:]):
                    alive = at
                    break
                at = text.find(value[:_GATE], at + 1)
        return alive

    def may_be_in(self, raw: bytes) -> bool:
        """Tell whether raw JSON may hold a literal in a string, escaped or not (gratuitous escapes aside)."""
        return any(part in raw for part in self._plain)


def plain_part(value: bytes) -> bytes:
    """Give the longest part that no encoder escapes; empty, which is in everything, when all of it may be."""
    parts, part = [b""], bytearray()
    for byte in value:
        if byte in _ESCAPABLE or not 0x20 <= byte < 0x7F:
            parts.append(bytes(part))
            part.clear()
        else:
            part.append(byte)
    parts.append(bytes(part))
    return max(parts, key=len)
