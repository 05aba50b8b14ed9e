from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.recording import conversation
from maskproxy.recording.conversation import Turn, turns
from maskproxy.recording.frames import Frame
from maskproxy.recording.messages import Block, Message
from tests.recording.scripted import SESSION, Script, agent_session, stream


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def ask(script: Script, *messages: object, says: str = "ok", **rest: Any) -> None:
    exchange = script.request({"model": "m", "messages": list(messages), **rest})
    script.answer(exchange, *stream({"type": "text", "text": says}))


def told(script: Script) -> list[Turn]:
    return list(turns(script.frames))


def new_texts(turn: Turn) -> list[str]:
    return [block.text for message in turn.messages for block in message.blocks]


def test_an_agents_session_is_two_turns_and_a_side_request() -> None:
    first, second, models = told(agent_session())
    assert [message.role for message in first.messages] == ["user"]
    assert (first.system, first.tools, first.model) == (("Be brief.",), ("Bash", "Edit"), "claude-opus-4")
    assert first.answer is not None
    assert [block.kind for block in first.answer.message.blocks] == ["thinking", "text", "tool_use"]
    assert [finding.rule for finding in first.findings] == ["aws-access-key"]
    assert second.messages == (
        Message("user", (Block("tool_result", "     1\u2192done", id="toolu_1"),)),
    )  # not the history, and not the answer that came back in it
    assert (second.resent, second.system, second.tools) == (2, (), ())
    assert (models.conversation, models.method, models.target, models.answer) == (False, "GET", "/v1/models", None)
    assert (models.response_bytes, models.status, models.outcome) == (11, 200, "complete")


def test_each_turn_of_a_long_conversation_shows_what_is_new() -> None:
    script = Script()
    history: list[dict[str, Any]] = []
    for number in range(30):
        history.append(user(f"question {number}"))
        ask(script, *history, says=f"answer {number}")
        history.append(assistant(f"answer {number}"))
    assert [new_texts(turn) for turn in told(script)] == [[f"question {number}"] for number in range(30)]


def test_an_answer_that_comes_back_changed_is_shown() -> None:
    script = Script()
    ask(script, user("q"), says="truth")
    ask(script, user("q"), assistant("forged"), user("next"))
    assert new_texts(told(script)[1]) == ["forged", "next"]


def test_a_changed_history_is_shown_from_the_change_on() -> None:
    script = Script()
    ask(script, user("a"), says="1")
    ask(script, user("a"), assistant("1"), user("b"), says="2")
    ask(script, user("a"), assistant("1"), user("B"), says="3")
    ask(script, user("a"), assistant("1"), user("b"), assistant("2"), user("c"))
    assert [new_texts(turn) for turn in told(script)] == [["a"], ["b"], ["B"], ["c"]]


def test_subagents_and_side_requests_do_not_break_a_thread() -> None:
    script = Script()
    ask(script, user("main"), says="1")
    ask(script, user("sub"), says="s1")
    ask(script, user("main"), user("title?"), says="Title")
    ask(script, user("sub"), assistant("s1"), user("sub 2"))
    ask(script, user("main"), assistant("1"), user("main 2"))
    assert [new_texts(turn) for turn in told(script)][2:] == [["title?"], ["sub 2"], ["main 2"]]


def test_the_same_request_again_shows_nothing_new() -> None:
    script = Script()
    ask(script, user("a"))
    ask(script, user("a"))
    assert new_texts(told(script)[1]) == []
    assert told(script)[1].conversation


def test_a_system_prompt_is_told_once_and_a_new_part_of_it_again() -> None:
    script = Script()
    ask(script, user("a"), system="S")
    ask(script, user("b"), system=[{"type": "text", "text": "x-anthropic-billing: 2"}, {"type": "text", "text": "S"}])
    ask(script, user("c"), system=[{"type": "text", "text": "S"}, {"type": "text", "text": "T"}])
    assert [turn.system for turn in told(script)] == [("S",), (), ("T",)]


def test_exchanges_that_overlap_stay_apart_and_come_in_the_order_of_their_ends() -> None:
    script = Script()
    slow = script.request({"messages": [user("slow")]})
    quick = script.request({"messages": [user("quick")]})
    script.answer(quick, *stream({"type": "text", "text": "Q"}))
    script.answer(slow, *stream({"type": "text", "text": "S"}))
    assert [new_texts(turn) for turn in told(script)] == [["quick"], ["slow"]]
    answers = [turn.answer for turn in told(script)]
    assert [answer and answer.message.blocks[0].text for answer in answers] == ["Q", "S"]


def test_an_exchange_without_an_end_is_told_as_open_and_one_without_a_beginning_too() -> None:
    frames = agent_session().frames
    cut = frames[6:20]  # a pruned beginning, a crash at the end
    (turn,) = list(turns(cut))
    assert (turn.outcome, turn.method, turn.messages) == ("open", "", ())


def test_a_refused_exchange_has_its_sentence() -> None:
    script = Script()
    exchange = script.request({"messages": [user("a")]})
    script.add("decision", exchange, {"outcome": "refused", "grant": "", "sentence": "Ask for a grant."})
    script.end(exchange, "refused", status=403)
    (turn,) = told(script)
    assert (turn.decision, turn.outcome, turn.sentence, turn.status) == ("refused", "refused", "Ask for a grant.", 403)
    assert turn.answer is None


def test_a_body_in_parts_is_one_and_what_was_written_twice_counts_once() -> None:
    script = Script()
    whole = b'{"messages": [{"role": "user", "content": "hello"}]}'
    exchange = script.request(None)
    for part, piece in enumerate((whole[:20], whole[20:])):
        script.add("request_body", exchange, {"body": piece, "seq": 0, "part": part, "parts": 2})
    script.frames.append(script.frames[-1])
    events = stream({"type": "text", "text": "one two three"})
    script.answer(exchange, *events)
    doubled = [frame for frame in script.frames for _ in range(1 + (frame.kind == "response_body"))]
    (turn,) = list(turns(doubled))
    assert new_texts(turn) == ["hello"]
    assert turn.request_bytes == len(whole)
    assert turn.answer is not None
    assert turn.answer.message.blocks[0].text == "one two three"


def test_bodies_that_are_no_conversation_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script()
    exchange = script.request(b"x" * 1000, target="/v1/files")
    script.answer(exchange, b"y" * 500)
    broken = script.request(b"{not json")
    script.answer(broken, b"{neither")
    long = script.request({"messages": [user("z" * 3000)]})
    script.end(long, "complete")
    monkeypatch.setattr(conversation, "LIMIT_BYTES", 2000)
    files, messages, cut = told(script)
    assert (files.request_bytes, files.response_bytes, files.conversation) == (1000, 500, False)
    assert (messages.conversation, messages.messages) == (False, ())
    assert (cut.conversation, cut.request_bytes > 3000) == (False, True)


@given(st.permutations(agent_session().frames), st.integers(0, 60))
def test_frames_in_any_order_and_number_are_some_conversation(frames: list[Frame], kept: int) -> None:
    for turn in turns(frames[:kept]):
        assert turn.exchange.startswith("req_")


def test_a_session_frame_is_no_turn() -> None:
    assert list(turns([Frame("session", SESSION, "", 1, 1, {"person": "p"})])) == []
