from __future__ import annotations

import pytest

from maskproxy.recording.answers import Piece
from maskproxy.recording.conversation import Turn, turns
from maskproxy.recording.player import Pace, play
from tests.recording.scripted import Script, agent_session, stream


class Time:
    """A clock that only sleeping moves, and showing by `show_s`."""

    def __init__(self, show_s: float = 0.0) -> None:
        self.now_s = 100.0
        self.show_s = show_s
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now_s

    def sleep(self, wait_s: float) -> None:
        self.slept.append(wait_s)
        self.now_s += wait_s


class Log:
    """A stage that notes what it is shown, and when."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.shown: list[tuple[float, str]] = []

    def _note(self, what: str) -> None:
        self.shown.append((round(self.time.now_s - 100, 6), what))
        self.time.now_s += self.time.show_s

    def begin(self, turn: Turn) -> None:
        self._note(f"begin {turn.method}")

    def answer(self, turn: Turn, piece: Piece) -> None:
        self._note(piece.text)

    def end(self, turn: Turn) -> None:
        self._note("end")


def short_session() -> Script:
    script = Script(step_ms=1000)
    exchange = script.request({"messages": [{"role": "user", "content": "q"}]})
    script.answer(exchange, *stream({"type": "text", "text": "one two"}))
    return script


def played(script: Script, pace: Pace, *, show_s: float = 0.0) -> tuple[Log, Time]:
    time = Time(show_s)
    log = Log(time)
    play(turns(script.frames), log, pace, clock=time.clock, sleep=time.sleep)
    return log, time


def test_a_session_is_played_as_it_was() -> None:
    log, _ = played(short_session(), Pace())
    assert log.shown == [(0, "begin POST"), (5, "one"), (6, " "), (7, "two"), (11, "end")]


def test_it_is_played_faster() -> None:
    log, _ = played(short_session(), Pace(speed=4))
    assert [at for at, _ in log.shown] == [0, 1.25, 1.5, 1.75, 2.75]


def test_the_time_that_showing_takes_does_not_add_up() -> None:
    log, _ = played(short_session(), Pace(), show_s=0.5)
    assert [at for at, _ in log.shown] == [0, 5, 6, 7, 11]


def test_instant_never_sleeps() -> None:
    log, time = played(agent_session(), Pace(instant=True))
    assert time.slept == []
    assert len(log.shown) > 20


def test_a_pause_has_its_bound() -> None:
    log, _ = played(short_session(), Pace(longest_s=1.5))
    assert [at for at, _ in log.shown] == [0, 1.5, 2.5, 3.5, 5]


def test_what_ran_side_by_side_is_not_waited_for_twice() -> None:
    script = Script(step_ms=1000)
    slow = script.request({"messages": [{"role": "user", "content": "slow"}]})
    quick = script.request({"messages": [{"role": "user", "content": "quick"}]})
    script.answer(quick, *stream({"type": "text", "text": "Q"}))
    script.answer(slow, *stream({"type": "text", "text": "S"}))
    log, _ = played(script, Pace())
    assert log.shown[-1][0] == (script.frames[-1].wall_ns - script.frames[0].wall_ns) / 1e9 - 2


@pytest.mark.parametrize("pace", [Pace(speed=0.5), Pace(speed=1000), Pace(longest_s=0)])
def test_no_wait_is_negative(pace: Pace) -> None:
    assert pace.wait_s(-5) == 0
    assert pace.wait_s(10**9) >= 0


def test_an_empty_session_is_played_in_no_time() -> None:
    log, _ = played(Script(), Pace())
    assert log.shown == []
