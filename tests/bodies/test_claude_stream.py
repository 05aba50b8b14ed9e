from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.errors import BadRequest, TooLarge, UnsupportedCoding
from tests.bodies.fake_masking import SEALS, fake_masking

KEY = "KEY" + "01234567"
MASKED_KEY = "MASKED_KEY_" + b"01234567".hex()
MASKED_PWD = "MASKED_PWD_" + b"hunterpw".hex()


def event(data: dict[str, Any], *, eol: str = "\n", ascii_only: bool = False, tight: bool = True) -> bytes:
    text = json.dumps(data, ensure_ascii=ascii_only, separators=(",", ":") if tight else None)
    return f"event: {data['type']}{eol}data: {text}{eol}{eol}".encode()


def delta(index: int, kind: str, field: str, piece: str, **how: Any) -> bytes:
    return event({"type": "content_block_delta", "index": index, "delta": {"type": kind, field: piece}}, **how)


def text(piece: str, index: int = 0, **how: Any) -> bytes:
    return delta(index, "text_delta", "text", piece, **how)


def tool(piece: str, index: int = 1) -> bytes:
    return delta(index, "input_json_delta", "partial_json", piece)


def start(index: int, **block: Any) -> bytes:
    return event({"type": "content_block_start", "index": index, "content_block": block})


def stop(index: int) -> bytes:
    return event({"type": "content_block_stop", "index": index})


PING = b'event: ping\ndata: {"type": "ping"}\n\n'
END = event({"type": "message_stop"})


def run(stream: bytes, *, cut: int = 1 << 20) -> tuple[bytes, bytes, ClaudeStream]:
    body = ClaudeStream(fake_masking(), seals=SEALS)
    outputs = [body.feed(stream[at : at + cut]) for at in range(0, len(stream), cut)]
    outputs.append(body.finish())
    return b"".join(o.forward for o in outputs), b"".join(o.record for o in outputs), body


def events_of(stream: bytes) -> list[dict[str, Any]]:
    text = stream.decode().replace("\r\n", "\n")
    return [
        json.loads("\n".join(line[5:] for line in block.split("\n") if line.startswith("data:")))
        for block in text.split("\n\n")
        if "data:" in block
    ]


def texts_of(stream: bytes) -> dict[tuple[int, str, str], str]:
    """What a client puts together, and the promise that a block has no delta after its stop."""
    made: dict[tuple[int, str, str], str] = {}
    stopped = set()
    for data in events_of(stream):
        if data.get("type") == "content_block_delta":
            assert data["index"] not in stopped
            kind = data["delta"]["type"]
            for field, piece in data["delta"].items():
                if field != "type":
                    key = (data["index"], kind, field)
                    made[key] = made.get(key, "") + (piece if isinstance(piece, str) else json.dumps(piece))
        elif data.get("type") == "content_block_stop":
            stopped.add(data["index"])
    return made


def test_an_untouched_stream_passes_as_the_same_bytes() -> None:
    stream = b"".join(
        [
            b": a comment\n\n",
            event(
                {"type": "message_start", "message": {"id": "msg_1", "content": [], "usage": {"input_tokens": 1.50}}}
            ),
            start(0, type="text", text=""),
            PING,
            text('Héllo\u2028 "quoted" <b>\n', ascii_only=True),
            text("😀", tight=False),
            text("\r\n", eol="\r\n"),
            b'data: {"type":"content_block_delta","index":0,"delta":{"text":"other order","type":"text_delta"}}\n\n',
            text("padded").replace(b"}}", b"}      }").replace(b"}\n", b"}    \n"),
            stop(0),
            event({"type": "brand_new", "thing": {"a": [1, "two"]}}),
            END,
            b"data: [DONE]\n\n",
        ]
    )
    for cut in (1, 7, 64, 1 << 20):
        forward, record, body = run(stream, cut=cut)
        assert forward == stream
        assert record == stream
        assert body.findings == []


@pytest.mark.parametrize("pad", [0, 1, 15])
@pytest.mark.parametrize(
    ("kind", "field"), [("text_delta", "text"), ("thinking_delta", "thinking"), ("input_json_delta", "partial_json")]
)
def test_deltas_that_are_padded_as_the_api_does_take_the_short_way(
    monkeypatch: pytest.MonkeyPatch, kind: str, field: str, pad: int
) -> None:
    """It hides how long a text is by blanks before the last brace."""
    monkeypatch.setattr(ClaudeStream, "_any_event", lambda _, raw: pytest.fail(f"looked at closely: {raw!r}"))
    plain = delta(2, kind, field, "[1 é\n") + delta(2, kind, field, ", 2")
    stream = plain.replace(b"}\n\n", b" " * pad + b"}\n\n")
    body = ClaudeStream(fake_masking(), seals=SEALS)
    assert body.feed(stream).forward + body.feed(stream).forward == 2 * stream


