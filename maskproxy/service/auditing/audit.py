"""The one way into the audit trail. It stays while configurations, and with them its sinks, come and go."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence

from maskproxy.audit import AuditEvent, written
from maskproxy.audit.events import rfc3339
from maskproxy.service.auditing.outbox import Entry, Outbox
from maskproxy.service.logs import Net


class Audit:
    """`tell` it. With no sinks, nothing is told."""

    def __init__(self, net: Net, *, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._net = net
        self._wall_ns = wall_ns
        self._node = ""
        self._outboxes: tuple[Outbox, ...] = ()

    def use(self, outboxes: Sequence[Outbox], node: str) -> None:
        """From now on tell these, which have been started. Whoever gave those before closes them."""
        self._outboxes, self._node = tuple(outboxes), node

    async def tell(self, event: AuditEvent) -> None:
        """Waits for room no longer than a sink that waits allows. Raises nothing."""
        outboxes = self._outboxes
        if not outboxes:
            return
        name, now_ns = f"evt_{secrets.token_hex(12)}", self._wall_ns()
        line = written(event, name, now_ns, self._node, self._net.mask, self._net.mask_identity)
        fingerprint = str(event.more.get("fingerprint", "")) if event.event == "finding" else ""
        entry = Entry(event.event, event.meaning.severity, rfc3339(now_ns), line, fingerprint, name)
        for outbox in outboxes:
            await outbox.put(entry)

    def reopen(self) -> None:
        for outbox in self._outboxes:
            outbox.sink.reopen()


async def close_all(outboxes: Sequence[Outbox]) -> None:
    """At once, so that the slowest one is all that is waited for."""
    if outboxes:
        await asyncio.gather(*(outbox.close() for outbox in outboxes))
