"""The store in a running daemon: opened where the configuration names one, told of by alarms and metrics.

Imported late by whoever needs it: a gateway without a store starts without SQLAlchemy.
"""

from __future__ import annotations

import time
from pathlib import Path

from maskproxy.config import model
from maskproxy.service.logs import EventLog
from maskproxy.service.metrics import Metrics
from maskproxy.store.sealed_vault import SealedVault
from maskproxy.store.store import Store


async def open_store(path: Path, metrics: Metrics, log: EventLog) -> Store:
    """Raises StartFailed."""

    def alarm(*, failed: bool, sentence: str) -> None:
        if failed:
            metrics.alarm("store")
        log("store failed" if failed else "store works again", reason=sentence)

    store = Store(path, alarm=alarm)
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
