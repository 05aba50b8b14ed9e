"""Grants: what people, or jobs, may use, when, how much of it, and for how long after they signed in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from maskproxy.access.hours import Hours, is_within
from maskproxy.access.limits import NO_LIMITS, GrantLimits
from maskproxy.access.patterns import ClaimRule, fits_one
from maskproxy.access.tokens import Person

Endpoint = Literal["messages", "count_tokens", "batches", "files", "models", "other"]
ENDPOINTS: tuple[Endpoint, ...] = ("messages", "count_tokens", "batches", "files", "models", "other")
"""Of Claude's API. `other` is whatever else there is, and all of any other API."""


@dataclass(frozen=True)
class Grant:
    name: str
    groups: frozenset[str]
    """One of them must be the person's; without any, claims alone count."""
    routes: frozenset[str]
    for_s: float | None
    """How long after signing in it stays open. None: as long as the token is valid."""
    mode: Literal["enforce", "observe"] = "enforce"
    mcp_tokens: bool = False
    """Requests may hold `mcp_servers[].authorization_token`."""
    claims: tuple[ClaimRule, ...] = ()
    """Every one of them must be met."""
    models: tuple[str, ...] = ()
    """Patterns of the models that may be named; without any, all may."""
    endpoints: frozenset[Endpoint] = frozenset(ENDPOINTS)
    hours: tuple[Hours, ...] = ()
    """It is open during these; without any, at all hours."""
    limits: GrantLimits = NO_LIMITS

    def admits(self, person: Person) -> Admission:
        """Tell how a person who holds it comes in. Of several groups, the first by name counts."""
        return Admission(self.name, min(self.groups & person.groups, default=""), self.mode)

    def is_for(self, person: Person) -> bool:
        """Tell whether the person's token gives it: by groups, by claims, or where it has both, by both."""
        if not self.groups and not self.claims:
            return False
        if self.groups and self.groups.isdisjoint(person.groups):
            return False
        return all(rule.meets(person.claims) for rule in self.claims)

    def covers(self, route: str, endpoint: Endpoint) -> bool:
        return route in self.routes and endpoint in self.endpoints

    def allows(self, models: Sequence[str]) -> bool:
        """Tell whether a request may name all of these models."""
        return not self.models or all(fits_one(self.models, model) for model in models)

    def is_over(self, person: Person, now: float) -> bool:
        """Time counts from `auth_time`, else from `iat`: where a token tells neither, it is over."""
        return self.for_s is not None and now >= person.signed_in_at + self.for_s


class Admission(NamedTuple):
    """Under which grant somebody comes in, and by which of its groups: only names that the configuration gives."""

    grant: str
    group: str
    mode: str


NOBODY = Admission("", "", "refused")
"""Of a person without a grant."""


def held_grants(person: Person, grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """The grants that `person`'s groups and claims give, open or not, in the order of the configuration."""
    return tuple(grant for grant in grants if grant.is_for(person))


def open_grants(person: Person, grants: Sequence[Grant], now: float) -> tuple[Grant, ...]:
    """The held grants that are open now: within their hours, and not over."""
    return tuple(
        grant for grant in held_grants(person, grants) if not grant.is_over(person, now) and is_within(grant.hours, now)
    )
