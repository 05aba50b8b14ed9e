"""Decisions about access by an operator, on the gateway's machine and beside the running gateway; see `on_site`."""

from __future__ import annotations

import time

from maskproxy.errors import BadRequest
from maskproxy.gateway.own_access import LONGEST_REASON, is_target, told_request, told_revocation
from maskproxy.recording.catalog import iso_time
from maskproxy.service.logged_in import logged_in
from maskproxy.service.on_site import OnSite
from maskproxy.store import access_events, access_rows, revocation_rows
from maskproxy.store.access import revocation
from maskproxy.store.access_events import Event
from maskproxy.store.access_rows import Decision, RequestBounds, RequestRow
from maskproxy.store.revocation_rows import Kind, Revocation

_BOUNDS = RequestBounds()
Told = dict[str, object]


class OnSiteAccess(OnSite):
    """`with OnSiteAccess(configuration) as store`. Raises StartFailed (exit 69) and Denied (77)."""

    def listed(self) -> list[Told]:
        """Everybody's requests and what was revoked, the latest first, each with its history."""
        requests, revoked, events = self._run(
            lambda connection: (
                access_rows.listed(connection),
                revocation_rows.listed(connection),
                access_events.history(connection),
            )
        )
        now_us = _now_us()
        told = [self._request(row) for row in requests] + [told_revocation(row, now_us) for row in revoked]
        return [row | {"history": [_event(event) for event in events.get(str(row["id"]), [])]} for row in told]

    def decide_request(self, request: str, decision: Decision, reason: str) -> Told:
        """Raises NotFound, Denied and BadRequest, too. A secret in the reason is masked."""
        by, why, now_us = logged_in(), self._why(reason), _now_us()
        return self._request(
            self._run(
                lambda connection: access_rows.decide(
                    connection,
                    request,
                    decision,
                    by=by,
                    reason=why,
                    now_us=now_us,
                    bounds=_BOUNDS,
                    may=lambda _: None,
                )
            )
        )

    def revoke(self, kind: Kind, target: str, person: str, for_s: float, reason: str) -> Told:
        """Raises Denied and BadRequest, too."""
        if not all(is_target(text) for text in (target, person or "nobody")):
            raise BadRequest("What is revoked is a short text of printable characters.")
        why, now_us = self._why(reason), _now_us()
        row = revocation(kind, target, person, now_us=now_us, for_s=for_s, by=logged_in(), reason=why)
        made: Revocation = self._run(lambda connection: revocation_rows.add(connection, row))
        return told_revocation(made, now_us)

    def restore(self, revoked: str, reason: str) -> Told:
        """Raises NotFound, Denied and BadRequest, too."""
        by, why, now_us = logged_in(), self._why(reason), _now_us()
        row = self._run(
            lambda connection: revocation_rows.restore(connection, revoked, by=by, reason=why, now_us=now_us)
        )
        return told_revocation(row, now_us)

    def _why(self, reason: str) -> str:
        reason = " ".join(reason.split())
        if len(reason) > LONGEST_REASON or not reason.isprintable():
            raise BadRequest(f"Say why in at most {LONGEST_REASON} printable characters.")
        return self._masking().text(reason.encode())[0].decode() if reason else ""

    def _request(self, row: RequestRow) -> Told:
        return told_request(row, row.state_at(_now_us(), _BOUNDS.wait_us))


def _now_us() -> int:
    return time.time_ns() // 1000


def _event(event: Event) -> Told:
    return {"event": event.event, "by": event.by, "reason": event.reason, "at": iso_time(event.at_us * 1000)}
