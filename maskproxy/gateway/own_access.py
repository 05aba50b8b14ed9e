"""The part of the gateway's own API that is about access: grants asked for, decisions on them, and revocations.

    GET  /maskproxy/v1/access                {"access": [...]}: one's own requests, and what one may decide on
    POST /maskproxy/v1/access                {"grant", "for_s", "reason"} -> {"request": {...}}
    POST /maskproxy/v1/access/decisions      {"id", "decision": approve|deny|revoke, "reason"} -> {"request": {...}}
    POST /maskproxy/v1/access/revocations    {"kind", "target", "person", "for_s", "reason"} -> {"revocation": {...}}
    POST /maskproxy/v1/access/restorations   {"id", "reason"} -> {"revocation": {...}}

Who may ask holds the grant by groups or claims. Who decides is in one of its approvers' groups, and nobody decides on
what is their own. Persons, tokens and sessions may be revoked by any approver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from maskproxy.access.grants import Grant, approves
from maskproxy.access.tokens import Person
from maskproxy.errors import BadRequest, Denied, NotFound, Unavailable
from maskproxy.gateway.heads import RequestHead
from maskproxy.gateway.state import Gateway
from maskproxy.recording.catalog import iso_time
from maskproxy.store.sightings import Asker

if TYPE_CHECKING:
    from maskproxy.store.access import Access
    from maskproxy.store.access_rows import RequestRow
    from maskproxy.store.revocation_rows import Revocation

PREFIX = "/maskproxy/v1/access"
LONGEST_REASON = 400
LONGEST_TARGET = 1100
MOST_LISTED = 1_000
LONGEST_S = 10 * 366 * 86_400.0
_Told = Mapping[str, object]
_Asked = Mapping[str, object]
Masked = Callable[[str], str]


def is_approver(person: Person, grants: Sequence[Grant]) -> bool:
    return any(approves(person, grant) for grant in grants)


class OwnAccess:
    """One person's request of this API. `masked` hides secrets in what is kept."""

    def __init__(self, gateway: Gateway, person: Person, masked: Masked) -> None:
        self._gateway = gateway
        self._person = person
        self._masked = masked
        if gateway.access is None:
            raise Unavailable("This gateway keeps no decisions about access, since its configuration names no store.")
        self._access: Access = gateway.access

    async def told(self, head: RequestHead, asked: _Asked) -> _Told:
        match head.method, head.path.removeprefix(PREFIX):
            case "GET", "":
                return {"access": await self._listed()}
            case "POST", "":
                return {"request": await self._ask(asked)}
            case "POST", "/decisions":
                return {"request": await self._decide(asked)}
            case "POST", "/revocations":
                return {"revocation": await self._revoke(asked)}
            case "POST", "/restorations":
                return {"revocation": await self._restore(asked)}
            case _:
                raise NotFound("There is nothing here by this method and path.")

    async def _listed(self) -> list[_Told]:
        requests, revoked = await self._access.listed()
        mine = [row for row in requests if row.person_key == self._person.key or self._may_decide(row.grant)]
        told: list[_Told] = [told_request(row, self._access.state(row)) for row in mine[:MOST_LISTED]]
        if is_approver(self._person, self._gateway.grants):
            now_us = self._gateway.wall_ns() // 1000
            told += [told_revocation(row, now_us) for row in revoked[:MOST_LISTED]]
        return told

    async def _ask(self, asked: _Asked) -> _Told:
        match asked:
            case {"grant": str(name), "for_s": int() | float() as for_s, **rest} if rest.keys() <= {
                "reason"
            } and not isinstance(for_s, bool):
                reason = self._reason(asked)
            case _:
                raise BadRequest('Send {"grant": "...", "for_s": seconds, "reason": "..."}.')
        grant = next((one for one in self._gateway.grants if one.name == name and one.is_for(self._person)), None)
        if grant is None:
            raise NotFound("You hold no grant of this name. Ask the gateway's owners for one of your groups.")
        if grant.approval is None:
            raise BadRequest("This grant needs no approval: it is yours already.")
        if not 1 <= for_s <= grant.approval.longest_s:
            raise BadRequest(f"This grant is given for 1 second to {grant.approval.longest_s / 3600:g} hours.")
        if grant.approval.reason and not reason:
            raise BadRequest("This grant takes a reason. Say why you need it (--reason).")
        row = await self._access.ask(Asker(self._person.key, self._person.name), name, float(for_s), reason)
        return told_request(row, self._access.state(row)) | {"approvers": sorted(grant.approval.approvers)}

    async def _decide(self, asked: _Asked) -> _Told:
        match asked:
            case {"id": str(request), "decision": "approve" | "deny" | "revoke" as decision, **rest} if rest.keys() <= {
                "reason"
            }:
                reason = self._reason(asked)
            case _:
                raise BadRequest('Send {"id": "...", "decision": "approve", "deny" or "revoke", "reason": "..."}.')

        def may(row: RequestRow) -> None:
            """One's own may be taken back, and nothing else."""
            if row.person_key == self._person.key:
                if decision != "revoke":
                    raise Denied("Nobody decides on what they asked for themselves. Ask another approver.")
            elif not self._may_decide(row.grant):
                raise NotFound("No request has this id. `maskproxy access list` shows those that there are.")

        row = await self._access.decide(request, decision, by=self._person.key, reason=reason, may=may)
        return told_request(row, self._access.state(row))

    async def _revoke(self, asked: _Asked) -> _Told:
        match asked:
            case {
                "kind": "person" | "token" | "session" | "grant" as kind,
                "target": str(target),
                "for_s": int() | float() as for_s,
                **rest,
            } if rest.keys() <= {"reason", "person"} and not isinstance(for_s, bool):
                reason, person = self._reason(asked), asked.get("person", "")
            case _:
                raise BadRequest(
                    'Send {"kind": "person", "token", "session" or "grant", "target": "...", "for_s": seconds}.'
                )
        if not isinstance(person, str) or (person and kind != "grant"):
            raise BadRequest("A person is named beside a grant only.")
        if not all(is_target(text) for text in (target, person or "nobody")):
            raise BadRequest(f"What is revoked has 1 to {LONGEST_TARGET} printable characters.")
        if not 1 <= for_s <= LONGEST_S:
            raise BadRequest("A revocation lasts from 1 second to 10 years.")
        if not (self._may_decide(target) if kind == "grant" else is_approver(self._person, self._gateway.grants)):
            raise Denied("Only approvers may revoke this. Ask one of them, or the gateway's operators.")
        row = await self._access.revoke(kind, target, person, for_s=for_s, by=self._person.key, reason=reason)
        return told_revocation(row, self._gateway.wall_ns() // 1000)

    async def _restore(self, asked: _Asked) -> _Told:
        match asked:
            case {"id": str(revoked), **rest} if rest.keys() <= {"reason"}:
                reason = self._reason(asked)
            case _:
                raise BadRequest('Send {"id": "...", "reason": "..."}.')
        if not is_approver(self._person, self._gateway.grants):
            raise Denied("Only approvers may restore what was revoked. Ask one of them, or the gateway's operators.")
        row = await self._access.restore(revoked, by=self._person.key, reason=reason)
        return told_revocation(row, self._gateway.wall_ns() // 1000)

    def _may_decide(self, name: str) -> bool:
        return any(grant.name == name and approves(self._person, grant) for grant in self._gateway.grants)

    def _reason(self, asked: _Asked) -> str:
        said = asked.get("reason", "")
        reason = " ".join(said.split()) if isinstance(said, str) else "\0"
        if len(reason) > LONGEST_REASON or not reason.isprintable():
            raise BadRequest(f"Say why in at most {LONGEST_REASON} printable characters.")
        return self._masked(reason)


def is_target(text: str) -> bool:
    return 0 < len(text) <= LONGEST_TARGET and text.isprintable()


def told_request(row: RequestRow, state: str) -> dict[str, object]:
    return {
        "id": row.id,
        "kind": "request",
        "person": row.person_key,
        "person_name": row.person_name,
        "grant": row.grant,
        "state": state,
        "reason": row.reason,
        "at": iso_time(row.asked_us * 1000),
        "for_s": row.for_us / 1e6,
        "expires": iso_time(row.expires_us * 1000) if row.expires_us else None,
    }


def told_revocation(row: Revocation, now_us: int) -> dict[str, object]:
    return {
        "id": row.id,
        "kind": row.kind,
        "target": row.target,
        "person": row.target if row.kind == "person" else row.person_key,
        "grant": row.target if row.kind == "grant" else "",
        "state": "revoked" if row.expires_us > now_us else "over",
        "reason": row.reason,
        "by": row.by,
        "at": iso_time(row.at_us * 1000),
        "expires": iso_time(row.expires_us * 1000),
    }
