"""A rule and a set of rules, compiled together. Immutable; shared by threads.

What a rule's text says is read when it is first asked for: a set that was compiled before needs little of it.
"""

from __future__ import annotations

import marshal
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple

from maskproxy.masking.actions import MASKS, Actions
from maskproxy.masking.automaton import Backward, ending
from maskproxy.masking.base64_images import tells
from maskproxy.masking.beside import DIGEST, beside, keyword
from maskproxy.masking.checks import Checks, read
from maskproxy.masking.encoded import BASE64, PERCENT
from maskproxy.masking.engine import Database, Hit
from maskproxy.masking.exceptions import RuleException
from maskproxy.masking.finder import Finder, compiled
from maskproxy.masking.forward import Forward
from maskproxy.masking.grammar import Shape, width
from maskproxy.masking.lifting import Lift
from maskproxy.masking.matcher import Matcher
from maskproxy.masking.net import Net
from maskproxy.masking.placeholders import SHAPE
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
    settings: Mapping[str, object] = field(hash=False)
    """What the rule's file says under `checks`."""
    samples: tuple[str, ...]
    """Recipes (see `samples`) of texts in which the rule finds its secret, and of such in which it finds nothing."""
    near_misses: tuple[str, ...]
    actions: Actions = MASKS
    exceptions: tuple[RuleException, ...] = ()
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Of a rule from a gitleaks file: what of it cannot be honoured."""
    imported: bool = False
    """It is from a gitleaks file, and so has no samples."""
    lift: Lift = Lift.APPROVAL
    """What it takes, if nothing else is said, for a person's false positive to pass."""

    @cached_property
    def shape(self) -> Shape:
        """Raises RuleRefused without the rule's name."""
        return shape(beside(self.keywords, self.pattern) if self.keywords else self.pattern)

    @cached_property
    def checks(self) -> Checks:
        """Raises RuleRefused without the rule's name."""
        checks = read(self.settings)
        if not self.keywords:
            return checks
        behind_digest = read({"unless_after": [DIGEST]}).unless_after
        named = re.compile(keyword(self.keywords).encode())
        return replace(checks, unless_after=(*checks.unless_after, *behind_digest), keyword=named)

    def acting(self, actions: Actions) -> Rule:
        """Give the same with other actions."""
        rule = replace(self, actions=actions)
        late = {name: value for name, value in vars(self).items() if name in ("shape", "checks")}
        vars(rule).update(late)
        return rule

    @property
    def rank(self) -> int:
        return RANKS[self.severity]

    def accepts(self, candidate: bytes, before: bytes) -> bool:
        """Tell whether the rule's checks find the candidate to be a secret.

        `before`: the `CONTEXT_BYTES` before it in the text as it came, or all there are.
        """
        return self.checks.pass_(candidate, before) and not any(e.lets_pass(candidate) for e in self.exceptions)


class Facts(NamedTuple):
    """What is worked out of all rules' shapes together, and kept with what they were compiled to."""

    shortest: int
    longest: int
    lead: int
    net: bytes
    """The net of all rules' positions in plain values, packed."""

    @classmethod
    def of(cls, note: bytes) -> Facts:
        """Read a note of ours."""
        return cls(*marshal.loads(note))  # noqa: S302 # from a cache file of our own, of which the digest holds

    def note(self) -> bytes:
        return marshal.dumps(tuple(self))


class _Matchers(dict[int, Matcher]):
    """Each rule's, then those of placeholders and of what is percent-encoded. Made when first asked for."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__(enumerate((Matcher(_PLACEHOLDER), Matcher(PERCENT)), len(rules)))
        self._rules = rules

    def __missing__(self, index: int) -> Matcher:
        matcher = self[index] = Matcher(self._rules[index].shape)
        return matcher


class RuleSet:
    """Rules compiled together. Candidates are numbered: the rules in order, then what is encoded, then literals."""

    def __init__(
        self, rules: Sequence[Rule], databases: Sequence[Database] | None = None, facts: Facts | None = None
    ) -> None:
        """`databases`, `facts`: what an equal rule set was compiled to before."""
        self.rules = tuple(rules)
        self.matchers: Mapping[int, Matcher] = _Matchers(self.rules)
        self.placeholder_index = len(self.rules)
        """The index under which hits of our own placeholders' shape are given."""
        self.percent_index = self.placeholder_index + 1
        self.base64_index = self.placeholder_index + 2
        self.encoded = frozenset({self.percent_index, self.base64_index})
        self.literals_from = self.placeholder_index + 3
        self._facts = facts
        widths = [] if facts else [width(shape.core) for shape in self._shapes()]
        self.shortest = facts.shortest if facts else min(least for least, _ in widths)
        """The shortest text that can hold a match."""
        self.longest = facts.longest if facts else max(most or 0 for _, most in widths)
        """How far a match's core may reach back."""
        self.lead = facts.lead if facts else max(width(shape.before)[1] or 0 for shape in self._shapes())
        """How far before its secret a match may begin."""
        if databases is None:
            databases = compiled([(rule.id, rule.shape.core) for rule in rules], _PLACEHOLDER.core)
        self.databases = tuple(databases)
        finder = Finder(len(self.rules), self.databases)
        self.hits = finder.hits
        """Give where cores end in a text: a superset, to be confirmed."""
        self.few_hits = finder.few_hits
        """Give the same of a long text; None where there are more than about so many."""
        self.may_hold = finder.may_hold
        """Tell whether raw bytes may hold anything that a rule matches, JSON-escaped or not."""

    @property
    def facts(self) -> Facts:
        if self._facts is None:
            plain = zlib.compress(marshal.dumps(self.forward.net.plain()), 1)
            self._facts = Facts(self.shortest, self.longest, self.lead, plain)
        return self._facts

    def _shapes(self) -> list[Shape]:
        return [*(rule.shape for rule in self.rules), _PLACEHOLDER, PERCENT]

    def tells(self, rule_id: str, *, in_utf16: bool = False) -> bool:
        """Tell whether the rule is looked for in base64, or in base64 of UTF-16."""
        return any(rule.id == rule_id and tells(rule.shape.core, in_utf16=in_utf16) for rule in self.rules)

    @cached_property
    def forward(self) -> Forward:
        """Follows what begins in a text and may still become a match."""
        if self._facts is not None:
            return Forward(Net.read(marshal.loads(zlib.decompress(self._facts.net))))  # noqa: S302 # our own file
        return Forward(Net.of([*self._shapes(), BASE64]))

    @cached_property
    def placeholder(self) -> Backward:
        """Finds where what may be a placeholder begins."""
        return ending(_PLACEHOLDER.core)


__all__ = ["RANKS", "Hit", "Rule", "RuleSet", "Severity"]
