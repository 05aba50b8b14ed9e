"""Edits of whole documents and of streams: what their owner gets, what is recorded, and what a request teaches."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.claude import ANSWER, REQUEST
from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.bodies.edit_tools import EditTools, RestoredJson, Restoring, restored
from maskproxy.bodies.json_text import MaskedJson, mask_json
from maskproxy.errors import BadRequest, TooLarge, Unrestorable
from maskproxy.masking import Masking, PlaceholderKey, RuleSet, Vault
from tests.bodies.fake_masking import SEALS
from tests.compiled import built_in

SECRET = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
BARE = "Xk29fQz8" + "vLm4Tr7p"
LINE = f"DB_PASSWORD={BARE}\n"
ODD = 'a"b\\c\n\té and more'


@pytest.fixture
def tools(masking: Masking) -> EditTools:
    vault = Vault()
    vault.keep("odd", masking.placeholders.make("odd", ODD.encode()), ODD.encode())
    return EditTools(frozenset({b"Edit"}), vault)


def odd(masking: Masking) -> str:
    return masking.placeholders.make("odd", ODD.encode()).decode()


def learn(masking: Masking, tools: EditTools, *messages: dict[str, Any]) -> tuple[MaskedJson, list[Any]]:
    raw = json.dumps({"messages": messages}).encode()
    masked = mask_json(raw, masking, REQUEST, tools=tools, learns=True)
    assert masked.record is masked.forward
    return masked, json.loads(masked.forward)["messages"]


def edit(arguments: dict[str, Any], name: str = "Edit") -> dict[str, Any]:
    return {"type": "tool_use", "id": "toolu_1", "name": name, "input": arguments}


def answer(masking: Masking, tools: EditTools, *blocks: dict[str, Any]) -> MaskedJson:
    return mask_json(json.dumps({"content": blocks}).encode(), masking, ANSWER, tools=tools)


def test_only_what_is_called_is_restored(masking: Masking, tools: EditTools) -> None:
    name = odd(masking)
    call, inner = edit({"a": name, name: [name]}), edit({"a": name})
    blocks = [
        call,
        edit({"a": name}, "Bash"),
        {"type": "text", "text": name, "name": "Edit", "input": {"a": name}},
        {"type": "server_tool_use", "name": "Edit", "input": {"a": name}},
        {"type": "mcp_tool_result", "content": [inner]},
        {"input": {"a": name}, "name": "Edit", "type": "tool_use"},
    ]
    masked = answer(masking, tools, *blocks)
    said = json.loads(masked.forward)["content"]
    assert said[0]["input"] == {"a": ODD, name: [ODD]}
    assert said[5]["input"] == {"a": ODD}
    assert said[1:5] == blocks[1:5]
    assert json.loads(masked.record)["content"] == blocks


@given(st.lists(st.integers(0, 400), max_size=6), st.sampled_from([(",", ":"), (", ", ": ")]), st.booleans())
@settings(max_examples=60)
def test_no_cut_of_the_arguments_is_seen(rules: RuleSet, cuts: list[int], signs: tuple[str, str], ascii_: bool) -> None:
    masking = Masking(rules, PlaceholderKey(b"bodies" * 6).scoped("test"))
    vault = Vault()
    vault.keep("odd", odd(masking).encode(), ODD.encode())
    tools = EditTools(frozenset({b"Edit"}), vault)
    value = {"é": f"é <{odd(masking)}> {SECRET} \u2028", "n": [1, None, {odd(masking): odd(masking) * 2}], "e": {}}
    spelled = json.dumps(value, separators=signs, ensure_ascii=ascii_)
    pieces = [spelled[a:b] for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), len(spelled)], strict=True)]
    stream = ClaudeStream(masking, tools, seals=SEALS)
    forward, record = stream_of(stream, edit({}), pieces)
    name = masking.text(SECRET.encode())[0].decode()
    assert forward == {"é": f"é <{ODD}> {name} \u2028", "n": [1, None, {odd(masking): ODD * 2}], "e": {}}
    assert record == json.loads(spelled.replace(SECRET, name))
    assert stream.stopped is None


def stream_of(stream: ClaudeStream, block: dict[str, Any], pieces: list[str]) -> tuple[Any, Any]:
    events: list[dict[str, Any]] = [{"type": "content_block_start", "index": 0, "content_block": block}]
    events += [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": piece}}
        for piece in pieces
    ]
    events.append({"type": "content_block_stop", "index": 0})
    outputs = [stream.feed(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode()) for e in events]
    spelled = []
    for body in (b"".join(o.forward for o in outputs), b"".join(o.record for o in outputs)):
        told = [json.loads(line[6:]) for line in body.decode().split("\n") if line.startswith("data: ")]
        assert told[-1] == events[-1] or stream.stopped is not None
        spelled.append("".join(e.get("delta", {}).get("partial_json", "") for e in told))
    return tuple(json.loads(text) if stream.stopped is None else text for text in spelled)  # type: ignore[return-value]


def test_arguments_that_come_with_the_block_are_restored_too(masking: Masking, tools: EditTools) -> None:
    start = {"type": "content_block_start", "index": 0, "content_block": edit({"a": odd(masking), "b": SECRET})}
    out = ClaudeStream(masking, tools, seals=SEALS).feed(f"data: {json.dumps(start)}\n\n".encode())
    forward, record = (json.loads(made[6:])["content_block"]["input"] for made in out)
    assert forward["a"] == ODD
    assert record["a"] == odd(masking)
    assert forward["b"] == record["b"]
    assert forward["b"].startswith("MASKED_GITHUB")


def test_another_block_of_the_same_number_is_no_edit(masking: Masking, tools: EditTools) -> None:
    stream = ClaudeStream(masking, tools, seals=SEALS)
    spelled = json.dumps({"a": odd(masking)})
    assert stream_of(stream, edit({}), [spelled])[0] == {"a": ODD}
    assert stream_of(stream, edit({}, "Bash"), [spelled])[0] == {"a": odd(masking)}


def test_a_block_that_stopped_is_no_edit_any_more(masking: Masking, tools: EditTools) -> None:
    stream = ClaudeStream(masking, tools, seals=SEALS)
    assert stream_of(stream, edit({}), ["{}"])[0] == {}
    late = {"type": "input_json_delta", "partial_json": json.dumps({"a": odd(masking)})}
    told = json.dumps({"type": "content_block_delta", "index": 0, "delta": late})
    event = f"event: content_block_delta\ndata: {told}\n\n".encode()
    assert stream.feed(event).forward == event


def test_a_stream_that_is_stopped_says_why_and_then_nothing(tools: EditTools) -> None:
    # By few rules, none of which may begin inside of a placeholder and hold back a part of it.
    rules = built_in("builtin:github")
    masking = Masking(rules, PlaceholderKey(b"bodies" * 6).scoped("test"))
    stream = ClaudeStream(masking, tools, seals=SEALS)
    stranger = PlaceholderKey(b"bodies" * 6).scoped("stranger").make("odd", ODD.encode()).decode()
    forward, record = stream_of(stream, edit({}), ['{"a": "x, ', stranger, '", "b": 1}'])
    assert forward == record == '{"a": "x, '
    assert isinstance(stream.stopped, Unrestorable)
    assert stream.feed(b"event: ping\ndata: {}\n\n").forward == b""
    assert stream.finish().forward == b""


def test_one_that_the_stream_holds_at_its_end_stops_it_too(masking: Masking, tools: EditTools) -> None:
    stream = ClaudeStream(masking, tools, seals=SEALS)
    stranger = PlaceholderKey(b"bodies" * 6).scoped("stranger").make("odd", ODD.encode()).decode()
    start = {"type": "content_block_start", "index": 0, "content_block": edit({})}
    delta = {"type": "input_json_delta", "partial_json": '{"a": ' + stranger}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    body = b"".join(stream.feed(f"data: {json.dumps(e)}\n\n".encode()).forward for e in (start, event))
    body += stream.finish().forward
    assert b"event: error" in body
    assert stranger.encode() not in body


def test_in_broken_arguments_nothing_is_put_back(masking: Masking, tools: EditTools) -> None:
    with pytest.raises(Unrestorable):
        restored(b"{broken " + odd(masking).encode(), Restoring(tools, masking, []))
    assert restored(b"{broken MASKED_", Restoring(tools, masking, [])) == b"{broken MASKED_"


def test_cut_arguments_end_as_they_stand(masking: Masking, tools: EditTools) -> None:
    mask = RestoredJson(Restoring(tools, masking, []))
    assert mask.feed(b'{"a": "MASKED_ODD_') + mask.finish() == b'{"a": "MASKED_ODD_'


def test_a_request_teaches_its_own_secrets_but_not_those_of_thinking(masking: Masking, tools: EditTools) -> None:
    thought = {"type": "thinking", "thinking": f"use {SECRET}", "signature": "c2ln"}
    raw = json.dumps({"messages": [{"role": "assistant", "content": [thought]}, {"role": "user", "content": LINE}]})
    masked = mask_json(raw.encode(), masking, REQUEST, tools=tools, learns=True)
    names = [finding.placeholder.encode() for finding in masked.findings]
    assert [tools.vault.secret(name) for name in names] == [None, BARE.encode()]


def test_what_an_edit_got_back_is_masked_where_no_rule_finds_it_and_from_there_on(
    masking: Masking, tools: EditTools
) -> None:
    history: list[dict[str, Any]] = [
        {"role": "user", "content": f"{BARE} alone, then {LINE}"},
        {"role": "assistant", "content": [edit({"path": "a", "new_string": f"connect('{BARE}')"})]},
    ]
    later = {"role": "user", "content": f"now {BARE}"}
    first, _ = learn(masking, tools, *history)
    _, said = learn(masking, tools, *history, later)
    name = masking.text(LINE.encode())[0].decode().strip().removeprefix("DB_PASSWORD=")
    assert said[1]["content"][0]["input"] == {"path": "a", "new_string": f"connect('{name}')"}
    assert said[2]["content"] == f"now {name}"
    # What was sent before stays the same bytes, or the prompt cache is lost.
    assert said[0]["content"].startswith(f"{BARE} alone")
    assert json.dumps(said[:2])[1:-1] in first.forward.decode()
    places = [(finding.place, finding.placeholder) for finding in first.findings]
    assert places == [("messages[0].content", name), ("messages[1].content[0].input.new_string", name)]


def test_in_other_tools_it_is_not_looked_for(masking: Masking, tools: EditTools) -> None:
    _, said = learn(
        masking,
        tools,
        {"role": "user", "content": LINE},
        {"role": "assistant", "content": [edit({"command": BARE}, "Bash")]},
    )
    assert said[1]["content"][0]["input"] == {"command": BARE}


def test_a_secret_that_the_rules_find_in_an_edit_stays_one_finding(masking: Masking, tools: EditTools) -> None:
    masked, said = learn(
        masking,
        tools,
        {"role": "user", "content": f"t {SECRET}"},
        {"role": "assistant", "content": [edit({"old_string": f"t = {SECRET}"})]},
        {"role": "user", "content": BARE},
    )
    assert [finding.rule for finding in masked.findings] == ["github-pat-classic"] * 2
    assert said[1]["content"][0]["input"]["old_string"].startswith("t = MASKED_")


def test_a_name_told_twice_is_refused(masking: Masking, tools: EditTools) -> None:
    raw = b'{"content":[{"type":"tool_use","name":"Edit","name":"Bash","input":{"a":"%b"}}]}' % odd(masking).encode()
    with pytest.raises(BadRequest):
        mask_json(raw, masking, ANSWER, tools=tools)


def test_more_given_back_than_can_be_looked_for_is_refused(
    masking: Masking, tools: EditTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maskproxy.bodies.json_walk.MOST_SPREAD", 1)
    other = BARE[::-1]
    lines = {"role": "user", "content": f"{LINE}OTHER_PASSWORD={other}\n"}
    learn(masking, tools, lines, {"role": "assistant", "content": [edit({"a": f"c('{BARE}')"})]})
    with pytest.raises(TooLarge):
        learn(masking, tools, lines, {"role": "assistant", "content": [edit({"a": f"c('{BARE}', '{other}')"})]})
