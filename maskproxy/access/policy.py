"""May this person send this request? Pure. The answer is grants, or a refusal that says what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from maskproxy.access.grants import (
    ENDPOINTS,
    NOTHING_DECIDED,
    Approval,
    Endpoint,
    Grant,
    Standing,
    held_grants,
    open_grants,
)
from maskproxy.access.hours import is_within, opening
from maskproxy.access.tokens import Person
from maskproxy.errors import BadRequest, Denied, MaskproxyError

_OWNERS = "Ask the gateway's owners for one that does."


class Asked(NamedTuple):
    """What a request's head asks for."""

    route: str
    endpoint: Endpoint


def permit(
    person: Person, grants: Sequence[Grant], asked: Asked, now: float, standing: Standing = NOTHING_DECIDED
) -> tuple[Grant, ...]:
    """The grants under which `person` may ask this, those that enforce masking first. Raises Denied."""
    fitting = [grant for grant in open_grants(person, grants, now, standing) if grant.covers(*asked)]
    if fitting:
        return tuple(sorted(fitting, key=lambda grant: grant.mode != "enforce"))
    held = held_grants(person, grants)
    raise Denied(
        _why(person, held, asked, now, standing),
        detail=f"route {asked.route}; holds {', '.join(grant.name for grant in held) or 'nothing'}",
    )


def _why(person: Person, held: Sequence[Grant], asked: Asked, now: float, standing: Standing) -> str:
    """What is missing, of several grants where least is."""
    if not held:
        return (
            "You are signed in, but none of your groups or claims has a grant here. Ask the gateway's owners to add "
            "one of them."
        )
    routed = [grant for grant in held if asked.route in grant.routes]
    if not routed:
        return "Your grants do not cover this. Ask the gateway's owners for a grant that does."
    covering = [grant for grant in routed if asked.endpoint in grant.endpoints]
    if not covering:
        named = {endpoint for grant in routed for endpoint in grant.endpoints}
        told = ", ".join(endpoint for endpoint in ENDPOINTS if endpoint in named)
        return f"Your grant does not cover this endpoint ({asked.endpoint}), but only: {told}. {_OWNERS}"
    kept = [grant for grant in covering if grant.name not in standing.revoked]
    if not kept:
        return f"The grant {covering[0].name} was revoked. Ask your security team if you think that this is wrong."
    lasting = [grant for grant in kept if not grant.is_over(person, now)]
    if not lasting:
        return "Your grant for this is over. Sign in again to open it anew."
    for grant in lasting:
        if grant.approval is not None and is_within(grant.hours, now):
            return _how_to_ask(grant, grant.approval, is_waiting=grant.name in standing.waiting)
    shut = [hours for grant in lasting if not is_within(grant.hours, now) for hours in grant.hours]
    return f"Your grant for this is closed at this hour. It opens on {opening(shut, now)}."


def _how_to_ask(grant: Grant, approval: Approval, *, is_waiting: bool) -> str:
    who = ", ".join(sorted(approval.approvers))
    if is_waiting:
        return f"Your grant {grant.name} waits for approval by one of {who}. Try again once they have given it."
    reason = ' --reason "..."' if approval.reason else ""
    asking = f"maskproxy access request {grant.name} --for {_hours(approval.longest_s)}{reason}"
    return f"Your grant {grant.name} needs approval by one of {who}. Ask for it: {asking}"


def _hours(longest_s: float) -> str:
    """What to ask for: two hours, or what there is at most."""
    asked_s = int(min(longest_s, 7200))
    return f"{asked_s // 3600}h" if asked_s % 3600 == 0 else f"{asked_s // 60}m" if asked_s % 60 == 0 else f"{asked_s}s"


def how_to_have(
    person: Person, grants: Sequence[Grant], asked: Asked, models: Sequence[str], now: float, standing: Standing
) -> str:
    """How to come by a grant that allows these models and needs approval; empty where the person holds none."""
    for grant in held_grants(person, grants):
        fits = grant.covers(*asked) and grant.allows(models) and is_within(grant.hours, now)
        is_shut = grant.name in standing.approved or grant.name in standing.revoked or grant.is_over(person, now)
        if grant.approval is not None and fits and not is_shut:
            return _how_to_ask(grant, grant.approval, is_waiting=grant.name in standing.waiting)
    return ""


def refused_model(grants: Sequence[Grant], how_else: str = "") -> MaskproxyError:
    """What a request gets that names a model which none of these grants allows."""
    allowed = ", ".join(dict.fromkeys(model for grant in grants for model in grant.models))
    return BadRequest(f"Your grant does not allow this model. Choose one of: {allowed}. {how_else}".rstrip())
