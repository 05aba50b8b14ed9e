"""Samples made from a rule's own pattern, for rules that come without any: what a gitleaks file cannot bring.

They prove that what the pattern says is found, and that entropy and exceptions leave it standing; not that the pattern
is what its author meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from maskproxy.masking.grammar import ALL_BYTES, AT_EDGE, Bytes, Choice, Node, Repeat, Series, Shape, listed, of
from maskproxy.masking.proof import failures
from maskproxy.masking.rules import Rule, RuleSet
from maskproxy.masking.samples import ALPHABETS

_LENGTHS = (0, 24, 64, 200)
_LIKED = "kqzvwxyjabcdefghilmnoprstuKQZABCDEFGHIJLMNOPRSTUVWXY73564289=: \"'_-/+.,;10\n"
_SETS = sorted(
    ((name, of(letters.encode())) for name, letters in ALPHABETS.items()), key=lambda one: -one[1].bit_count()
)


class _Unwritable(Exception):
    """No text of it can be written as UTF-8."""


def recipes(shape: Shape) -> Iterator[str]:
    """Give recipes of texts in which the shape matches, short ones first, with the secret marked and without marks."""
    for length in _LENGTHS:
        for option in (0, -1):
            writer = _Writer(length, option)
            try:
                secret = writer.word(shape.secret)
                if shape.tail is not None:
                    secret += writer.word(Repeat(Bytes(shape.tail.members), 0, shape.tail.most or 1000))
                around = [
                    _beside(shape.left) + writer.word(shape.before),
                    writer.word(shape.after) + _beside(shape.right),
                ]
                for marks in ("«»", "\0\0"):
                    marked = f"{around[0]}{marks[0]}{secret}{marks[1]}{around[1]}".replace("\0", "")
                    yield _as_text(marked)
            except (_Unwritable, UnicodeError):
                continue


def with_samples(rules: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
    """Give the rules with a made sample that holds, and those for which none was found."""
    makers = {rule.id: recipes(rule.shape) for rule in rules}
    chosen = {rule.id: next(makers[rule.id], None) for rule in rules}
    databases = None
    while True:
        trying = [replace(rule, samples=(text,)) for rule in rules if (text := chosen[rule.id]) is not None]
        whole = [*trying, *(rule for rule in rules if chosen[rule.id] is None)]
        order = {rule.id: at for at, rule in enumerate(rules)}
        rule_set = RuleSet(sorted(whole, key=lambda rule: order[rule.id]), databases)
        databases = rule_set.databases
        failing = {failure.rule for failure in failures(rule_set)}
        if not failing:
            return trying, [rule for rule in rules if chosen[rule.id] is None]
        for rule_id in failing:
            chosen[rule_id] = next(makers[rule_id], None)


class _Writer:
    def __init__(self, length: int, option: int) -> None:
        self._length = length
        self._option = option

    def word(self, node: Node) -> str:
        if isinstance(node, Bytes):
            return _some(node.members, 1)
        if isinstance(node, Series):
            return "".join(self.word(item) for item in node.items)
        if isinstance(node, Choice):
            return self.word(node.options[self._option])
        count = min(node.least + 1000 if node.most is None else node.most, max(node.least, self._length))
        if isinstance(node.item, Bytes):
            return _some(node.item.members, count)
        return self.word(node.item) * min(count, max(node.least, 4))


def _some(members: int, count: int) -> str:
    name = next((name for name, letters in _SETS if letters & ~members == 0), None)
    if name is not None and members.bit_count() > 2 and count:
        return f"{{{name}:{count}}}"
    return _one(members) * count


def _one(members: int) -> str:
    character = next((c for c in _LIKED if members >> ord(c) & 1), None)
    if character is None:
        character = next((chr(byte) for byte in (*range(0x20, 0x7F), *listed(members)) if members >> byte & 1), None)
    if character is None:
        raise _Unwritable
    return character * 2 if character in "{}" else character


def _beside(permitted: int) -> str:
    return "" if permitted & AT_EDGE else _one(permitted & ALL_BYTES)


def _as_text(recipe: str) -> str:
    """Put bytes beyond ASCII together again. Marks are none of them."""
    raw = b"".join(c.encode() if c in "«»" else bytes([ord(c)]) for c in recipe)
    return raw.decode()
