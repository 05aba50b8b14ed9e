"""From the configuration's `audit` to sinks that take events."""

from __future__ import annotations

import socket
import ssl

from maskproxy.config import model
from maskproxy.errors import StartFailed
from maskproxy.gateway.credentials.command import SourceFailed
from maskproxy.service.auditing.files import FileSink, OutputSink
from maskproxy.service.auditing.outbox import Outbox, Sink
from maskproxy.service.auditing.syslog import SyslogSink
from maskproxy.service.auditing.webhook import LIFE_S, WebhookSink
from maskproxy.service.credentials import source_of
from maskproxy.service.logs import EventLog
from maskproxy.service.metrics import Metrics
from maskproxy.service.trust import client_context


def node_name(audit: model.Audit | None) -> str:
    return (audit.node if audit is not None else None) or socket.gethostname()


async def opened(
    audit: model.Audit | None, metrics: Metrics, log: EventLog, *, create: bool = True
) -> tuple[list[Outbox], list[str]]:
    """The outboxes, started, and the secrets that they know. Raises StartFailed, and then nothing is left open."""
    if audit is None:
        return [], []
    trust = _syslog_trust(audit.syslog)
    webhooks, secrets = [], []
    for webhook in audit.webhooks:
        try:
            secret = (await source_of(webhook.secret).read()).secret
        except SourceFailed as error:
            raise StartFailed("A webhook's secret cannot be read.", detail=str(error)) from error
        roots = None if webhook.url.startswith("http://") else client_context(webhook.trust)
        hook = WebhookSink(webhook.name, webhook.url, secret.encode(), frozenset(webhook.events), roots)
        webhooks.append((hook, webhook.when_full))
        secrets.append(secret)

    def outbox(sink: Sink, when_full: model.WhenFull, life_s: float | None = None) -> Outbox:
        made = Outbox(sink, metrics, log, most=audit.queue, waits=when_full == "wait", life_s=life_s)
        made.start()
        return made

    outboxes = []
    if audit.file is not None:
        outboxes.append(outbox(FileSink(audit.file, fsync=audit.fsync, create=create), audit.when_full))
    if audit.stdout:
        outboxes.append(outbox(OutputSink(), audit.when_full))
    if audit.syslog is not None:
        place, facility = audit.syslog.address, audit.syslog.facility
        sink = SyslogSink(place.transport, place.host, place.port, facility, node_name(audit), trust)
        outboxes.append(outbox(sink, audit.syslog.when_full))
    outboxes += [outbox(hook, when_full, LIFE_S) for hook, when_full in webhooks]
    return outboxes, secrets


def _syslog_trust(syslog: model.Syslog | None) -> ssl.SSLContext | None:
    if syslog is None or syslog.address.transport != "tls":
        return None
    context = ssl.create_default_context(cafile=str(syslog.trust) if syslog.trust is not None else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
