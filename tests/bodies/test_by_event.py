"""What an event that blocks ends, and what goes out before it, in whatever pieces the events arrive."""

from __future__ import annotations

import pytest

from maskproxy.errors import Blocked
from maskproxy.masking import Masking, Override, Sought, treatments, with_actions
from tests.bodies.test_claude_stream import END, start, stop, text
from tests.bodies.test_refusing import AWS, GITHUB, KEY, RULES, answer, run, sought


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_events_before_the_finding_go_out_whatever_ends_their_lines(end: bytes) -> None:
    events = [event.replace(b"\n", end) for event in (start(0, type="text", text=""), text("a "), text(GITHUB), END)]
    apart, stream = run(answer(sought("block")), events), b"".join(events)
    assert apart[0].startswith(events[0])
    assert isinstance(apart[2], Blocked)
    for place in range(len(stream)):
        if not stream[:place].endswith(b"\r"):  # there, an event may end one byte earlier
            assert run(answer(sought("block")), [stream[:place], stream[place:]])[:2] == apart[:2]


def test_nothing_is_recorded_behind_the_event_that_blocks() -> None:
    treatment = treatments(
        with_actions(RULES, [Override(("github-*",), "block", "block"), Override(("aws-*",), "alert", "alert")])
    ).answer
    forward, record = (Masking(some, KEY, (), treatment.urgent) for some in (treatment.forward, treatment.record))
    both = Sought(forward, record, treatment.actions)
    events = [start(0, type="text", text=""), text(f"a {GITHUB}"), text(" b"), text(f" {AWS} c"), stop(0), END]
    apart = run(answer(both), events)
    assert isinstance(apart[2], Blocked)
    for pieces in ([b"".join(events)], [b"".join(events[:2]) + events[2][:-1], events[2][-1:] + b"".join(events[3:])]):
        assert run(answer(both), pieces)[:2] == apart[:2]
