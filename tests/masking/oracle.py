"""What masking means, said slowly and in plain Python: every substring is tried, with Python's own `re`.

Shares no code with the masker but the placeholders' HMAC and UTF-8. Rules are given as (before, secret, after), so
that no group has to be read out of a match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import _parser as sre_parse  # type: ignore[attr-defined] # 3.11 and newer: what `sre_parse` was
from types import MappingProxyType

from maskproxy.masking import Placeholders

CONTEXT = 192
"""So much of what stands before a candidate may have a say in whether it is masked."""

_OURS = re.compile(rb"MASKED_[A-Z0-9_]{1,64}_[a-z2-7]{16}_[a-z2-7]{8}")


@dataclass(frozen=True)
class OracleRule:
    id: str
    secret: str
    before: str = ""
    after: str = ""
    left: str = ""
    right: str = ""
    rank: int = 2
    holds: str = ""
    """A candidate is masked only if this is found in it."""
    allow: tuple[str, ...] = ()
    """Candidates that are not masked."""
    unless_after: str = ""
    """A candidate right before which this ends is not masked."""
    accepts: Callable[[bytes, bytes], bool] | None = None
    """What else a candidate, with what stands before it, must pass, where the others cannot say it."""
    keywords: tuple[str, ...] = ()
    """How the rule was written, if so; `before` and `right` say what it means."""


@lru_cache(maxsize=20_000)
def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode())


@lru_cache(maxsize=20_000)
def _widths(pattern: str) -> tuple[int, int]:
    """Give the shortest and the longest match, by Python's own count."""
    least, most = sre_parse.parse(pattern.encode()).getwidth()
    return int(least), int(most)


def widths(rule: OracleRule) -> tuple[int, int]:
    """Give the lengths of the shortest and the longest match, with what stands around the secret."""
    parts = [_widths(part) for part in (rule.before, rule.secret, rule.after)]
    return sum(least for least, _ in parts), sum(most for _, most in parts)


def is_core(rule: OracleRule, word: bytes) -> bool:
    """Tell whether this is a match, whatever its neighbours."""
    return _compiled(f"(?:{rule.before})(?:{rule.secret})(?:{rule.after})").fullmatch(word) is not None


def may_stand(rule: OracleRule, text: bytes, at: int) -> bool:
    """Tell whether a match may begin there, by what stands on its left."""
    return _compiled(rule.left).match(text, at) is not None


def _match_spans(rule: OracleRule, text: bytes) -> list[tuple[int, int]]:
    """Every (start, end) of a secret for which before, after and both neighbours can be found."""
    size = len(text)
    before, secret, after = (_compiled(f"(?:{part})") for part in (rule.before, rule.secret, rule.after))
    left, right = _compiled(rule.left), _compiled(rule.right)
    lefts = [s for s in range(size + 1) if left.match(text, s)]
    rights = [e for e in range(size + 1) if right.match(text, e)]
    least, most = _widths(rule.before)
    starts = [
        i for i in range(size + 1)
        if secret.match(text, i) and any(least <= i - s <= most and before.fullmatch(text, s, i) for s in lefts)
    ]  # fmt: skip
    if not starts:
        return []
    least, most = _widths(rule.after)
    ends = [j for j in range(size + 1) if any(least <= e - j <= most and after.fullmatch(text, j, e) for e in rights)]
    least, most = _widths(rule.secret)
    least = max(least, 1)
    return [(i, j) for i in starts for j in ends if least <= j - i <= most and secret.fullmatch(text, i, j)]


def _whole_characters(text: bytes, start: int, end: int) -> tuple[int, int]:
    boundaries, at = {0}, 0
    while at < len(text):
        for length in (4, 3, 2, 1):
            try:
                if len(text[at : at + length].decode()) == 1 and at + length <= len(text):
                    break
            except UnicodeDecodeError:
                continue
        else:
            length = 1
        at += length
        boundaries.add(at)
    return max(b for b in boundaries if b <= start), min(b for b in boundaries if b >= end)


