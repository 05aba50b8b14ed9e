"""How large a rule is for the machines that look for it, reckoned before anything is built of it.

The engine's compiler cannot be interrupted, and the automata take memory by the position, so what is too large is
refused first: by the number of positions (a repetition counts each of its rounds), and of the steps between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, NoReturn

from maskproxy.errors import RuleRefused
from maskproxy.masking.grammar import Bytes, Choice, Node, Repeat, Series

RULE_LIMIT = 5_000
STEPS_LIMIT = 60_000
SET_LIMIT = 100_000


class Size(NamedTuple):
    """Positions, those that may come first and last, steps between those that do not follow each other in number."""

    positions: int
    first: int
    last: int
    nullable: bool
    steps: int


def size(node: Node) -> Size:
    """Reckon the size of a node."""
    if isinstance(node, Bytes):
        return Size(1, 1, 1, nullable=False, steps=0)
    if isinstance(node, Choice):
        parts = [size(option) for option in node.options]
        sums = [sum(part[field] for part in parts) for field in (0, 1, 2, 4)]
        return Size(sums[0], sums[1], sums[2], any(part.nullable for part in parts), sums[3])
    if isinstance(node, Series):
        whole = Size(0, 0, 0, nullable=True, steps=0)
        for item in node.items:
            whole = _followed(whole, size(item))
        return whole
    return _repeated(node)


def _followed(one: Size, other: Size) -> Size:
    return Size(
        one.positions + other.positions,
        one.first + (other.first if one.nullable else 0),
        other.last + (one.last if other.nullable else 0),
        one.nullable and other.nullable,
        one.steps + other.steps + one.last * other.first,
    )


def _repeated(node: Repeat) -> Size:
    rounds = node.least + 1 if node.most is None else node.most
    inner = size(node.item)
    nullable = inner.nullable or node.least == 0
    ends = rounds - max(node.least, 1) + 1
    if isinstance(node.item, Bytes):
        return Size(rounds, 1, ends, nullable, 0)
    between = max(0, rounds - 1) * inner.last * inner.first
    last = inner.last * (rounds if inner.nullable else ends)
    return Size(inner.positions * rounds, inner.first, last, nullable, inner.steps * rounds + between)


def check_size(nodes: Iterable[Node], limit: int = RULE_LIMIT) -> int:
    """Give how many positions the nodes have together. Raises RuleRefused without the rule's name."""
    positions = 0
    for node in nodes:
        one = size(node)
        positions += one.positions
        if positions > limit:
            too_large(f"its repetitions and alternatives make more than {limit} positions")
        if one.steps > STEPS_LIMIT:
            too_large("its alternatives can follow each other in too many ways")
    return positions


def too_large(reason: str) -> NoReturn:
    raise RuleRefused(f"{reason}; make its counts smaller, or several rules of it")
