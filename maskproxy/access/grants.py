"""Grants: what a group of people may use, and for how long after they signed in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from maskproxy.access.tokens import Person


@dataclass(frozen=True)
class Grant:
    name: str
    groups: frozenset[str]
    routes: frozenset[str]
    for_s: float | None
    """How long after signing in it stays open. None: as long as the token is valid."""
    mode: Literal["enforce", "observe"] = "enforce"
    mcp_tokens: bool = False
    """Requests may hold `mcp_servers[].authorization_token`."""

    def admits(self, person: Person) -> Admission:
        """Tell how a person who holds it comes in. Of several groups, the first by name counts."""
        return Admission(self.name, min(self.groups & person.groups, default=""), self.mode)


class Admission(NamedTuple):
    """Under which grant somebody comes in, and by which of its groups: only names that the configuration gives."""

    grant: str
    group: str
    mode: str


NOBODY = Admission("", "", "refused")
"""Of a person without a grant."""


def held_grants(person: Person, grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """The grants that `person`'s groups give, open or not, in the order of the configuration."""
    return tuple(grant for grant in grants if not grant.groups.isdisjoint(person.groups))


def open_grants(person: Person, grants: Sequence[Grant], now: float) -> tuple[Grant, ...]:
    """The held grants whose time is not over. Time counts from `auth_time`, else from `iat`.

    A token that tells neither opens no grant that is limited in time.
    """
    return tuple(
        grant for grant in held_grants(person, grants) if grant.for_s is None or now < person.signed_in_at + grant.for_s
    )