def own_places(text: bytes, placeholders: Placeholders) -> list[bool]:
    """Tell of each byte whether it belongs to one of our placeholders."""
    mine = [False] * len(text)
    for start in range(len(text)):
        if not text.startswith(b"MASKED_", start):
            continue
        for end in range(start + 8, min(len(text), start + 120) + 1):
            if placeholders.verify(text[start:end]):
                mine[start:end] = [True] * (end - start)
    return mine


def _runs(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge spans that overlap; touching ones stay apart."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _passes(rule: OracleRule, text: bytes, start: int, end: int) -> bool:
    candidate, before = text[start:end], text[max(0, start - CONTEXT) : start]
    return (
        _compiled(rule.holds).search(candidate) is not None
        and candidate.decode(errors="surrogateescape") not in rule.allow
        and not (rule.unless_after and _compiled(rf"(?:{rule.unless_after})\Z").search(before))
        and (rule.accepts is None or rule.accepts(candidate, before))
        and not _is_named_by_a_placeholder(rule, before)
    )


def _is_named_by_a_placeholder(rule: OracleRule, before: bytes) -> bool:
    """Tell whether the only keywords before a secret are parts of placeholders' names."""
    if not rule.keywords or not _OURS.search(before):
        return False
    beside = _OURS.sub(b"\0", before)
    written = ("[_. -]?".join(map(re.escape, word.split(" "))) for word in rule.keywords)
    return not any(_compiled(f"(?i:{word})").search(beside) for word in written)


def spans(
    rules: Sequence[OracleRule],
    text: bytes,
    placeholders: Placeholders,
    *,
    limit: int = 4096,
    urgent: Mapping[str, int] = MappingProxyType({}),
) -> list[tuple[str, int, int]]:
    """Give (rule, start, end) of every span that is masked. An `urgent` rule that has a part in a span names it."""
    named = []
    for parts, start, end in spans_with_parts(rules, text, placeholders, limit=limit):
        named.append((max(parts, key=lambda rule: urgent.get(rule, 0)), start, end))
    return named


def spans_with_parts(
    rules: Sequence[OracleRule], text: bytes, placeholders: Placeholders, *, limit: int = 4096
) -> list[tuple[list[str], int, int]]:
    """Give the rules that have a part in every span that is masked, the one that names it first, and its place."""
    mine = own_places(text, placeholders)
    survivors: list[tuple[int, int, str, int]] = []
    for rule in rules:
        pieces = []
        for span in _match_spans(rule, text):
            start, end = _whole_characters(text, *span)
            at = start
            for index in range(start, end + 1):
                if index == end or mine[index]:
                    if index > at:
                        pieces.append((at, index))
                    at = index + 1
        survivors += [
            (start, -rule.rank, rule.id, end)
            for start, end in _runs(pieces)
            if end - start > limit or _passes(rule, text, start, end)
        ]
    found = []
    for start, end in _runs([(start, end) for start, _, _, end in survivors]):
        inside = sorted(s for s in survivors if start <= s[0] < end)
        found.append(([rule for _, _, rule, _ in inside], start, end))
    return found


def mask(rules: Sequence[OracleRule], text: bytes, placeholders: Placeholders, *, limit: int = 4096) -> bytes:
    return masked(text, spans(rules, text, placeholders, limit=limit), placeholders)


def masked(text: bytes, found: Sequence[tuple[str, int, int]], placeholders: Placeholders) -> bytes:
    """Put placeholders where spans are."""
    out, at = [], 0
    for rule, start, end in found:
        out += [text[at:start], placeholders.make(rule, text[start:end])]
        at = end
    return b"".join([*out, text[at:]])


_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def may_begin_base64(text: bytes) -> bool:
    """Tell whether fewer than twenty characters may go on as base64 of fifteen bytes of ASCII."""
    for at, character in enumerate(text.decode("latin-1").translate(str.maketrans("-_", "+/"))):
        number = _BASE64.find(character)
        if number < 0 or number & (32, 8, 2, 0)[at % 4]:
            return False
    return len(text) < 20
