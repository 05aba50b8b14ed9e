"""Measures what each rule costs by itself: scanning, what it holds back of prose, how often it is met.

Processor time, the best of a few rounds, so that a busy machine changes little. What a rule costs among others is less,
since they are scanned for together.
"""

from __future__ import annotations

import base64
import random
import sysconfig
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from maskproxy.masking import Rule
from maskproxy.masking.automaton import TEXT_EDGE
from maskproxy.masking.costs import slow_because
from maskproxy.masking.engine import Database
from maskproxy.masking.forward import Forward
from maskproxy.masking.grammar import expression, width
from maskproxy.masking.net import Net
from maskproxy.masking.reading import Reading

_TEXT_BYTES = 400_000
_ROUNDS = 3
_HELD_BYTES = 20_000
_TIMES_SLOW, _HELD_SLOW, _HITS_SLOW = 5.0, 1.0, 2000.0
_CODE = ("argparse.py", "typing.py", "tarfile.py", "subprocess.py", "http/client.py", "email/message.py", "ssl.py")


class Cost(NamedTuple):
    """One rule's cost."""

    rule: str
    ns_a_byte: float
    times: float
    """As a multiple of the cheapest rule's."""
    held: float
    """Bytes of prose that wait for it, on average over places."""
    hits_a_mb: float
    slow: tuple[str, ...]
    """Why it is slow; empty: it is not."""


def texts() -> dict[str, bytes]:
    """Prose, code and base64: what every Python brings, up to a bound, the same each time."""
    root = Path(sysconfig.get_paths()["stdlib"])
    code = b"".join((root / name).read_bytes() for name in _CODE if (root / name).is_file())
    prose = (root / "pydoc_data" / "topics.py").read_bytes() if (root / "pydoc_data" / "topics.py").is_file() else code
    noise = base64.b64encode(random.Random(1).randbytes(_TEXT_BYTES * 3 // 4))  # noqa: S311 # a text, no secret
    return {"prose": prose[:_TEXT_BYTES], "code": code[:_TEXT_BYTES], "base64": noise}


def measured(rules: Sequence[Rule], material: Mapping[str, bytes]) -> list[Cost]:
    """Give each rule's cost, the dearest first."""
    size = sum(map(len, material.values())) or 1
    prose = next(iter(material.values()), b"")
    timed = [(rule, *_scanned(rule, material.values())) for rule in rules]
    cheapest = min((seconds for _, seconds, _ in timed), default=0.0) or 1e-9
    costs = []
    for rule, seconds, hits in timed:
        held = _held(rule, prose)
        cost = Cost(rule.id, seconds / size * 1e9, seconds / cheapest, held, hits / size * 1e6, ())
        costs.append(cost._replace(slow=tuple(_reasons(rule, cost))))
    return sorted(costs, key=lambda cost: -cost.times)


def _scanned(rule: Rule, data: Iterable[bytes]) -> tuple[float, int]:
    """Give the seconds that a scan takes, and how many hits there are."""
    database = Database.compile([expression(rule.shape.core)])
    best, hits = float("inf"), 0
    for _ in range(_ROUNDS):
        started = time.process_time()
        hits = sum(len(set(database.hits(text))) for text in data)
        best = min(best, time.process_time() - started)
    return best, hits


def _held(rule: Rule, prose: bytes) -> float:
    """Give how much of a text waits, on average, where it ends at some place."""
    longest = width(rule.shape.core)[1] or 0
    reading, waiting = Reading(Forward(Net.of([rule.shape])), longest), 0
    prose = prose[:_HELD_BYTES]
    for end in range(1, len(prose) + 1):
        base = max(0, end - longest)
        before = prose[base - 1] if base else TEXT_EDGE
        waiting += end - base - reading.alive(prose[base:end], base, before)
    return waiting / max(1, len(prose))


def _reasons(rule: Rule, cost: Cost) -> list[str]:
    """Give why a rule is slow, if measurement says that it is."""
    reasons = []
    if cost.times >= _TIMES_SLOW:
        reasons += list(slow_because(rule)) or [
            "the engine takes long for its pattern; make its classes or counts smaller"
        ]
    if cost.held >= _HELD_SLOW:
        reasons.append(f"it holds back {cost.held:.1f} bytes of prose")
    if cost.hits_a_mb >= _HITS_SLOW:
        reasons.append(f"its pattern alone is met {cost.hits_a_mb:.0f} times in a megabyte")
    return reasons