def test_a_secret_over_deltas_goes_out_before_the_block_stops() -> None:
    forward, record, body = run(
        start(0, type="text", text="") + text("a KEY0") + PING + text("1234567") + stop(0) + END
    )
    kinds = [data["type"] for data in events_of(forward)]
    assert kinds == [
        "content_block_start",
        "content_block_delta",
        "ping",
        "content_block_delta",
        "content_block_stop",
        "message_stop",
    ]
    assert texts_of(forward) == {(0, "text_delta", "text"): f"a {MASKED_KEY}"}
    assert record == forward
    assert [(f.rule, f.place) for f in body.findings] == [("key", "content_block[0].text")]


def test_held_text_goes_out_as_a_delta_of_its_own_before_the_stop() -> None:
    forward, _, _ = run(start(0, type="text", text="") + text("what a KEY") + stop(0) + END)
    kinds = [data["type"] for data in events_of(forward)]
    assert kinds == ["content_block_start", *["content_block_delta"] * 2, "content_block_stop", "message_stop"]
    assert texts_of(forward) == {(0, "text_delta", "text"): "what a KEY"}


def test_blocks_do_not_wait_for_one_another() -> None:
    body = ClaudeStream(fake_masking(), seals=SEALS)
    body.feed(start(0, type="text", text="") + start(1, type="text", text=""))
    first = bytes(body.feed(text("a KEY", 0)).forward)
    assert b'"text":"a "' in first
    for other in (text("all of it", 1), PING):
        assert body.feed(other).forward == other


def test_text_in_the_start_of_a_block_is_the_beginning_of_its_stream() -> None:
    forward, _, _ = run(start(0, type="text", text="x KEY01") + text("234567 y") + stop(0))
    begun = events_of(forward)[0]["content_block"]["text"]
    assert begun + texts_of(forward)[0, "text_delta", "text"] == f"x {MASKED_KEY} y"


def test_a_tool_s_arguments_are_masked_as_the_json_they_are() -> None:
    arguments = json.dumps({"pwd": "hunterpw", "path": "a/b", "note": f"é {KEY}"}).replace("/", "\\/")
    for size in (1, 2, 3, 11):
        pieces = [tool(arguments[at : at + size]) for at in range(0, len(arguments), size)]
        stream = start(1, type="tool_use", id="toolu_1", name="Edit", input={}) + b"".join(pieces) + stop(1) + END
        forward, record, body = run(stream)
        made = json.loads(texts_of(forward)[1, "input_json_delta", "partial_json"])
        assert made == {"pwd": MASKED_PWD, "path": "a/b", "note": f"é {MASKED_KEY}"}
        assert record == forward
        assert [f.place for f in body.findings] == ["content_block[1].input.pwd", "content_block[1].input.note"]


def test_arguments_in_the_start_of_a_tool_block_are_masked() -> None:
    forward, _, _ = run(start(1, type="tool_use", id="toolu_1", name="Edit", input={"pwd": "hunterpw", "id": KEY}))
    assert events_of(forward)[0]["content_block"]["input"] == {"pwd": MASKED_PWD, "id": MASKED_KEY}


def test_citations_errors_compaction_and_unknown_deltas_are_masked() -> None:
    citation = {"type": "char_location", "cited_text": KEY, "document_title": "t", "encrypted_index": KEY}
    stream = b"".join(
        [
            event({"type": "message_start", "message": {"id": KEY, "content": [{"type": "text", "text": KEY}]}}),
            event(
                {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": citation}}
            ),
            start(2, type="compaction", content="so KEY01"),
            delta(2, "compaction_delta", "content", "234567 far"),
            delta(3, "brand_new_delta", "words", "K"),
            delta(3, "brand_new_delta", "words", "EY01234567"),
            stop(2),
            event({"type": "message_delta", "delta": {"stop_reason": "stop_sequence", "stop_sequence": KEY}}),
            event({"type": "error", "error": {"type": "api_error", "message": f"bad {KEY}"}}),
        ]
    )
    forward, _, _ = run(stream)
    data = events_of(forward)
    assert data[0]["message"] == {"id": KEY, "content": [{"type": "text", "text": MASKED_KEY}]}
    assert data[1]["delta"]["citation"] == citation | {"cited_text": MASKED_KEY}
    made = texts_of(forward)
    assert data[2]["content_block"]["content"] + made[2, "compaction_delta", "content"] == f"so {MASKED_KEY} far"
    assert made[3, "brand_new_delta", "words"] == MASKED_KEY
    assert data[-2]["delta"]["stop_sequence"] == MASKED_KEY
    assert data[-1]["error"]["message"] == f"bad {MASKED_KEY}"


@pytest.mark.parametrize(
    "tail", [b"", END, event({"type": "error", "error": {"type": "overloaded_error"}}), b"data: {}"]
)
def test_a_stream_without_its_stops_loses_nothing_and_leaks_nothing(tail: bytes) -> None:
    forward, _, _ = run(text("a KEY0") + tool('{"pwd": "hunterpw') + text(KEY, 2) + tail)
    made = texts_of(forward)
    assert made[0, "text_delta", "text"] == "a KEY0"
    assert made[1, "input_json_delta", "partial_json"] == f'{{"pwd": "{MASKED_PWD}'
    assert made[2, "text_delta", "text"] == MASKED_KEY


@pytest.mark.parametrize(
    "bad",
    [
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}\n\n',
        b'data: {"type":"content_block_delta","index":0,"index":1,"delta":{"type":"text_delta","text":"a"}}\n\n',
        b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}\n\n',
        b'data: {"type":"content_block_delta","index":true,"delta":{"type":"text_delta","text":"a"}}\n\n',
        text("x").replace(b"x", b"\\ud800"),
        text("x").replace(b"x", b"\xff"),
        b"data: \xff\n\n",
    ],
)
def test_what_cannot_be_read_ends_the_stream(bad: bytes) -> None:
    with pytest.raises(BadRequest):
        run(bad)


