"""Thinking over two turns and real sockets: masked for client and recording, given back to the API as it was."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.house import SERVICE_KEY, Answer, House, plain, streaming
from tests.gateway.test_exchange import GITHUB
from tests.sdk import blocks_of

THOUGHT = f'The token "{GITHUB}" is an\u00e9\n key.'
SIGNATURE = "EqQBCkYIBxgCKkC+/w=="
BLOCK = {"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE}
SAID = {"type": "text", "text": "I see."}
Block = dict[str, Any]


def events(thought: str = THOUGHT) -> list[dict[str, Any]]:
    """A block of thinking whose secret is cut in many places, then text."""
    pieces = [thought[at : at + 7] for at in range(0, len(thought), 7)]
    return [
        {"type": "message_start", "message": {"id": "msg_1", "content": []}},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "thinking", "thinking": "", "signature": ""},
        },
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": piece}}
            for piece in pieces
        ),
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": SIGNATURE}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "I see."}},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_stop"},
    ]


def spelled(thought: str = THOUGHT) -> list[bytes]:
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events(thought)]


def request(*answers: list[Block], stream: bool = True) -> bytes:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "what is this?"}]
    for blocks in answers:
        messages += [{"role": "assistant", "content": blocks}, {"role": "user", "content": "go on"}]
    return json.dumps({"model": "claude", "stream": stream, "messages": messages}).encode()


async def first_turn(
    house: House, token: str | None = None, more: str = "", *, stream: bool = True, thought: str = THOUGHT
) -> list[Block]:
    """What a client keeps of Claude's answer."""
    whole = json.dumps({"type": "message", "content": [BLOCK | {"thinking": thought}, SAID]}).encode()
    house.origin.reply = streaming(spelled(thought)) if stream else plain(whole)
    answer = await house.post("/v1/messages", request(stream=stream), token, more)
    assert answer.status == 200
    blocks: list[Block] = blocks_of(answer.body) if stream else json.loads(answer.body)["content"]
    return blocks


async def next_turn(house: House, blocks: list[Block], token: str | None = None, more: str = "") -> Answer:
    house.origin.reply = plain(b"{}")
    return await house.post("/v1/messages", request(blocks), token, more)


def upstream_got(house: House) -> list[Block]:
    blocks: list[Block] = json.loads(house.origin.received[-1].body)["messages"][1]["content"]
    return blocks


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_the_api_gets_its_own_block_back_and_nobody_else_sees_it(house: House, *, stream: bool) -> None:
    blocks = await first_turn(house, stream=stream)
    assert GITHUB not in json.dumps(blocks)
    assert blocks[0]["thinking"].startswith('The token "MASKED_GITHUB')
    assert blocks[0]["thinking"].endswith('" is an\u00e9\n key.')
    assert blocks[0]["signature"].startswith(f"{SIGNATURE}.maskproxy1.")
    assert blocks[1] == SAID
    answer = await next_turn(house, blocks)
    assert answer.status == 200
    assert upstream_got(house) == [BLOCK, SAID]
    # Prompt caching wants the same bytes every turn.
    before = house.origin.received[-1].body
    await next_turn(house, blocks)
    assert house.origin.received[-1].body == before
    recorded = await house.recorded()
    assert GITHUB.encode() not in recorded
    assert b".maskproxy" not in recorded
    assert recorded.count(SIGNATURE.encode()) == 3
    assert recorded.count(b"MASKED_GITHUB") >= 3


async def test_a_restart_a_new_token_and_a_new_session_change_nothing(house: House) -> None:
    blocks = await first_turn(house, more="x-claude-code-session-id: one\r\n")
    await house.restart()
    answer = await next_turn(house, blocks, house.token(email="ada@example.com"), "x-claude-code-session-id: two\r\n")
    assert answer.status == 200
    assert upstream_got(house) == [BLOCK, SAID]


@pytest.fixture
async def by_session(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    house.changes = {"masking": {"key": {"file": "masking.key"}, "scope": "session"}}
    await house.start()
    yield house
    await house.close()


async def test_where_placeholders_are_a_session_s_a_conversation_may_still_be_resumed_in_another(
    by_session: House,
) -> None:
    house = by_session
    first = await first_turn(house, more="x-claude-code-session-id: one\r\n")
    second = await first_turn(house, more="x-claude-code-session-id: two\r\n")
    assert first[0]["thinking"] != second[0]["thinking"]
    await next_turn(house, first, more="x-claude-code-session-id: two\r\n")
    assert upstream_got(house) == [BLOCK, SAID]


async def test_what_cannot_be_put_back_is_refused_in_words(house: House) -> None:
    blocks = await first_turn(house)
    edited = [blocks[0] | {"thinking": blocks[0]["thinking"] + "!"}, SAID]
    cut = [blocks[0] | {"signature": blocks[0]["signature"][:-9]}, SAID]
    asked = len(house.origin.received)
    for token, sent in ((house.token("bob"), blocks), (None, edited), (None, cut)):
        answer = await next_turn(house, sent, token)
        assert answer.status == 400
        assert answer.value("x-should-retry") == "false"
        assert "Go back to before that answer, or start a new conversation" in answer.message
    assert len(house.origin.received) == asked
    recorded = await house.recorded()
    assert b".maskproxy" not in recorded


async def test_a_block_in_which_nothing_was_masked_passes_as_it_is(house: House) -> None:
    blocks = await first_turn(house, thought="Nothing to hide.")
    assert blocks == [BLOCK | {"thinking": "Nothing to hide."}, SAID]
    body = request(blocks)
    house.origin.reply = plain(b"{}")
    await house.post("/v1/messages", body)
    assert house.origin.received[-1].body == body


async def test_who_is_only_observed_gets_thinking_as_it_is(house: House) -> None:
    sealed = await first_turn(house)
    watched = house.token(groups=["observed"])
    for stream in (True, False):
        assert await first_turn(house, watched, stream=stream) == [BLOCK, SAID]
    # What was sealed before goes back as the API made it, and all else as it was sent.
    await next_turn(house, [*sealed, BLOCK, {"type": "text", "text": GITHUB}], watched)
    assert upstream_got(house) == [BLOCK, SAID, BLOCK, {"type": "text", "text": GITHUB}]
    recorded = await house.recorded()
    assert GITHUB.encode() not in recorded
    assert b".maskproxy" not in recorded


async def test_the_service_s_credential_in_thinking_is_kept_from_the_observed_too(house: House) -> None:
    watched = house.token(groups=["observed"])
    thought = f"They use {SERVICE_KEY} and {GITHUB}."
    blocks = await first_turn(house, watched, thought=thought)
    assert SERVICE_KEY not in blocks[0]["thinking"]
    assert GITHUB in blocks[0]["thinking"]
    await next_turn(house, blocks, watched)
    assert upstream_got(house) == [BLOCK | {"thinking": thought}, SAID]
