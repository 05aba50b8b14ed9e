import pytest
from prometheus_client import CollectorRegistry

from maskproxy.access.grants import Admission
from maskproxy.service.metrics import Metrics


def test_each_count_lands_under_its_name_and_labels() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.exchange_ended("claude", "complete", 204)
    metrics.exchange_ended("claude", "aborted", 0)
    came = Admission("trial", "pilots", "observe")
    metrics.masked("github-pat-classic", "request", came)
    metrics.blocked("jwt", "answer", came)
    metrics.alerted("jwt", "request", came)
    metrics.unread("claude", 7)
    metrics.refused("Denied")
    metrics.alarm("credential")
    metrics.connections(3)
    metrics.connections(-1)
    metrics.exchanges(1)
    metrics.upstream("claude", 0.2)
    metrics.recalled(2, 1)
    metrics.recalled(0, 1)
    metrics.remembered(5)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"maskproxy_{name}", labels)

    assert value("recalled_total", outcome="found") == 2
    assert value("recalled_total", outcome="lost") == 2
    assert value("store_secrets") == 5
    assert value("exchanges_total", route="claude", outcome="complete", status_class="2xx") == 1
    assert value("exchanges_total", route="claude", outcome="aborted", status_class="other") == 1
    came_in = came._asdict()
    assert value("masked_total", rule="github-pat-classic", direction="request", **came_in) == 1
    assert value("blocked_total", rule="jwt", direction="answer", **came_in) == 1
    assert value("alerts_total", rule="jwt", direction="request", **came_in) == 1
    assert value("unread_bytes_total", route="claude") == 7
    assert value("refused_total", reason="Denied") == 1
    assert value("alarms_total", kind="credential") == 1
    assert value("open_connections") == 2
    assert value("open_exchanges") == 1
    assert value("upstream_seconds_bucket", route="claude", le="0.25") == 1
    assert value("upstream_seconds_bucket", route="claude", le="0.1") == 0


def test_a_watched_value_is_read_when_it_is_scraped() -> None:
    registry = CollectorRegistry()
    queue = [0.0]
    Metrics(registry).watch("recorder_queue_bytes", "Bytes waiting.", lambda: queue[0])
    queue[0] = 42
    assert registry.get_sample_value("maskproxy_recorder_queue_bytes") == 42


def test_every_name_begins_with_ours_and_registries_are_apart() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    Metrics(CollectorRegistry())
    assert [m.name for m in registry.collect() if not m.name.startswith("maskproxy_")] == []
    with pytest.raises(ValueError, match="Duplicated"):
        Metrics(registry)