def test_endless_events_and_endless_blocks_are_bounded() -> None:
    with pytest.raises(TooLarge):
        run(b"data: " + b"x" * (9 << 20), cut=65536)
    with pytest.raises(TooLarge):
        run(b"".join(text("KEY", index) for index in range(2000)))


def test_names_and_comments_of_events_are_masked() -> None:
    forward, _, _ = run(f": {KEY}\nevent: {KEY}\ndata: {{}}\n\ndata: plain {KEY}\ndata: more\n\n".encode())
    assert (
        forward
        == f": {MASKED_KEY}\nevent: {MASKED_KEY}\ndata: {{}}\n\ndata: plain {MASKED_KEY}\ndata: more\n\n".encode()
    )


def test_no_name_in_an_event_is_a_way_out() -> None:
    def odd(**members: Any) -> bytes:
        return event({"type": "content_block_delta", "index": 0, "delta": members})

    stream = [
        odd(type="new_delta", **{KEY: "half a KEY"}),
        odd(type="new_delta", **{KEY: "0123"}),
        odd(type=KEY, text="half a KEY"),
        odd(type=f"{KEY} with blanks", text="half a KEY"),
        event({"type": "message_delta", "delta": {"stop_reason": KEY, KEY: 1}}),
        stop(0),
    ]
    forward, record, body = run(b"".join(stream))
    assert record == forward
    assert KEY.encode() not in forward
    assert KEY not in "".join(finding.place for finding in body.findings)
    made = texts_of(forward)
    assert made[0, "new_delta", MASKED_KEY] == "half a KEY0123"
    assert made[0, MASKED_KEY, "text"] == made[0, f"{MASKED_KEY} with blanks", "text"] == "half a KEY"


pieces = st.lists(
    st.sampled_from(["KEY", "01234567", "0", "x", "pwd: ", "hunterpw", "é", "😀", '"', "\\", "\n", "/", "<"]),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), words=pieces, values=st.lists(pieces, min_size=1, max_size=3), cut=st.integers(1, 300))
def test_no_way_of_cutting_shows(data: st.DataObject, words: list[str], values: list[list[str]], cut: int) -> None:
    said = "".join(words)
    arguments = json.dumps(
        {("pwd" if at else "KEY" + "89ABCDEF"): "".join(value) for at, value in enumerate(values)},
        ensure_ascii=data.draw(st.booleans()),
        indent=data.draw(st.sampled_from([None, 1])),
    )
    if data.draw(st.booleans()):
        arguments = arguments.replace("/", "\\/").replace("<", "\\u003c")

    def shred(whole: str) -> list[str]:
        cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=8)))
        return [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    queue = [
        [text(piece) for piece in shred(said)] + [stop(0)],
        [tool(piece) for piece in shred(arguments)] + [stop(1)],
    ]
    stream = b""
    while queue:
        line = queue[data.draw(st.integers(0, len(queue) - 1))]
        stream += line.pop(0)
        queue = [line for line in queue if line]
    forward, record, _ = run(stream + END, cut=cut)
    assert record == forward
    made = texts_of(forward)
    masked_text = fake_masking().text(said.encode())[0].decode()
    assert made.get((0, "text_delta", "text"), "") == masked_text
    masked_arguments = made[1, "input_json_delta", "partial_json"]
    whole = ClaudeStream(fake_masking(), seals=SEALS)
    at_once = texts_of(whole.feed(tool(arguments) + stop(1)).forward)[1, "input_json_delta", "partial_json"]
    assert json.loads(masked_arguments) == json.loads(at_once)
    assert "KEY89ABCDEF" not in masked_arguments


def test_media_in_a_stream_is_counted_or_refused() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo" + "A" * 40}
    shown = start(0, type="tool_result", content=[{"type": "image", "source": source}])
    body = ClaudeStream(fake_masking(), seals=SEALS)
    assert body.feed(shown).forward == shown
    assert body.unread_bytes == len(source["data"])
    with pytest.raises(UnsupportedCoding):
        ClaudeStream(fake_masking(), seals=SEALS, refuse_media=True).feed(shown)
