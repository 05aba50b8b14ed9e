"""What the recording gets to know of one exchange, in order. A wait for the recorder is one for the exchange too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from maskproxy.access.grants import Admission
from maskproxy.access.tokens import Person
from maskproxy.audit import AuditEvent, Who
from maskproxy.bodies.masks import BodyFinding
from maskproxy.gateway.connection import Connection
from maskproxy.gateway.heads import Fields, RequestHead
from maskproxy.gateway.state import Gateway
from maskproxy.masking import Direction, Done, Masked, Sought
from maskproxy.recording.frames import Frame
from maskproxy.store.sightings import Sighting

_MOST_SESSIONS = 10_000
_AT_A_TIME = 100


class Journal:
    """Frames of one exchange. Raises `RecordingFailed` as soon as they cannot be kept."""

    def __init__(self, gateway: Gateway, person: Person, session: str, exchange: str, admission: Admission) -> None:
        self._gateway = gateway
        self._person = person
        self._session = session
        self._exchange = exchange
        self.admission = admission
        self._pieces = {"request_body": 0, "response_body": 0}
        self._alerted: set[tuple[str, str]] = set()
        self._audited: set[tuple[str, str, str]] = set()
        self._route = ""

    async def _put(self, kind: str, data: Mapping[str, object]) -> None:
        gateway = self._gateway
        frame = Frame(kind, self._session, self._exchange, gateway.wall_ns(), gateway.mono_ns(), data)
        if not gateway.recorder.offer(frame):
            await gateway.recorder.append(frame)

    async def request(
        self,
        connection: Connection,
        head: RequestHead,
        target: str,
        fields: Fields,
        route: str,
    ) -> None:
        """`target` and `fields` are masked; nothing else of the head is told."""
        self._route = route
        told, person = {name.lower(): value for name, value in fields}, self._person
        client = told.get("user-agent", "")
        if self._is_news():
            await self._put("session", {"person": person.key, "person_name": person.name, "client": client})
        data = {
            "method": head.method,
            "target": target,
            "fields": [list(f) for f in fields],
            "route": route,
            "mode": self.admission.mode,
            "via": connection.via,
            "person": person.key,
            "person_name": person.name,
            "groups": sorted(person.groups),
            "client": client,
            "agent": told.get("x-claude-code-agent-id", ""),
            "parent_agent": told.get("x-claude-code-parent-agent-id", ""),
        }
        await self._put("request", data)

    def _is_news(self) -> bool:
        """Tell whether the session is to be introduced. Of very many the oldest are forgotten, and told once more."""
        told = self._gateway.sessions_told
        if self._session in told:
            told.move_to_end(self._session)
            return False
        told[self._session] = None
        if len(told) > _MOST_SESSIONS:
            told.popitem(last=False)
        return True

    async def decision(self, outcome: str, grant: str, sentence: str = "") -> None:
        await self._put("decision", {"outcome": outcome, "grant": grant, "sentence": sentence})
        if outcome == "allowed":
            more = {"grant": grant, "route": self._route, "mode": self.admission.mode}
            await self._gateway.audit.tell(
                AuditEvent(
                    "grant_use",
                    "allowed",
                    Who.of(self._person),
                    exchange=self._exchange,
                    session=self._session,
                    more=more,
                )
            )

    async def response(self, status: int, reason: str, fields: Fields) -> None:
        await self._put("response", {"status": status, "reason": reason, "fields": [list(f) for f in fields]})

    async def body(self, kind: str, body: Masked) -> None:
        """`kind` is request_body or response_body."""
        if body:
            await self._put(kind, {"body": body, "seq": self._pieces[kind]})
            self._pieces[kind] += 1

    async def findings(self, direction: Direction, findings: Sequence[BodyFinding], told: int, sought: Sought) -> int:
        """Tell the findings from number `told` on; gives how many are told now."""
        for number, finding in enumerate(findings[told:], 1):
            if number % _AT_A_TIME == 0:
                await asyncio.sleep(0)  # there may be thousands, and others wait
            done = sought.done(finding)
            self._count(direction, finding.rule, done)
            self._keep(direction, finding, done, sought)
            await self._put("finding", {"direction": direction, "action": done, **finding._asdict()})
            await self._audit(direction, finding, done, sought)
        return max(told, len(findings))

    async def _audit(self, direction: Direction, finding: BodyFinding, done: Done, sought: Sought) -> None:
        """The same secret once in an exchange and direction. No place is told, since keys are people's text."""
        seen = (direction, finding.placeholder or finding.rule, done)
        if seen in self._audited:
            return
        self._audited.add(seen)
        lifting = sought.record.lifting
        more = {
            "rule": finding.rule,
            "direction": direction,
            "placeholder": finding.placeholder,
            "fingerprint": "" if lifting is None else lifting.prints.get(finding.placeholder, ""),
            "route": self._route,
            "grant": self.admission.grant,
            "mode": self.admission.mode,
        }
        is_block = done == "block" and not sought.observes
        await self._gateway.audit.tell(
            AuditEvent(
                "block" if is_block else "finding",
                done,
                Who.of(self._person),
                exchange=self._exchange,
                session=self._session,
                more=more,
            )
        )

    def _keep(self, direction: Direction, finding: BodyFinding, done: Done, sought: Sought) -> None:
        """Have the finding kept for its person, who may ask for it to pass."""
        allowances, lifting = self._gateway.allowances, sought.record.lifting
        noted = None if lifting is None else lifting.noted.get(finding.placeholder)
        if allowances is None or noted is None:
            return
        told = (finding.rule, finding.placeholder, direction, finding.place, done, self.admission.mode)
        allowances.note(self._person.key, Sighting(*told, self._session, self._exchange), noted)

    def _count(self, direction: Direction, rule: str, action: Done) -> None:
        """An alert raises its alarm once in an exchange, and tells the rule: no place, since keys are people's text."""
        meters = self._gateway.meters
        if action == "mask":
            meters.masked(rule, direction, self.admission)
        elif action == "block":
            meters.blocked(rule, direction, self.admission)
        elif action == "lifted":
            meters.lifted(rule, direction, self.admission)
        else:
            meters.alerted(rule, direction, self.admission)
            if (direction, rule) not in self._alerted:
                self._alerted.add((direction, rule))
                meters.alarm("alert")
                self._gateway.log("alert", exchange=self._exchange, rule=rule, direction=direction)

    async def end(self, outcome: str, sentence: str, status: int, bytes_in: int, bytes_out: int) -> None:
        data = {
            "outcome": outcome,
            "sentence": sentence,
            "status": status,
            "bytes_in": bytes_in,
            "bytes_out": bytes_out,
        }
        await self._put("end", data)
