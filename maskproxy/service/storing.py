"""The store in a running daemon: opened where the configuration names one, told of by alarms and metrics.

Imported late by whoever needs it: a gateway without a store starts without SQLAlchemy.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping

from maskproxy.audit import AuditEvent, EventName, Who
from maskproxy.config import model
from maskproxy.errors import RecordingFailed
from maskproxy.gateway.state import Audit, Recording
from maskproxy.recording.catalog import iso_time
from maskproxy.recording.frames import AUDIT, Frame
from maskproxy.service.logs import EventLog
from maskproxy.service.metrics import Metrics
from maskproxy.store import access_events
from maskproxy.store.access import Access
from maskproxy.store.allowance_rows import Event
from maskproxy.store.allowances import Allowances
from maskproxy.store.postgres_url import StorePlace
from maskproxy.store.sealed_vault import SealedVault
from maskproxy.store.store import Store

_ACCESS: Mapping[str, EventName] = {"asked": "access", "approved": "approval", "denied": "approval"}


async def open_store(place: StorePlace, metrics: Metrics, log: EventLog) -> Store:
    """Raises StartFailed."""

    def alarm(*, failed: bool, sentence: str) -> None:
        if failed:
            metrics.alarm("store")
        log("store failed" if failed else "store works again", reason=sentence)

    store = Store(place, alarm=alarm)
    await store.start()
    metrics.watch("store_failed", "1 while the store cannot be used.", lambda: float(store.failed))
    return store


def sealed_vault(store: Store, key: bytes, masking: model.Masking, metrics: Metrics, log: EventLog) -> SealedVault:
    def tampered(rows: int) -> None:
        metrics.alarm("store")
        log("secrets in the store are not what was sealed", rows=rows)

    return SealedVault(
        store,
        key,
        keep_s=masking.restore.keep,
        wall_ns=time.time_ns,
        counted=metrics.remembered,
        tampered=tampered,
    )


def allowances(
    store: Store, key: bytes, metrics: Metrics, log: EventLog, recorder: Recording, audit: Audit
) -> Allowances:
    async def audited(event: Event) -> None:
        """Tell it in the log, the metrics and the recording. An event that cannot be recorded stays in the store."""
        told = {
            "allowance": event.allowance,
            "person": event.person_key,
            "person_name": event.person_name,
            "placeholder": event.placeholder,
            "rule": event.rule,
            "by": event.by,
            "reason": event.reason,
            "at": iso_time(event.at_us * 1000),
        }
        if event.expires_us:
            told["expires"] = iso_time(event.expires_us * 1000)
        metrics.allowance(event.event)
        log(f"allowance {event.event}", **told)
        who, more = (
            Who(event.person_key, event.person_name),
            _left_of(told, "allowance", "placeholder", "rule", "expires"),
        )
        await audit.tell(AuditEvent("allowance", event.event, who, event.by, event.reason, more=more))
        data = {"event": event.event, **told}
        with contextlib.suppress(RecordingFailed):
            await recorder.append(Frame("audit", AUDIT, "", time.time_ns(), time.monotonic_ns(), data))

    def unforeseen(error: Exception) -> None:
        metrics.alarm("internal")
        log("allowances could not be followed", error=type(error).__name__)

    return Allowances(store, key, wall_ns=time.time_ns, audited=audited, unforeseen=unforeseen)


def access(store: Store, metrics: Metrics, log: EventLog, recorder: Recording, audit: Audit) -> Access:
    async def audited(event: access_events.Event) -> None:
        """Tell it in the log, the metrics and the recording. An event that cannot be recorded stays in the store."""
        told = {
            "id": event.subject,
            "kind": event.kind,
            "target": event.target,
            "grant": event.grant,
            "person": event.person_key,
            "person_name": event.person_name,
            "by": event.by,
            "reason": event.reason,
            "at": iso_time(event.at_us * 1000),
        }
        if event.expires_us:
            told["expires"] = iso_time(event.expires_us * 1000)
        metrics.access(event.event)
        log(f"access {event.event}", **told)
        who, more = Who(event.person_key, event.person_name), _left_of(told, "id", "kind", "target", "grant", "expires")
        name = _ACCESS.get(event.event, "revocation")
        await audit.tell(AuditEvent(name, event.event, who, event.by, event.reason, more=more))
        data = {"event": f"access_{event.event}", **told}
        with contextlib.suppress(RecordingFailed):
            await recorder.append(Frame("audit", AUDIT, "", time.time_ns(), time.monotonic_ns(), data))

    def unforeseen(error: Exception) -> None:
        metrics.alarm("internal")
        log("access could not be followed", error=type(error).__name__)

    return Access(store, wall_ns=time.time_ns, mono_ns=time.monotonic_ns, audited=audited, unforeseen=unforeseen)


def _left_of(told: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: told[name] for name in names if told.get(name)}
