"""May this person send this request? Pure. The answer is grants, or a refusal that says what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from maskproxy.access.grants import ENDPOINTS, Endpoint, Grant, held_grants, open_grants
from maskproxy.access.hours import is_within, opening
from maskproxy.access.tokens import Person
from maskproxy.errors import BadRequest, Denied, MaskproxyError

_OWNERS = "Ask the gateway's owners for one that does."


class Asked(NamedTuple):
    """What a request's head asks for."""

    route: str
    endpoint: Endpoint


def permit(person: Person, grants: Sequence[Grant], asked: Asked, now: float) -> tuple[Grant, ...]:
    """The grants under which `person` may ask this, those that enforce masking first. Raises Denied."""
    fitting = [grant for grant in open_grants(person, grants, now) if grant.covers(*asked)]
    if fitting:
        return tuple(sorted(fitting, key=lambda grant: grant.mode != "enforce"))
    held = held_grants(person, grants)
    raise Denied(
        _why(person, held, asked, now),
        detail=f"route {asked.route}; holds {', '.join(grant.name for grant in held) or 'nothing'}",
    )


def _why(person: Person, held: Sequence[Grant], asked: Asked, now: float) -> str:
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
    lasting = [grant for grant in covering if not grant.is_over(person, now)]
    if not lasting:
        return "Your grant for this is over. Sign in again to open it anew."
    shut = [hours for grant in lasting if not is_within(grant.hours, now) for hours in grant.hours]
    return f"Your grant for this is closed at this hour. It opens on {opening(shut, now)}."


def refused_model(grants: Sequence[Grant]) -> MaskproxyError:
    """What a request gets that names a model which none of these grants allows."""
    allowed = ", ".join(dict.fromkeys(model for grant in grants for model in grant.models))
    return BadRequest(f"Your grant does not allow this model. Choose one of: {allowed}.")
