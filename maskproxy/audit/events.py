"""The audit trail's events, version 1 of their schema, and what each is in OCSF 1.6.0.

An event says who, what, why, where and when, and holds no secret: what people wrote was masked before it came here, and
`clean` is the last net. A later version of the schema may add fields and events; it takes nothing away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from maskproxy.access.tokens import Person

SCHEMA: Final = 1
LONGEST_TEXT: Final = 2000
MOST_GROUPS: Final = 100

EventName = Literal[
    "sign_in",
    "grant_use",
    "refusal",
    "limit",
    "access",
    "approval",
    "revocation",
    "allowance",
    "finding",
    "block",
    "replay",
    "search",
    "export",
]
Value = str | int | bool


class Meaning(NamedTuple):
    """Severity as syslog counts it (RFC 5424, 6.2.1); class and activity as OCSF does."""

    severity: int
    ocsf_class: int
    ocsf_activity: int = 99
    by_action: Mapping[str, int] = {}
    """Activities of some actions, instead."""


_WARNING, _NOTICE, _INFORMATIONAL = 4, 5, 6
EVENTS: Final[Mapping[EventName, Meaning]] = {
    "sign_in": Meaning(
        _NOTICE, 3002, by_action={"signed in": 1, "signed out": 2, "revoked": 2, "gone": 2, "reused": 2}
    ),
    "grant_use": Meaning(_INFORMATIONAL, 6003),
    "refusal": Meaning(_NOTICE, 6003),
    "limit": Meaning(_NOTICE, 6003),
    "access": Meaning(_NOTICE, 3005),
    "approval": Meaning(_NOTICE, 3005, by_action={"approved": 1}),
    "revocation": Meaning(_WARNING, 3005, by_action={"revoked": 2, "restored": 1}),
    "allowance": Meaning(_NOTICE, 2006, 2),
    "finding": Meaning(_WARNING, 2006, 1),
    "block": Meaning(_WARNING, 2006, 1),
    "replay": Meaning(_NOTICE, 6005, 1),
    "search": Meaning(_NOTICE, 6005, 4),
    "export": Meaning(_NOTICE, 6005, 1),
}
"""2006 Data Security Finding, 3002 Authentication, 3005 User Access Management, 6003 API Activity, 6005 Datastore
Activity. Activity 99 is Other: the action says which."""


class Who(NamedTuple):
    """Somebody, as the company knows them. Empty where nobody is known."""

    key: str = ""
    name: str = ""
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, person: Person | None) -> Who:
        return cls() if person is None else cls(person.key, person.name, tuple(sorted(person.groups)))


NOBODY = Who()


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """`who` it is about, `by` whom it was done if that is another, `reason` why; `more` as README has it."""

    event: EventName
    action: str
    who: Who = NOBODY
    by: str = ""
    reason: str = ""
    exchange: str = ""
    session: str = ""
    more: Mapping[str, Value] = field(default_factory=dict)

    @property
    def meaning(self) -> Meaning:
        return EVENTS[self.event]


Clean = Callable[[str], str]


def written(event: AuditEvent, name: str, time_ns: int, node: str, clean: Clean, clean_identity: Clean) -> bytes:
    """One line of ASCII JSON, without its end. `name` is the event's own, unlike every other's.

    `clean` masks what should not be in a text. Identities may be URLs with an @: `clean_identity` leaves them whole.
    """
    who, meaning = event.who, event.meaning
    activity = meaning.by_action.get(event.action, meaning.ocsf_activity)
    told: dict[str, object] = {
        "schema": SCHEMA,
        "id": name,
        "time": rfc3339(time_ns),
        "node": node,
        "event": event.event,
        "action": event.action,
        "ocsf": {
            "class_uid": meaning.ocsf_class,
            "activity_id": activity,
            "type_uid": meaning.ocsf_class * 100 + activity,
        },
    }
    if who.key:
        told["person"] = clean_identity(who.key[:LONGEST_TEXT])
        told["person_name"] = clean_identity(who.name[:LONGEST_TEXT])
        told["groups"] = [clean_identity(group[:LONGEST_TEXT]) for group in who.groups[:MOST_GROUPS]]
    if event.by:
        told["by"] = clean_identity(event.by[:LONGEST_TEXT])
    for label, text in (("reason", event.reason), ("exchange", event.exchange), ("session", event.session)):
        if text:
            told[label] = clean(text[:LONGEST_TEXT])
    for label, value in event.more.items():
        if value != "":
            own = clean_identity if label in _IDENTITIES else clean
            told[label] = own(value[:LONGEST_TEXT]) if isinstance(value, str) else value
    return json.dumps(told, separators=(",", ":")).encode("ascii")


_IDENTITIES = frozenset({"target", "provider"})


def rfc3339(time_ns: int) -> str:
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns % 1_000_000_000 // 1000:06d}Z"
