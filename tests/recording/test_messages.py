from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.recording.messages import Block, Message, blocks_of, fingerprint, message_of, parse, spell

KEYS = ["type", "text", "content", "source", "name", "id", "input", "role", "x"]
any_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
kinds = st.sampled_from(["text", "thinking", "tool_use", "tool_result", "image", "document", "novel"])
any_block = st.dictionaries(st.sampled_from(["text", "content", "source", "name", "id", "input"]), any_json).flatmap(
    lambda raw: kinds.map(lambda kind: {**raw, "type": kind})
)


@given(any_json | st.fixed_dictionaries({"role": any_json, "content": st.lists(any_block, max_size=3) | any_json}))
def test_any_json_is_some_message(raw: Any) -> None:
    message = message_of(raw)
    assert message.role
    assert {type(part) for block in message.blocks for part in (block.text, block.name, block.id)} <= {str}
    assert len(fingerprint(message)) == 16


def test_the_blocks_of_an_agents_conversation() -> None:
    content = [
        {"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}},
        {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"},
        {"type": "redacted_thinking", "data": "b3BhcXVl"},
        {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "out", "is_error": True},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 4000}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain words"}},
        {"type": "novel_block", "thing": 1},
    ]
    assert blocks_of(content) == (
        Block("text", "hello"),
        Block("thinking", "hm"),
        Block("thinking", "(encrypted by the API)"),
        Block("tool_use", name="Bash", id="toolu_1", value={"command": "ls"}),
        Block("tool_use", name="web_search", id="srvtoolu_1", value={"query": "q"}),
        Block("tool_result", "out", id="toolu_1", failed=True),
        Block("other", "image/png, 3,000 bytes, not shown", name="image"),
        Block("text", "plain words"),
        Block("other", name="novel_block", value={"thing": 1}),
    )


def test_a_result_of_several_blocks_is_one_text() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    content = [{"type": "text", "text": "one"}, image, {"type": "novel", "x": 1}]
    (block,) = blocks_of([{"type": "tool_result", "tool_use_id": "t", "content": content}])
    assert block.text == 'one\n[image] image/png, 3 bytes, not shown\n[novel] {"x": 1}'


def test_a_message_has_one_fingerprint_however_the_client_spells_it() -> None:
    text = {"type": "text", "text": "hello "}
    thinking = {"type": "thinking", "thinking": "hm", "signature": "s"}
    call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}}
    spellings: list[object] = ["hello", [text], [{**text, "cache_control": {"type": "ephemeral"}}], [thinking, text]]
    marks = {fingerprint(message_of({"role": "assistant", "content": one})) for one in spellings}
    assert len(marks) == 1
    marks.add(fingerprint(message_of({"role": "user", "content": "hello"})))
    marks.add(fingerprint(message_of({"role": "assistant", "content": "hullo"})))
    marks.add(fingerprint(message_of({"role": "assistant", "content": [text, call]})))
    assert len(marks) == 4


def test_what_is_too_deep_is_no_json_and_is_not_spelled() -> None:
    assert parse(b"[" * 100_000 + b"]" * 100_000) is None
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert spell(deep) == "(nested too deeply to be shown)"
    assert fingerprint(Message("user", (Block("other", value=deep),)))


def test_what_is_no_json_is_none() -> None:
    assert parse(b"\xff{") is None
    assert parse(b"9" * 5000) is None
    assert parse(json.dumps({"a": 1}).encode()) == {"a": 1}
