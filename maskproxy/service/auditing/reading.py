"""Somebody reads the recording on this machine: told to the configured trail before they see anything."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from prometheus_client import CollectorRegistry

from maskproxy.audit import AuditEvent, EventName
from maskproxy.config.load import load
from maskproxy.errors import StartFailed
from maskproxy.service import logs
from maskproxy.service.auditing.audit import Audit, close_all
from maskproxy.service.auditing.configured import node_name, opened
from maskproxy.service.logged_in import logged_in
from maskproxy.service.metrics import Metrics


def tell_reading(config_path: Path, event: EventName, action: str, session: str) -> None:
    """Raises StartFailed where the trail's file cannot take it; that another sink did not is told in the log."""
    asyncio.run(_tell(config_path, AuditEvent(event, action, by=logged_in(), session=session)))


async def _tell(config_path: Path, event: AuditEvent) -> None:
    config = load(config_path, os.environ).audit
    metrics = Metrics(CollectorRegistry())
    log, net = logs.start("info", "text")
    outboxes, secrets = await opened(config, metrics, log, create=False)
    net.follow(lambda: secrets)
    audit = Audit(net)
    audit.use(outboxes, node_name(config))
    await audit.tell(event)
    await close_all(outboxes)
    if metrics.registry.get_sample_value("maskproxy_audit_events_total", {"sink": "file", "outcome": "dropped"}):
        raise StartFailed("The audit file cannot be written, so nothing is shown. Look at the space on its disk.")
