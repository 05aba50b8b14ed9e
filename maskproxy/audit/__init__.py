"""PURE. What the audit trail says: events, the lines that they become, and the proof that a webhook is ours."""

from maskproxy.audit.events import EVENTS, SCHEMA, AuditEvent, EventName, Who, written

__all__ = ["EVENTS", "SCHEMA", "AuditEvent", "EventName", "Who", "written"]
