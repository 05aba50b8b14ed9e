"""Which rules the actions make of each direction: those that mask what goes on, and those that mask what is recorded.

No finding is judged twice by its action: a rule that alerts is missing in what goes on, one that is allowed in both.
So what actions do never depends on where a text was cut. Equal sets of rules are one, and compiled once at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from maskproxy import __version__
from maskproxy.masking import engine
from maskproxy.masking.actions import FORWARDED, RECORDED, Action, Direction, Override, overridden
from maskproxy.masking.finder import selected
from maskproxy.masking.lifting import Lifting
from maskproxy.masking.masking import Masking
from maskproxy.masking.rules import Facts, RuleSet

Done = Action | Literal["lifted"]
"""An action, or that the person may let it pass."""
_URGENCY: Mapping[Action, int] = {"alert": 1, "block": 2}


@dataclass(frozen=True, eq=False)
class Treatment:
    """One direction. `actions` tells of the rules that do something else than to mask."""

    forward: RuleSet
    record: RuleSet
    actions: Mapping[str, Action]

    @property
    def urgent(self) -> Mapping[str, int]:
        return urgent(self.actions)


def urgent(actions: Mapping[str, Action]) -> Mapping[str, int]:
    """Give the rules that the finding of every span names in which they have a part; see `Masking`."""
    return {rule: _URGENCY[action] for rule, action in actions.items() if action in _URGENCY}


class Treatments(NamedTuple):
    """Both directions, one object where their actions are the same; and all rules, whatever their actions."""

    request: Treatment
    answer: Treatment
    rules: RuleSet

    def of(self, direction: Direction) -> Treatment:
        return self.request if direction == "request" else self.answer


class Named(Protocol):
    """A finding, of a text or of a body."""

    @property
    def rule(self) -> str: ...
    @property
    def placeholder(self) -> str: ...


@dataclass(frozen=True)
class Sought:
    """What is looked for in one direction of an exchange, in what goes on and in what is recorded.

    Both are one object where no rule alerts. With `observes` nothing is blocked.
    """

    forward: Masking
    record: Masking
    actions: Mapping[str, Action]
    observes: bool = False

    @classmethod
    def alike(cls, masking: Masking) -> Sought:
        """Mask everything both ways."""
        return cls(masking, masking, {})

    def under(self, lifting: Lifting) -> Sought:
        """Give the same for an exchange in which some spans are lifted: they go on as they are, recorded masked."""
        record = self.record.under(lifting, lifts=False)
        if self.observes:
            return replace(self, record=record)
        if lifting.granted:
            return replace(self, forward=self.forward.under(lifting, lifts=True), record=record)
        is_one = self.forward is self.record
        return replace(self, forward=record if is_one else self.forward.under(lifting, lifts=False), record=record)

    def action(self, rule: str) -> Action:
        """Tell what the rule does, wherever it finds something."""
        return self.actions.get(rule, "mask")

    def done(self, found: Named) -> Done:
        """Tell what is done with one finding."""
        return "lifted" if self._lifted(found) else self.action(found.rule)

    def masked(self, findings: Iterable[Named]) -> int:
        """Give how many findings became placeholders."""
        return sum(self.done(found) == "mask" for found in findings)

    def blocks(self, rule: str) -> bool:
        return not self.observes and self.action(rule) == "block"

    def only_recorded(self, found: Named) -> bool:
        """Tell whether what was found goes on as it is."""
        return self.observes or self.action(found.rule) == "alert" or self._lifted(found)

    def _lifted(self, found: Named) -> bool:
        lifting = self.record.lifting
        return lifting is not None and found.placeholder in lifting.passed


def with_actions(rules: RuleSet, overrides: Sequence[Override]) -> RuleSet:
    """Give the rules with the configuration's actions instead of their own."""
    if not overrides:
        return rules
    changed = [rule.acting(overridden(rule.actions, rule.id, overrides)) for rule in rules.rules]
    return RuleSet(changed, rules.databases, rules.facts)


Compiled = dict[tuple[str, ...], RuleSet]
"""What some of the same rules, with whatever actions, were compiled to; by their ids."""


def treatments(rules: RuleSet, *, cache: Path | None = None, made: Compiled | None = None) -> Treatments:
    """Sort the rules by their actions, and compile what was not compiled yet. `cache`: as in `load_rules`.

    `made` takes and gives what the same rules were compiled to with other actions.
    """
    made = {} if made is None else made
    made.setdefault(tuple(rule.id for rule in rules.rules), rules)

    def subset(direction: Direction, wanted: frozenset[Action]) -> RuleSet:
        chosen = tuple(i for i, rule in enumerate(rules.rules) if rule.actions.of(direction) in wanted)
        ids = tuple(rules.rules[i].id for i in chosen)
        if ids not in made:
            made[ids] = _some(rules, chosen, cache)
        return made[ids]

    def treatment(direction: Direction) -> Treatment:
        actions = {rule.id: rule.actions.of(direction) for rule in rules.rules if rule.actions.of(direction) != "mask"}
        return Treatment(subset(direction, FORWARDED), subset(direction, RECORDED), actions)

    request, answer = treatment("request"), treatment("answer")
    return Treatments(request, request if request.actions == answer.actions else answer, rules)


def _some(whole: RuleSet, chosen: tuple[int, ...], cache: Path | None) -> RuleSet:
    """Give some of the rules of a set that has been proved.

    Most of them are looked for by what the whole set was compiled to; a few are compiled by themselves, since a text is
    gone through faster for them alone.
    """
    rules = tuple(whole.rules[i] for i in chosen)
    shared = selected(len(whole.rules), chosen, whole.databases) if 2 * len(chosen) >= len(whole.rules) else None
    if cache is None:
        return RuleSet(rules, shared)
    how = "some" if shared is None else "most"
    parts = [__version__, how, *(part for r in rules for part in (r.id, r.pattern, *r.keywords, ""))]
    store = cache / f"{engine.cache_key(chr(0).join(parts).encode())}.rules"
    cached = engine.read_cached(store)
    if cached is not None:
        return RuleSet(rules, shared or cached.databases, Facts.of(cached.notes[0]))
    rule_set = RuleSet(rules, shared)
    engine.write_cached(store, () if shared else rule_set.databases, [rule_set.facts.note()])
    return rule_set
