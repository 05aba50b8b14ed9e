"""Bounds in processor time, so that a busy machine does not count: on what a slow oracle may take, and on a trial.

An oracle asks Python's `re`, which may take for ever where the masker does not: such a text is left out. A whole trial
that takes too long has found something, mostly a loop in what is tried.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ORACLE_S = 0.5
TRIAL_S = 60.0


class OracleTooSlow(Exception):
    """The text is left out."""


class TrialTooLong(Exception):
    """The trial failed."""


@contextmanager
def oracle_bound(seconds: float = ORACLE_S) -> Iterator[None]:
    with _bound(signal.ITIMER_VIRTUAL, signal.SIGVTALRM, seconds, OracleTooSlow):
        yield


@contextmanager
def trial_bound(seconds: float = TRIAL_S) -> Iterator[None]:
    with _bound(signal.ITIMER_PROF, signal.SIGPROF, seconds, TrialTooLong):
        yield


@contextmanager
def _bound(timer: int, sent: signal.Signals, seconds: float, error: type[Exception]) -> Iterator[None]:
    def over(_number: int, _frame: FrameType | None) -> None:
        raise error

    before = signal.signal(sent, over)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(sent, before)
