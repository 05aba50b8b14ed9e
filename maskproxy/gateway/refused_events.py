"""A refusal, or a limit that was met, as an event of the audit trail."""

from __future__ import annotations

from maskproxy.access.tokens import Person
from maskproxy.audit import AuditEvent, EventName, Who
from maskproxy.errors import MaskproxyError, TooMany


def refusal_event(
    error: MaskproxyError,
    person: Person | None,
    exchange: str,
    *,
    at: str,
    peer: str,
    session: str = "",
    route: str = "",
    grant: str = "",
) -> AuditEvent:
    """`at` tells which door refused: exchange, tunnel, own api or sign-in. The reason is what the caller read."""
    more: dict[str, str | int | bool] = {
        "error": type(error).__name__,
        "status": error.status,
        "at": at,
        "peer": peer,
        "route": route,
        "grant": grant,
    }
    event: EventName = "limit" if isinstance(error, TooMany) else "refusal"
    action = "failed" if error.status >= 500 else "refused"
    return AuditEvent(event, action, Who.of(person), reason=str(error), exchange=exchange, session=session, more=more)
