"""Spans that pass for one person all the same, since what the rules found there is no secret.

A text is known by its fingerprint: an HMAC of it under a key of its person's, so that it is the same in every session,
whatever rule finds the text, and says nothing without the key. It passes where it is a span from end to end; inside of
another span it is masked with it. How easily it passes is up to the rules that had a part in the span.

The company's fingerprint of a text is the same for everybody: one key that leaked twice is one case.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from enum import IntEnum
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple, Self

from maskproxy.masking.gutters import Gutters

LIMIT_BYTES = 4096
"""Of a longer span not so much is kept that it could be written as it was."""
MOST_NOTED = 10_000

_PRINT_BYTES = 16


class Lift(IntEnum):
    """What it takes to lift a span. Of several rules, the greatest counts."""

    AT_ONCE = 0
    APPROVAL = 1
    NEVER = 2
    TOO_LONG = 3
    """Nor can this one be."""


LIFTS: Mapping[str, Lift] = MappingProxyType({"at_once": Lift.AT_ONCE, "approval": Lift.APPROVAL})
"""What a rule's file may say."""


class PrintKey:
    """The key that all nodes share."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, person: str) -> bytes:
        """Give the key of one person's fingerprints, whatever session they are in."""
        return hmac.digest(self._key, b"maskproxy lifting 1\0" + person.encode(), "sha256")


class CompanyPrints:
    """Makes fingerprints that are the same whoever has the text, for as long as the nodes share their key."""

    __slots__ = ("_hash",)

    def __init__(self, key: bytes) -> None:
        self._hash = hmac.new(hmac.digest(key, b"maskproxy company fingerprint 1", "sha256"), digestmod=sha256)

    def begin(self) -> hmac.HMAC:
        return self._hash.copy()


class Noted(NamedTuple):
    """What is known of a span that was found: its fingerprint, and what it takes to lift it."""

    fingerprint: bytes
    lift: Lift


class Lifting:
    """What is lifted in one exchange, and what was found in it. One thread at a time."""

    __slots__ = ("_company", "_key", "_lifts", "_other", "granted", "noted", "passed", "prints")

    def __init__(
        self,
        key: bytes,
        lifts: Mapping[str, Lift],
        granted: Mapping[bytes, Lift] = MappingProxyType({}),
        *,
        other: Lift = Lift.APPROVAL,
    ) -> None:
        """`lifts` tells of rules what it takes, `other` of those that it does not name. `granted`: by fingerprint."""
        self._key = hmac.new(key, digestmod=sha256)
        self._lifts = lifts
        self._other = other
        self.granted = granted
        self.noted: dict[str, Noted] = {}
        """By placeholder, of not too many."""
        self.passed: set[str] = set()
        """The placeholders of spans that are lifted."""
        self._company: CompanyPrints | None = None
        self.prints: dict[str, str] = {}
        """The company's fingerprints, by placeholder, of not too many."""

    def printing(self, company: CompanyPrints) -> Self:
        """Make the company's fingerprints too."""
        self._company = company
        return self

    def begin(self) -> OpenSpan:
        company = None if self._company is None else self._company.begin()
        return OpenSpan(self._key.copy(), company)

    def takes(self, rule: str, *, encoded: bool) -> Lift:
        """Tell what a rule's part in a span takes. Of what is encoded, only one rule that found something is known."""
        lift = self._lifts.get(rule, self._other)
        return max(lift, Lift.APPROVAL) if encoded else lift

    def end(self, span: OpenSpan, placeholder: str) -> bytes | None:
        """Note a span that is there whole; give its text if it is lifted."""
        fingerprint, text = span.finish()
        lift = Lift.TOO_LONG if text is None and span.lift < Lift.NEVER else span.lift
        if lift >= Lift.NEVER or self.granted.get(fingerprint, -1) < lift:
            text = None
        else:
            self.passed.add(placeholder)
        if span.company is not None and len(self.prints) < MOST_NOTED:
            self.prints[placeholder] = span.company.digest()[:_PRINT_BYTES].hex()
        if len(self.noted) < MOST_NOTED:
            self.noted[placeholder] = Noted(fingerprint, max(lift, self.noted.get(placeholder, _NOTHING).lift))
        return text


_NOTHING = Noted(b"", Lift.AT_ONCE)


class OpenSpan:
    """A span that is being read. Its beginning is kept for as long as it could be lifted."""

    __slots__ = ("_gutters", "_hash", "_kept", "_size", "company", "lift")

    def __init__(self, fingerprint: hmac.HMAC, company: hmac.HMAC | None = None) -> None:
        self._hash = fingerprint
        self.company = company
        self._gutters = Gutters()
        self._kept: list[bytes] = []
        self._size = 0
        self.lift = Lift.AT_ONCE

    def add(self, piece: bytes) -> None:
        self._update(self._gutters.feed(piece))
        self._size += len(piece)
        if self._size <= LIMIT_BYTES:
            self._kept.append(piece)
        else:
            self._kept.clear()

    def finish(self) -> tuple[bytes, bytes | None]:
        """Give the fingerprint, and the text unless it was too long to be kept."""
        self._update(self._gutters.finish())
        text = b"".join(self._kept) if self._size <= LIMIT_BYTES else None
        return self._hash.digest()[:_PRINT_BYTES], text

    def _update(self, text: bytes) -> None:
        self._hash.update(text)
        if self.company is not None:
            self.company.update(text)
