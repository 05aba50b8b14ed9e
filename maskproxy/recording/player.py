"""Plays a session's turns on a stage at the pace at which they happened, faster, or at once.

Turns that ran side by side are played one behind the other; what is late is shown without waiting. The clock and the
sleep are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from maskproxy.recording.answers import Piece
from maskproxy.recording.conversation import Turn


class Stage(Protocol):
    """Where a session is shown: each call adds to what is already there."""

    def begin(self, turn: Turn) -> None:
        """The request, with the messages that are new in it."""

    def answer(self, turn: Turn, piece: Piece) -> None:
        """The next piece of the answer."""

    def end(self, turn: Turn) -> None:
        """How the exchange ended."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed` divides every wait, `instant` drops all, `longest_s` bounds each one."""

    speed: float = 1.0
    instant: bool = False
    longest_s: float | None = None

    def wait_s(self, recorded_ns: int) -> float:
        if self.instant or recorded_ns <= 0:
            return 0.0
        wait_s = recorded_ns / 1e9 / self.speed
        return wait_s if self.longest_s is None else min(wait_s, self.longest_s)


class _Timeline:
    """Keeps to due times rather than to pauses, so that the time that showing takes does not add up."""

    def __init__(self, pace: Pace, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._at_ns: int | None = None
        self._due_s = clock()

    def reach(self, wall_ns: int) -> None:
        if self._at_ns is None:
            self._at_ns = wall_ns
        self._due_s += self._pace.wait_s(wall_ns - self._at_ns)
        self._at_ns = max(self._at_ns, wall_ns)
        wait_s = self._due_s - self._clock()
        if wait_s > 0 and not self._pace.instant:
            self._sleep(wait_s)


def play(
    turns: Iterable[Turn],
    stage: Stage,
    pace: Pace,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> int:
    """Show every turn; returns how many there were."""
    timeline = _Timeline(pace, clock, sleep)
    count = 0
    for count, turn in enumerate(turns, 1):  # noqa: B007  the count is the answer
        timeline.reach(turn.wall_ns)
        stage.begin(turn)
        for piece in turn.answer.pieces if turn.answer else ():
            timeline.reach(turn.wall_at(piece.at_ns))
            stage.answer(turn, piece)
        timeline.reach(turn.wall_at(turn.last_ns))
        stage.end(turn)
    return count
