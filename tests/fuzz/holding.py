"""How much is held back, against brute force: a byte is held only while something may follow that makes it a match's.

All words of a rule over a few letters are listed, up to a length; a text's end may become a match if it is what such a
word begins with. What a rule asks for behind a secret is part of the word; what it asks for before it is not held.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from random import Random

from maskproxy.masking import Masking
from tests.masking import oracle
from tests.masking.oracle import OracleRule
from tests.masking.random_rules import fit, random_rules
from tests.masking.rulesets import PLACEHOLDERS

_LETTERS = "abck;"
_PLAIN = re.compile(r"[abck;\[\]{}(),0-9?:|-]*")
"""Patterns that match nothing but words over the letters."""
_LONGEST = 7
_RULES = 40
_TEXT_BYTES = 12
_TEXTS = 300


def trial(draw: Random) -> int:
    """Try one rule on many short texts, fed byte by byte; give how many bytes were fed."""
    candidates = [
        rule
        for _ in range(_RULES)
        for rule, _ in random_rules(draw)
        if not (rule.holds or rule.allow or rule.right or rule.keywords or rule.unless_after or rule.accepts)
        and _PLAIN.fullmatch(rule.before + rule.secret + rule.after)
        and oracle.widths(rule)[1] <= _LONGEST
    ]
    taken, compiled = fit([(rule, []) for rule in candidates[:1]])
    if compiled is None:
        return 0
    ((rule, _),) = taken
    begun = _beginnings(replace(rule, before=""))
    masking, fed = Masking(compiled, PLACEHOLDERS), 0
    for _ in range(_TEXTS):
        text = "".join(draw.choices(_LETTERS, k=_TEXT_BYTES)).encode()
        stream = masking.masker()
        for size in range(1, len(text) + 1):
            stream.feed(text[size - 1 : size])
            expected = _held_from(rule, text[:size], begun)
            assert size - stream.held == expected, (
                f"{rule} holds {stream.held} of {text[:size]!r}, not {size - expected}"
            )
        fed += len(text)
    return fed


def _beginnings(rule: OracleRule) -> set[bytes]:
    """List what the rule's secrets begin with, with what must follow them, and go on from."""
    made = set()
    for size in range(1, oracle.widths(rule)[1] + 1):
        for word in map("".join, product(_LETTERS, repeat=size)):
            if oracle.is_core(rule, word.encode()):
                made |= {word[:end].encode() for end in range(1, size)}
    return made


def _is_led_to(rule: OracleRule, text: bytes, at: int) -> bool:
    """Whether what must stand before the secret ends at `at`."""
    return any(
        re.fullmatch(rule.before.encode(), text[begin:at]) and oracle.may_stand(rule, text, begin)
        for begin in range(at + 1)
    )


def _held_from(rule: OracleRule, text: bytes, begun: set[bytes]) -> int:
    alive = min(
        (
            at
            for at in range(len(text))
            if oracle.may_begin_base64(text[at:]) or (text[at:] in begun and _is_led_to(rule, text, at))
        ),
        default=len(text),
    )
    return min([alive, *(start for _, start, end in oracle.spans((rule,), text, PLACEHOLDERS) if start < alive < end)])
