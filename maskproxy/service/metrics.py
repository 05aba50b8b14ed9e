"""What is counted, for Prometheus. The registry is handed in; every name begins with `maskproxy_`.

Labels hold names from the configuration and words of ours (an outcome, a rule, an error's class), never a person's
data, so their number is bounded by the configuration. The gateway sees this as its `Meters`.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from maskproxy.access.grants import Admission

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
STATUS_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")


class Metrics:
    """Satisfies the gateway's `Meters`, and lets the daemon add what only it can see."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"maskproxy_{name}", text, labels, registry=registry)

        self._exchanges = counter("exchanges", "Exchanges that ended.", "route", "outcome", "status_class")
        found = ("rule", "direction", "mode", "grant", "group")
        self._masked = counter("masked", "Spans that became placeholders, or (observe) would have.", *found)
        self._blocked = counter("blocked", "Findings that ended the exchange, or (observe) would have.", *found)
        self._alerts = counter("alerts", "Findings of rules that let pass and tell.", *found)
        self._lifted = counter("lifted", "Findings that their person may have as they are.", *found)
        self._allowances = counter("allowances", "What became of allowances, told once by one node.", "event")
        self._sign_ins = counter("sign_ins", "What happened to sign-ins here.", "event")
        self._access = counter("access", "What was asked and decided about access, told once by one node.", "event")
        self._audited = counter("audit_events", "Events of the audit trail, by what became of them.", "sink", "outcome")
        self._audit_queued = Gauge(
            "maskproxy_audit_queued", "Events that wait for a sink of the audit trail.", ("sink",), registry=registry
        )
        self._unread = counter("unread_bytes", "Bytes of media passed without being read, as configured.", "route")
        self._refused = counter("refused", "Refusals and failures, by the class of the error.", "reason")
        self._alarms = counter("alarms", "What an operator should look at.", "kind")
        self._recalled = counter("recalled", "Placeholders that a history had lost, by what the store knew.", "outcome")
        self._remembered = Gauge("maskproxy_store_secrets", "Secrets that the store keeps sealed.", registry=registry)
        self._connections = Gauge("maskproxy_open_connections", "Client connections open now.", registry=registry)
        self._open = Gauge("maskproxy_open_exchanges", "Exchanges running now.", registry=registry)
        self._upstream = Histogram(
            "maskproxy_upstream_seconds",
            "From the begin of sending a request to the head of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )

    def exchange_ended(self, route: str, outcome: str, status: int) -> None:
        status_class = f"{status // 100}xx"
        known = status_class if status_class in STATUS_CLASSES else "other"
        self._exchanges.labels(route, outcome, known).inc()

    def masked(self, rule: str, direction: str, admission: Admission) -> None:
        self._found(self._masked, rule, direction, admission)

    def blocked(self, rule: str, direction: str, admission: Admission) -> None:
        self._found(self._blocked, rule, direction, admission)

    def alerted(self, rule: str, direction: str, admission: Admission) -> None:
        self._found(self._alerts, rule, direction, admission)

    def lifted(self, rule: str, direction: str, admission: Admission) -> None:
        self._found(self._lifted, rule, direction, admission)

    def allowance(self, event: str) -> None:
        self._allowances.labels(event).inc()

    def sign_in(self, event: str) -> None:
        self._sign_ins.labels(event).inc()

    def access(self, event: str) -> None:
        self._access.labels(event).inc()

    def audited(self, sink: str, outcome: str, count: int) -> None:
        self._audited.labels(sink, outcome).inc(count)

    def audit_queued(self, sink: str, count: int) -> None:
        self._audit_queued.labels(sink).set(count)

    @staticmethod
    def _found(counter: Counter, rule: str, direction: str, admission: Admission) -> None:
        counter.labels(rule, direction, admission.mode, admission.grant, admission.group).inc()

    def unread(self, route: str, count_bytes: int) -> None:
        self._unread.labels(route).inc(count_bytes)

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def alarm(self, kind: str) -> None:
        self._alarms.labels(kind).inc()

    def recalled(self, found: int, lost: int) -> None:
        self._recalled.labels("found").inc(found)
        self._recalled.labels("lost").inc(lost)

    def remembered(self, secrets: int) -> None:
        self._remembered.set(secrets)

    def connections(self, change: int) -> None:
        self._connections.inc(change)

    def exchanges(self, change: int) -> None:
        self._open.inc(change)

    def upstream(self, route: str, seconds: float) -> None:
        self._upstream.labels(route).observe(seconds)

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """A gauge that is read when it is scraped: the recorder's queue, whether it failed, the age of keys."""
        Gauge(f"maskproxy_{name}", text, registry=self.registry).set_function(value)
