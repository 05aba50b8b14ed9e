import io
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from maskproxy.config.model import Masking
from maskproxy.errors import StoreFailed
from maskproxy.masking import Known
from maskproxy.service import logs
from maskproxy.service.metrics import Metrics
from maskproxy.service.storing import open_store, sealed_vault


async def test_what_fails_or_was_changed_is_an_alarm_and_a_line_in_the_log(tmp_path: Path) -> None:
    stream, metrics = io.StringIO(), Metrics(CollectorRegistry())
    log, _ = logs.start("info", "json", stream=stream)
    store = await open_store(tmp_path / "state.db", metrics, log)
    masking = Masking.model_validate({"key": {"file": "masking.key"}})
    vault = sealed_vault(store, b"k" * 32, masking, metrics, log)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"maskproxy_{name}", labels)

    vault.remember("ada", [Known(b"MASKED_A", "rule", b"a secret")])
    assert len(await vault.recall("ada", [b"MASKED_A"])) == 1
    assert (value("store_secrets"), value("store_failed"), value("alarms_total", kind="store")) == (1, 0, None)
    change = text("UPDATE vault SET sealed = zeroblob(40)")
    await store.call(lambda connection: connection.execute(change).rowcount, timeout_s=60)
    assert await vault.recall("ada", [b"MASKED_A"]) == []
    assert value("alarms_total", kind="store") == 1
    with pytest.raises(StoreFailed):
        await store.call(lambda connection: connection.execute(text("SELECT nothing")).all(), timeout_s=60)
    assert (value("store_failed"), value("alarms_total", kind="store")) == (1, 2)
    await vault.prune()
    assert value("store_failed") == 0
    await store.close()
    said = stream.getvalue()
    for event in ("secrets in the store are not what was sealed", "store failed", "store works again"):
        assert event in said
    assert "MASKED_A" not in said
