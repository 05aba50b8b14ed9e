"""Exact values by the thousand: a company's live secrets and code names, plain, in base64 and percent-encoded.

Compiled for the engine at every start and never written to a disk. What can be asked of it is what `Literals` answers.
"""

from __future__ import annotations

import base64
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from maskproxy.masking.actions import Action
from maskproxy.masking.engine import Database
from maskproxy.masking.literals import Literals, plain_part

SHORTEST_VALUE = 4
LONGEST_VALUE = 1024
MOST_VALUES = 20_000
_SHORTEST_ENCODED = 8
"""Shorter pieces of base64 stand in random text by chance."""
_GATE = 4
_PLAIN = 3
"""A value of which no encoder leaves so many bytes in a row alone makes every JSON body one that may hold it."""


class Dictionary:
    """(rule id, value) pairs; of equal values the first one's rule counts. Immutable; shared by threads."""

    __slots__ = ("_begun", "_ends", "_everywhere", "_found", "_ids", "_plain", "_values", "longest", "shortest")

    def __init__(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Raises ValueError for a value that is too short or too long, or for too many."""
        known: dict[bytes, str] = {}
        for count, (rule_id, value) in enumerate(entries, 1):
            if not SHORTEST_VALUE <= len(value) <= LONGEST_VALUE or count > MOST_VALUES:
                raise ValueError("a dictionary's values are bounded in length and number")
            for form in forms_of(value):
                known.setdefault(form, rule_id)
        self._values = sorted(known)
        self._ids = [known[value] for value in self._values]
        self.shortest = min(map(len, self._values), default=1 << 30)
        self.longest = max(map(len, self._values), default=0)
        self._begun = frozenset(value[:_GATE] for value in self._values)
        self._ends = frozenset(value[:length] for value in self._values for length in range(1, _GATE))
        parts = {plain_part(value) for value in self._values}
        self._everywhere = any(len(part) < _PLAIN for part in parts)
        self._found = _compiled(self._values)
        self._plain = None if self._everywhere else _compiled(sorted(parts))

    def __bool__(self) -> bool:
        return bool(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def rule_id(self, number: int) -> str:
        return self._ids[number]

    def spans(self, text: bytes) -> list[tuple[int, int, int]]:
        """Give number, start and end of every occurrence."""
        if self._found is None or len(text) < self.shortest:
            return []
        return [(number, end - len(self._values[number]), end) for number, end in set(self._found.hits(text))]

    def alive(self, text: bytes) -> int:
        """Give where the longest end of text begins that is the beginning of a value, not the whole."""
        size = len(text)
        begun = self._begun
        for at in range(max(0, size - self.longest + 1), size - _GATE + 1):
            if text[at : at + _GATE] in begun and self._goes_on(text[at:]):
                return at
        for end in (text[-3:], text[-2:], text[-1:]):
            if end in self._ends:
                return size - len(end)
        return size

    def may_be_in(self, raw: bytes) -> bool:
        """Tell whether raw JSON may hold a value in a string, escaped or not (gratuitous escapes aside)."""
        return self._everywhere or (self._plain is not None and self._plain.any(raw))

    def _goes_on(self, begun: bytes) -> bool:
        """Tell whether a value begins so and is longer. Behind `begun` in order, such come first."""
        at = bisect_right(self._values, begun)
        return at < len(self._values) and self._values[at].startswith(begun)


class Dictionaries(NamedTuple):
    """What is looked for in what goes on, what in what is recorded, and the actions that are not to mask, by rule."""

    forward: Dictionary
    record: Dictionary
    actions: Mapping[str, Action]


class ExactValues:
    """An exchange's own literals and a dictionary in one; own ones have the lower numbers."""

    __slots__ = ("_more", "_split", "longest", "own", "shortest")

    def __init__(self, own: Literals, more: Dictionary) -> None:
        self.own = own
        self._more = more
        self._split = len(own.pairs())
        self.shortest = min(own.shortest, more.shortest)
        self.longest = max(own.longest, more.longest)

    def __bool__(self) -> bool:
        return bool(self.own) or bool(self._more)

    def knowing(self, secrets: Sequence[tuple[str, bytes]]) -> ExactValues:
        """Give the same with further literals."""
        return ExactValues(self.own.knowing(secrets), self._more)

    def rule_id(self, number: int) -> str:
        return self.own.rule_id(number) if number < self._split else self._more.rule_id(number - self._split)

    def spans(self, text: bytes) -> list[tuple[int, int, int]]:
        more = self._more.spans(text)
        return self.own.spans(text) + [(number + self._split, start, end) for number, start, end in more]

    def alive(self, text: bytes) -> int:
        return min(self.own.alive(text), self._more.alive(text))

    def may_be_in(self, raw: bytes) -> bool:
        return self.own.may_be_in(raw) or self._more.may_be_in(raw)


def forms_of(value: bytes) -> set[bytes]:
    """Give the value as it may turn up: plain, percent-encoded, and what it makes of base64 at each alignment."""
    forms = {value}
    for safe in ("", "/"):
        escaped = quote(value, safe=safe)
        forms |= {escaped.encode(), _lower_escapes(escaped).encode()}
    for shift in range(3):
        # The characters of which every bit is the value's, whatever stands before and behind.
        first, last = -(-8 * shift // 6), (8 * shift + 8 * len(value)) // 6
        encoded = base64.b64encode(b"\0" * shift + value)[first:last]
        if len(encoded) >= _SHORTEST_ENCODED:
            forms |= {encoded, encoded.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def _lower_escapes(escaped: str) -> str:
    head, *rest = escaped.split("%")
    return head + "".join("%" + part[:2].lower() + part[2:] for part in rest)


def _compiled(values: Sequence[bytes]) -> Database | None:
    if not values:
        return None
    return Database.compile(["".join(f"\\x{byte:02x}" for byte in value) for value in values])


_EMPTY = Dictionary(())
NO_DICTIONARIES = Dictionaries(_EMPTY, _EMPTY, {})
