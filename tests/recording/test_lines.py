from __future__ import annotations

import io
import json

from maskproxy.recording.catalog import SessionEntry
from maskproxy.recording.conversation import turns
from maskproxy.recording.lines import JsonLines, turn_as_json
from maskproxy.recording.player import Pace, play
from tests.recording.scripted import PLACEHOLDER, SESSION, START_NS, Script, agent_session, stream


def test_a_session_is_a_line_for_itself_and_one_for_each_turn() -> None:
    file = io.StringIO()
    stage = JsonLines(file)
    stage.header(SessionEntry(SESSION, START_NS, START_NS))
    play(turns(agent_session().frames), stage, Pace(instant=True), clock=lambda: 0.0, sleep=lambda _: None)
    head, first, second, models = map(json.loads, file.getvalue().splitlines())
    assert (head["type"], head["session"]) == ("session", SESSION)
    assert {first["type"], second["type"], models["type"]} == {"turn"}
    assert first["answer"]["blocks"][2] == {
        "kind": "tool_use",
        "name": "Bash",
        "id": "toolu_1",
        "input": {"command": f"export KEY={PLACEHOLDER}"},
    }
    assert second["messages"][0]["blocks"] == [
        {"kind": "tool_result", "id": "toolu_1", "text": "     1\u2192done", "failed": False}
    ]
    assert second["answer"]["pieces"][0] == {"at_ms": 500.0, "block": 0, "characters": 3}
    assert models["answer"] is None


def test_content_is_exact_and_still_harmless() -> None:
    file = io.StringIO()
    script = Script()
    said = "\x1b[2J\u202e\ud800"
    exchange = script.request({"messages": [{"role": "user", "content": [{"type": "new", "x": said}]}]})
    script.answer(exchange, *stream({"type": "text", "text": said}))
    play(turns(script.frames), JsonLines(file), Pace(instant=True), clock=lambda: 0.0, sleep=lambda _: None)
    assert file.getvalue().isascii()
    assert file.getvalue().isprintable() or file.getvalue().rstrip("\n").isprintable()
    (line,) = map(json.loads, file.getvalue().splitlines())
    assert line["answer"]["blocks"][0]["text"] == said
    assert line["messages"][0]["blocks"][0]["value"] == {"x": said}


def test_without_contents_nothing_that_was_said_is_in_it() -> None:
    (turn, *_) = turns(agent_session().frames)
    facts = turn_as_json(turn, contents=False)
    assert "messages" not in facts
    assert "answer" not in facts
    assert facts["exchange"] == turn.exchange
