"""May this person send this request? Pure. The answer is a grant, or a refusal that says what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from maskproxy.access.grants import Grant, held_grants, open_grants
from maskproxy.access.tokens import Person
from maskproxy.errors import Denied


def permit(person: Person, grants: Sequence[Grant], route_name: str, now: float) -> Grant:
    """The grant under which `person` may use the route. Where several fit, one that enforces masking wins."""
    fitting = [grant for grant in open_grants(person, grants, now) if route_name in grant.routes]
    if fitting:
        return next((grant for grant in fitting if grant.mode == "enforce"), fitting[0])
    held = held_grants(person, grants)
    detail = f"route {route_name}; holds {', '.join(grant.name for grant in held) or 'nothing'}"
    if any(route_name in grant.routes for grant in held):
        raise Denied("Your grant for this is over. Sign in again to open it anew.", detail=detail)
    if held:
        raise Denied("Your grants do not cover this. Ask the gateway's owners for a grant that does.", detail=detail)
    raise Denied(
        "You are signed in, but none of your groups has a grant here. Ask the gateway's owners to add one of them.",
        detail=detail,
    )
