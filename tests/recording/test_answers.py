from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.recording import answers
from maskproxy.recording.answers import Answer, AnswerReader, Piece
from maskproxy.recording.messages import Block
from tests.recording.scripted import event, stream

BLOCKS: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "Let me see."},
    {"type": "text", "text": "Grüße, 世界 \U0001f511"},
    {"type": "tool_use", "id": "toolu_1", "name": "Edit", "input": {"old": 'a\n"b"', "new": "é"}},
]
STREAM = b"".join(stream(*BLOCKS))


def read(*pieces: bytes) -> Answer:
    reader = AnswerReader()
    for at, piece in enumerate(pieces):
        reader.feed(piece, at)
    return reader.finish()


def test_a_stream_becomes_its_blocks() -> None:
    answer = read(STREAM)
    assert answer.message.role == "assistant"
    assert answer.message.blocks == (
        Block("thinking", "Let me see."),
        Block("text", "Grüße, 世界 \U0001f511"),
        Block("tool_use", name="Edit", id="toolu_1", value={"old": 'a\n"b"', "new": "é"}),
    )
    assert (answer.model, answer.stop_reason) == ("claude-opus-4", "end_turn")
    assert answer.usage == {"input_tokens": 7, "output_tokens": 9}
    assert (answer.error, answer.unread_events) == ("", 0)


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_it_does_not_matter_where_a_stream_is_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    answer = read(*(STREAM[a:b] for a, b in pairwise(places)))
    whole = read(STREAM)
    assert answer.message == whole.message
    assert [piece[1:] for piece in answer.pieces] == [piece[1:] for piece in whole.pieces]


@given(st.binary(max_size=200))
def test_any_body_is_some_answer(body: bytes) -> None:
    read(body[:50], body[50:])


@given(st.integers(0, len(STREAM) - 1), st.binary(min_size=1, max_size=20))
def test_a_stream_with_garbage_in_it_is_some_answer(place: int, garbage: bytes) -> None:
    read(STREAM[:place] + garbage + STREAM[place:])


def test_every_piece_has_the_time_at_which_it_came() -> None:
    answer = read(*stream({"type": "text", "text": "one two"}))
    assert answer.pieces == (Piece(2, 0, "one"), Piece(3, 0, " "), Piece(4, 0, "two"))


def test_a_tool_call_is_shown_when_it_is_whole() -> None:
    events = stream(BLOCKS[2])
    assert read(*events).pieces == (Piece(len(events) - 3, 0, ""),)


def test_a_stream_that_breaks_off_keeps_what_came() -> None:
    events = stream(*BLOCKS)
    answer = read(*events[:-6])
    assert [block.kind for block in answer.message.blocks] == ["thinking", "text", "tool_use"]
    assert isinstance(answer.message.blocks[2].value, str)
    assert '{"old": "a' in answer.message.blocks[2].value
    assert answer.pieces[-1] == Piece(len(events) - 7, 2, "")
    assert read(STREAM.rstrip(b"\n")).stop_reason == "end_turn"


def test_blocks_that_are_open_side_by_side_stay_apart() -> None:
    def start(index: int) -> bytes:
        return event("content_block_start", index=index, content_block={"type": "text", "text": ""})

    def delta(index: int, text: str) -> bytes:
        return event("content_block_delta", index=index, delta={"type": "text_delta", "text": text})

    answer = read(start(0), start(1), delta(0, "a"), delta(1, "x"), delta(0, "b"), delta(7, "lost"))
    assert [block.text for block in answer.message.blocks] == ["ab", "x"]


def test_line_ends_comments_pings_and_unknown_events_do_no_harm() -> None:
    noisy = b": a comment\r\n\r\n" + event("ping") + event("novel", index=0) + STREAM
    assert read(noisy.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")) == read(STREAM)


def test_an_error_in_a_stream_is_told() -> None:
    assert read(STREAM, event("error", error={"type": "overloaded_error", "message": "Overloaded"})).error == (
        "overloaded_error: Overloaded"
    )


def test_an_event_that_is_no_json_is_counted() -> None:
    assert read(STREAM, b"data: {nope\n\n", b"data: 7\n\n").unread_events == 2


def test_a_whole_answer_has_its_blocks_at_once() -> None:
    body = {"type": "message", "role": "assistant", "model": "m", "content": BLOCKS, "stop_reason": "tool_use"}
    spelled = json.dumps({**body, "usage": {"output_tokens": 3}}).encode()
    answer = read(b" \n", spelled[:30], spelled[30:])
    assert answer.message.blocks == read(STREAM).message.blocks
    assert answer.pieces == (Piece(2, 0, "Let me see."), Piece(2, 1, "Grüße, 世界 \U0001f511"), Piece(2, 2, ""))
    assert (answer.model, answer.stop_reason, answer.usage) == ("m", "tool_use", {"output_tokens": 3})


def test_an_error_answer_is_told() -> None:
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
    assert read(json.dumps(body).encode()).error == "invalid_request_error: no"


def test_a_whole_answer_that_is_no_json_is_counted() -> None:
    assert read(b"{nope").unread_events == 1
    assert read(b"[1]").unread_events == 1
    assert read(b"") == Answer(read(b"").message, ())


def test_an_answer_over_the_limit_is_shown_up_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LIMIT_BYTES", len(STREAM))
    answer = read(STREAM, STREAM)
    assert answer.message == read(STREAM).message
    assert answer.unread_events == 1
