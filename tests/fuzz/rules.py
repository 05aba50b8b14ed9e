"""Random rules, texts and cuts against the slow oracle; and patterns with something knocked out of them.

A trial takes a `random.Random`, so that its seed is enough to see it again, and gives how many cuts it tried.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Sequence
from random import Random
from typing import Any
from unittest import mock

from maskproxy.bodies.json_text import mask_json
from maskproxy.errors import RuleRefused
from maskproxy.masking import Masking, RuleSet
from maskproxy.masking.loading import read_rule
from tests.bodies import slow_json
from tests.fuzz.bounds import OracleTooSlow, oracle_bound
from tests.fuzz.cuts import Finds, readable, tried, ways
from tests.fuzz.spelling import spelled
from tests.masking import oracle
from tests.masking.oracle import OracleRule
from tests.masking.random_rules import fit, mangled, random_rules, random_text, refused
from tests.masking.rulesets import PLACEHOLDERS, entry

_TEXTS = 12
_CUTS = 60
_LOW_LIMIT = 12


def trial(draw: Random, *, texts: int = 15 * _TEXTS) -> int:
    """Try one rule set on some texts."""
    taken, compiled = fit(random_rules(draw))
    if compiled is None:
        return 0
    words = [word for _, some in taken for word in some]
    rules = [rule for rule, _ in taken]
    literals: list[tuple[str, bytes]] = []
    if draw.random() < 0.3:
        literals = [("caller-token", (draw.choice(words) + "abcka;")[-draw.randint(6, 9) :].encode())]
        words.append(literals[0][1].decode())
        rules += [OracleRule(rule_id, _exactly(value), rank=99) for rule_id, value in literals]
    masking = Masking(compiled, PLACEHOLDERS, literals)
    if draw.random() < 0.2:
        limits = ("maskproxy.masking.settling.CANDIDATE_LIMIT", "maskproxy.masking.masker.CANDIDATE_LIMIT")
        with mock.patch(limits[0], _LOW_LIMIT), mock.patch(limits[1], _LOW_LIMIT):
            return _texts(draw, rules, masking, words, texts, limit=_LOW_LIMIT)
    return _texts(draw, rules, masking, words, texts, limit=4096)


def _texts(
    draw: Random, rules: Sequence[OracleRule], masking: Masking, words: list[str], texts: int, *, limit: int
) -> int:
    cuts = 0
    for _ in range(texts):
        text = random_text(draw, words)
        try:
            with oracle_bound():
                expected = _expected(rules, text, limit=limit)
        except OracleTooSlow:
            continue
        try:
            whole(masking, text, expected)
            cuts += tried(masking, text, expected, ways(draw, len(text), _CUTS))
        except AssertionError as difference:
            raise AssertionError(_told(rules, masking, text, limit=limit)) from difference
        if limit > _LOW_LIMIT and expected[1] and readable(text):
            _assert_not_called_clean(draw, masking, text.decode())
    return cuts


def _expected(rules: Sequence[OracleRule], text: bytes, *, limit: int = 4096) -> tuple[bytes, Finds]:
    spans = oracle.spans(rules, text, PLACEHOLDERS, limit=limit)
    return oracle.masked(text, spans, PLACEHOLDERS), spans


def whole(masking: Masking, text: bytes, expected: tuple[bytes, Finds]) -> None:
    """Mask the text whole."""
    made, found = masking.text(text)
    assert (made, [(f.rule, f.start, f.end) for f in found]) == expected, f"whole: {made!r}, not {expected!r}"


def _told(rules: Sequence[OracleRule], masking: Masking, text: bytes, *, limit: int) -> str:
    """Say what differs, on a text as small as it can be."""

    def fails(less: bytes) -> bool:
        expected = _expected(rules, less, limit=limit)
        try:
            whole(masking, less, expected)
            tried(masking, less, expected, [range(len(less)), *((place,) for place in range(1, len(less)))])
        except AssertionError:
            return True
        return False

    small = smallest(text, fails)
    expected = _expected(rules, small, limit=limit)
    return f"{rules} on {small!r}, limit {limit}: {expected!r}, not {masking.text(small)!r}"


def smallest(text: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Take out of a text what it does not need to fail. If it fails only with its own cut, it stays as it is."""
    size = len(text) // 2
    while size and fails(text):
        at = 0
        while at < len(text):
            less = text[:at] + text[at + size :]
            if fails(less):
                text = less
            else:
                at += size
        size //= 2
    return text


def _assert_not_called_clean(draw: Random, masking: Masking, text: str) -> None:
    plain = json.dumps([text], ensure_ascii=draw.random() < 0.5)
    for old, new in draw.choice(((), (("/", "\\/"),), (("=", "\\u003D"), ("<", "\\u003c")), (("a", "\\u0061"),))):
        plain = plain.replace(old, new)
    assert masking.may_hold(plain.encode()), (masking.rules.rules, plain)


def _exactly(value: bytes) -> str:
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"\\x{byte:02x}" for byte in value)


def mangled_trial(draw: Random) -> int:
    """Try one damaged pattern: it is refused in words, or it means what Python says it means."""
    rule = OracleRule("mangled", mangled(draw))
    try:
        loaded = RuleSet([read_rule(entry(rule), "mangled", "nowhere")])
    except RuleRefused as refusal:
        refused(refusal, ["mangled"])
        return 0
    if not _python_reads_it_alike(rule.secret):
        return 0
    masking = Masking(loaded, PLACEHOLDERS)
    return _texts(draw, [rule], masking, ["aabb", "abck", "ab1;", "kk=b", rule.secret[:8]], _TEXTS, limit=4096)


def _python_reads_it_alike(pattern: str) -> bool:
    """Not so for edges, which stand beside the secret, and for a repeated character outside ASCII (here, its end)."""
    if re.search(r"é[?*+{]|\(\?[P<!=]|\\[bAZ]", pattern):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            re.compile(f"(?:{pattern})".encode())
        except (re.error, Warning):
            return False
    return True


def json_trial(draw: Random) -> int:
    """Try one rule set on JSON bodies: what only a key betrays, in arrays too, in any spelling."""
    taken, compiled = fit(random_rules(draw))
    if compiled is None:
        return 0
    words = [word for _, some in taken for word in some]
    masking = Masking(compiled, PLACEHOLDERS)

    def find(text: bytes) -> list[tuple[int, int, str]]:
        return [(f.start, f.end, f.placeholder) for f in masking.find(text)]

    for _ in range(4 * _TEXTS):
        raw = spelled(draw, _document(draw, words))
        assert mask_json(raw.encode(), masking).forward.decode() == slow_json.mask(raw, find), (raw, taken)
    return 4 * _TEXTS


def _document(draw: Random, words: list[str]) -> Any:
    """A word cut in two where a key ends and its value begins; or what there is."""
    key, value = (random_text(draw, words, most=16).decode(errors="ignore") for _ in range(2))
    if draw.random() < 0.7:
        word = draw.choice(words)
        colon = draw.choice([at for at, sign in enumerate(word) if sign in ":; ="] or [len(word) // 2])
        key, value = word[:colon], word[colon:].lstrip(": ")
    for _ in range(draw.choice((0, 0, 1, 2))):
        value = draw.choice(([value], [1, value], ["x", [], value], {"b": value}, [{}, [value, "a"]]))  # type: ignore[assignment]
    return draw.choice(({key: value}, [value], {"z": 1, key: value, "y": "a"}))
