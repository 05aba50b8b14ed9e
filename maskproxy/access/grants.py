"""Grants: what people, or jobs, may use, when, how much of it, and for how long after they signed in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
class Approval:
    """Who may open a grant for somebody, for how long at most, and whether they must be told why."""

    approvers: frozenset[str]
    longest_s: float
    reason: bool = False


class Standing(NamedTuple):
    """What was decided about one person, as it is known now."""

    approved: Mapping[str, str]
    """The grants that are open by approval, each with the id of what was asked."""
    waiting: frozenset[str]
    """Grants that were asked for, and that nobody has decided on."""
    revoked: frozenset[str]


NOTHING_DECIDED = Standing({}, frozenset(), frozenset())


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
    approval: Approval | None = None
    """Where it is set, the grant is open only while somebody's approval holds."""

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


def open_grants(
    person: Person, grants: Sequence[Grant], now: float, standing: Standing = NOTHING_DECIDED
) -> tuple[Grant, ...]:
    """The held grants that are open now: within their hours, not over, approved where they must be, not revoked."""
    return tuple(
        grant
        for grant in held_grants(person, grants)
        if not grant.is_over(person, now)
        and is_within(grant.hours, now)
        and (grant.approval is None or grant.name in standing.approved)
        and grant.name not in standing.revoked
    )


def approves(person: Person, grant: Grant) -> bool:
    """Tell whether the person may decide on the grant for others."""
    return grant.approval is not None and not grant.approval.approvers.isdisjoint(person.groups)
