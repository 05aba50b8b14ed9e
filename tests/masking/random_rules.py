"""Rules made up at random over a tiny alphabet, as the oracle wants them, and texts in which they meet.

Everything comes out of one `random.Random`, so that a seed is enough to see a case again. Some rules are unfit on
purpose: the loader must refuse them by name and with a reason.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from maskproxy.errors import RuleRefused
from maskproxy.masking import Rule, RuleSet
from maskproxy.masking.loading import read_rule
from tests.masking.oracle import OracleRule
from tests.masking.rulesets import BESIDE_END, GAP, MORSELS, OWN, entry

_ATOMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("a", ("a",)),
    ("b", ("b",)),
    ("c", ("c",)),
    ("k", ("k",)),
    ("[ab]", ("a", "b")),
    ("[a-c]", ("a", "b", "c")),
    ("[^a]", ("b", ";", "é")),
    ("[^ ;]", ("a", "k", "é")),
    (".", ("a", ";", "é")),
    (r"\w", ("a", "1", "_")),
    (r"\W", (";", " ")),
    (r"\d", ("1",)),
    (r"\s", (" ", "\n")),
    (r"[^\s]", ("a", ";")),
    (r"\x61", ("a",)),
    ("(?i:ab)", ("ab", "aB", "AB")),
    ("(?:é)", ("é",)),
    ("[;=]", (";", "=")),
    (r"\\", ("\\",)),
    ('"', ('"',)),
)
_CLASSES = tuple(atom for atom in _ATOMS if atom[0].startswith("[") or atom[0] in (".", r"\w", "a", r"\d"))
_LEFTS = ("", "", "", r"\b", "(?<![abc])", "(?<=[ ;])", "(?<!k)", r"\A", r"(?<!\w)", "(?<![;=])(?<!k)")
_RIGHTS = ("", "", "", r"\b", "(?![abc])", "(?=[ ;])", r"(?=[ ;]|\Z)", r"\Z", "(?!k|;)", r"(?![abc])(?!\d)")
_HOLDS = ("", "", "", "", "c.*c", "[bk]", "a", r"^[^1]*$")
_BEHIND = ("a", "[;k]", "c[^c]{0,3}", "k.{0,9}", "(?s:.{9})", r"\A[^;]*")
_COUNTS = ((0, 1), (0, 2), (1, 2), (1, 3), (2, 2), (2, 4), (3, 3))
_OPEN = ("+", "*", ",}", ")?")
_MANGLING = (*"()[]{}?*+|\\^$.-,a1;", "(?:", "(?i)", "(?P<secret>", "{2,}", "{1,2}", r"\b", "(?!a)", "[^", "é")
_GLUE = ("a", "b", "c", "k", ";", " ", "=", "1", "")

Word = list[tuple[str, ...]]
"""A word of a pattern, piece by piece: of each piece some spellings."""


def random_rules(draw: Random) -> list[tuple[OracleRule, list[str]]]:
    """Make a few rules, each with some words that its core is made of."""
    return [_rule(draw, f"{draw.choice('abc')}-{number}") for number in range(draw.randint(1, 4))]


def fit(rules: list[tuple[OracleRule, list[str]]]) -> tuple[list[tuple[OracleRule, list[str]]], RuleSet | None]:
    """Give the rules that the loader takes, loaded. The others must be refused by name and with a reason."""
    loaded: dict[str, Rule] = {}
    compiled = None
    for rule, _ in rules:
        try:
            loaded[rule.id] = read_rule(entry(rule), "random", "nowhere")
        except RuleRefused as refusal:
            refused(refusal, [rule.id])
    while loaded and compiled is None:
        try:
            compiled = RuleSet(list(loaded.values()))
        except RuleRefused as refusal:
            del loaded[refused(refusal, list(loaded))]
    return [(rule, words) for rule, words in rules if rule.id in loaded], compiled


def refused(refusal: RuleRefused, rule_ids: list[str]) -> str:
    """Give the rule that a refusal names; it must give a reason too."""
    named = re.fullmatch(r"Rule (\S+) is refused: (.{12,})\.", str(refusal), re.DOTALL)
    assert named is not None, refusal
    assert named[1] in rule_ids
    return named[1]


def random_text(draw: Random, words: list[str], *, most: int = 36) -> bytes:
    """Put words of the rules, whole, cut or glued, beside letters that make and break them."""
    parts: list[bytes] = []
    while sum(map(len, parts)) < draw.randint(0, most):
        match draw.randrange(8):
            case 0 | 1 | 2 if words:
                parts.append(draw.choice(words).encode())
            case 3 if words:
                word = draw.choice(words).encode()
                parts.append(word[: draw.randint(0, len(word))])
            case 4 if draw.random() < 0.5:
                parts.append(draw.choice((draw.choice(MORSELS), OWN)))
            case _:
                parts.append(draw.choice(_GLUE).encode() * draw.choice((1, 1, 1, 2, 4)))
    return b"".join(parts)[: 3 * most]


def mangled(draw: Random) -> str:
    """A pattern with something put in, taken out or doubled, wherever that falls."""
    rule, _ = _rule(draw, "mangled")
    pattern = rule.before + rule.secret + rule.after
    for _ in range(draw.randint(1, 3)):
        at, to = sorted((draw.randint(0, len(pattern)), draw.randint(0, len(pattern))))
        match draw.randrange(3):
            case 0:
                pattern = pattern[:at] + pattern[min(to, at + 2) :]
            case 1:
                pattern = pattern[:at] + draw.choice(_MANGLING) + pattern[at:]
            case _:
                pattern = pattern[:to] + pattern[at:to] + pattern[to:]
    return pattern[:60]


def _rule(draw: Random, rule_id: str) -> tuple[OracleRule, list[str]]:
    secret, word = _series(draw, draw.randint(2, 5), depth=2)
    if draw.random() < 0.35:
        tail, spellings = draw.choice(_CLASSES)
        least = draw.choice((0, 1, 2))
        secret += tail + draw.choice(("+", "*", f"{{{least},}}", f"{{{least},{least + draw.choice((1, 3, 5, 90))}}}"))
        word += [spellings] * draw.randint(0, 4)
        if draw.random() < 0.3:
            end, last = _series(draw, 2, depth=1)
            secret += f"(?:{end})?"
            word += last
    rule = OracleRule(
        rule_id,
        secret,
        left=draw.choice(_LEFTS),
        right="" if secret.endswith(_OPEN) and draw.random() < 0.9 else draw.choice(_RIGHTS),
        rank=draw.randrange(4),
        holds=draw.choice(_HOLDS),
    )
    if draw.random() < 0.35:
        rule, word = _around(draw, rule, word)
    words = ["".join(draw.choice(piece) for piece in word) for _ in range(4)]
    if draw.random() < 0.15:
        rule = replace(rule, allow=(draw.choice(words),))
    if draw.random() < 0.2:
        rule = replace(rule, unless_after=draw.choice(_BEHIND))
    return rule, words


def _around(draw: Random, rule: OracleRule, word: Word) -> tuple[OracleRule, Word]:
    """Let something stand before the secret, after it, or both; or let the rule need a keyword."""
    if draw.random() < 0.2:
        keyword = draw.choice(("k", "ab", "k-1"))
        written = keyword.replace("-", r"\-")
        beside = replace(rule, keywords=(keyword,), left="", before=f"(?i:{written}){GAP}", right=BESIDE_END)
        return beside, [(keyword, keyword.upper()), ("=", ":", " => ", '": "'), *word]
    before, first = _series(draw, draw.randint(1, 2), depth=1) if draw.random() < 0.8 else ("", [])
    after, last = _series(draw, draw.randint(1, 2), depth=1) if draw.random() < 0.5 else ("", [])
    return replace(rule, before=before, after=after), [*first, *word, *last]


def _series(draw: Random, items: int, *, depth: int) -> tuple[str, Word]:
    pattern, word = "", []
    for _ in range(items):
        more, piece = _item(draw, depth)
        pattern += more
        word += piece
    return pattern, word


def _item(draw: Random, depth: int) -> tuple[str, Word]:
    if depth and draw.random() < 0.35:
        options = [_series(draw, draw.randint(1, 2), depth=depth - 1) for _ in range(draw.randint(1, 3))]
        pattern, word = f"(?:{'|'.join(option for option, _ in options)})", draw.choice(options)[1]
    else:
        pattern, spellings = draw.choice(_ATOMS)
        word = [spellings]
    if draw.random() < 0.4:
        least, most = draw.choice(_COUNTS)
        if len(pattern) > 1 and not pattern.startswith(("[", "\\", "(")):
            pattern = f"(?:{pattern})"
        pattern += f"{{{least},{most}}}" if least != most else f"{{{least}}}"
        word = word * draw.randint(least, most)
    return pattern, word
