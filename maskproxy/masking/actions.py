"""What is done where a rule finds something, for each direction.

mask: a placeholder stands in its place. block: the exchange is refused with the rule's name. alert: it passes, is
counted and raises an alarm; the recording is masked. allow: it is not looked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple, get_args

Action = Literal["mask", "block", "alert", "allow"]
Direction = Literal["request", "answer"]
ACTIONS: tuple[Action, ...] = get_args(Action)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

FORWARDED: frozenset[Action] = frozenset({"mask", "block"})
"""The rules of these are looked for in what goes on."""
RECORDED: frozenset[Action] = frozenset({"mask", "block", "alert"})
"""The rules of these are looked for in what is recorded."""


@dataclass(frozen=True, slots=True)
class Actions:
    """A rule's action in each direction."""

    request: Action = "mask"
    answer: Action = "mask"

    def of(self, direction: Direction) -> Action:
        return self.request if direction == "request" else self.answer


MASKS = Actions()


class Override(NamedTuple):
    """Actions for the rules whose ids one of the patterns matches; None leaves a direction as it is."""

    patterns: tuple[str, ...]
    request: Action | None = None
    answer: Action | None = None

    def names(self, rule_id: str) -> bool:
        return any(fnmatchcase(rule_id, pattern) for pattern in self.patterns)


def overridden(actions: Actions, rule_id: str, overrides: Iterable[Override]) -> Actions:
    """Give a rule's actions after all overrides; a later one wins."""
    for override in overrides:
        if override.names(rule_id):
            actions = replace(
                actions, request=override.request or actions.request, answer=override.answer or actions.answer
            )
    return actions
