"""A rule and a set of rules, compiled together. Immutable; shared by threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from maskproxy.errors import RuleRefused
from maskproxy.masking.automaton import TEXT_EDGE, Backward, Forward, beginnings, ending
from maskproxy.masking.checks import Checks
from maskproxy.masking.engine import Database, Hit
from maskproxy.masking.grammar import Node, Shape, expression, width
from maskproxy.masking.matcher import Matcher
from maskproxy.masking.placeholders import SHAPE
from maskproxy.masking.relaxed import needless_escapes, relaxed
from maskproxy.masking.shapes import shape

Severity = Literal["low", "medium", "high", "critical"]
RANKS: Mapping[str, int] = {"low": 0, "medium": 1, "high": 2, "critical": 3}
_PLACEHOLDER = shape(SHAPE)


@dataclass(frozen=True)
class Rule:
    """What one kind of secret looks like."""

    id: str
    name: str
    family: str
    severity: Severity
    pattern: str
    keywords: tuple[str, ...]
    """Words of which one must stand just before the secret; the pattern is then the secret alone."""
    checks: Checks
    samples: tuple[str, ...]
    """Recipes (see `samples`) of texts in which the rule finds its secret, and of such in which it finds nothing."""
    near_misses: tuple[str, ...]
    shape: Shape

    @property
    def rank(self) -> int:
        return RANKS[self.severity]

    def accepts(self, candidate: bytes) -> bool:
        """Tell whether the rule's checks find the candidate to be a secret."""
        return self.checks.pass_(candidate)


class RuleSet:
    """Rules compiled together."""

    def __init__(self, rules: Sequence[Rule], databases: Sequence[Database] | None = None) -> None:
        """`databases`: what an equal rule set was compiled to before."""
        self.rules = tuple(rules)
        self.matchers = tuple(Matcher(rule.shape) for rule in rules)
        self.placeholder_index = len(self.rules)
        """The index under which hits of our own placeholders' shape are given."""
        cores = [*(rule.shape.core for rule in rules), _PLACEHOLDER.core]
        self.shortest = min(width(core)[0] for core in cores)
        """The shortest text that can hold a match."""
        if databases is None:
            raw = [*(_relaxed(rule) for rule in rules), *needless_escapes()]
            databases = [
                _compile(self.rules, [expression(core) for core in cores]),
                _compile(self.rules, [expression(node) for node in raw]),
            ]
        self.databases = tuple(databases)
        self._exact, self._relaxed = self.databases
        self.hits = self._exact.hits
        """Give where the cores of rules end in a text: a superset, to be confirmed."""

    @cached_property
    def known_alive(self) -> tuple[dict[bytes, int], ...]:
        """For each left neighbour: short texts, as deltas are, and what `beginnings` said of them."""
        return tuple({} for _ in range(TEXT_EDGE + 1))

    @cached_property
    def beginnings(self) -> Backward:
        """Reads how much of a text's end may still become a match."""
        shapes = [(matcher.shape.core, matcher.shape.left, not matcher.free_right) for matcher in self.matchers]
        return beginnings([*shapes, (_PLACEHOLDER.core, _PLACEHOLDER.left, False)])

    @cached_property
    def forward(self) -> Forward:
        """Follows what begins at one place."""
        return Forward(self.beginnings)

    @cached_property
    def placeholder(self) -> Backward:
        """Finds where what may be a placeholder begins."""
        return ending(_PLACEHOLDER.core)

    def may_hold(self, raw: bytes) -> bool:
        """Tell whether raw bytes may hold anything that a rule matches, JSON-escaped or not."""
        return self._relaxed.any(raw)


def _relaxed(rule: Rule) -> Node:
    """Relax a rule's core; one of which nothing certain is left would take all JSON for a secret."""
    node = relaxed(rule.shape.core)
    if not width(node)[0]:
        raise RuleRefused(
            f"Rule {rule.id} is refused: any JSON might hold it, since each byte of it may be a blank or a part of a "
            "character outside ASCII; let one of them be a plain letter or sign."
        )
    return node


def _compile(rules: Sequence[Rule], expressions: Sequence[str]) -> Database:
    """Compile together; when that fails, find the rule that is to blame."""
    try:
        return Database.compile(expressions)
    except RuleRefused as refusal:
        for rule, text in zip(rules, expressions, strict=False):
            try:
                Database.compile([text])
            except RuleRefused as alone:
                raise RuleRefused(
                    f"Rule {rule.id} is refused: the matching engine cannot compile it.", detail=alone.detail
                ) from refusal
        raise


__all__ = ["RANKS", "Hit", "Rule", "RuleSet", "Severity"]
