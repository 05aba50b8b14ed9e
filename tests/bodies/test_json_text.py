from __future__ import annotations

import json
import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies import json_walk
from maskproxy.bodies.claude import ANSWER, BATCH_REQUEST, REQUEST
from maskproxy.bodies.json_text import mask_json
from maskproxy.bodies.places import FREE, Place
from maskproxy.errors import BadRequest, TooLarge, UnsupportedCoding
from tests.bodies.fake_masking import FakeMasking, fake_masking

KEY = "KEY" + "01234567"
MASKED_KEY = "MASKED_KEY_" + b"01234567".hex()
MASKED_PWD = "MASKED_PWD_" + b"hunterpw".hex()

secrets = st.sampled_from(
    [KEY, f"a {KEY} b", f"é{KEY}😀", "pwd: hunterpw", "KEY0123", "", '"\\/\n<&>\x00\u2028', "plain"]
)
keys = st.sampled_from(["pwd", "name", KEY, "a.b", "é", "type", "data", 'say "hi"'])
documents = st.recursive(
    secrets | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def masked_by_hand(document: Any, key: str = "") -> Any:
    """The same promise, said over parsed values."""
    match document:
        case str():
            view = f"{key}: ".encode() if key else b""
            start, whole = (bytes(fake_masking().text(text)[0]) for text in (view, view + document.encode()))
            return whole.removeprefix(start).decode()
        case list():
            return [masked_by_hand(item, key) for item in document]
        case dict():
            return {masked_by_hand(name): masked_by_hand(value, name) for name, value in document.items()}
        case _:
            return document


def styles(document: Any) -> dict[str, bytes]:
    """How several encoders write the same thing."""
    plain = json.dumps(document, ensure_ascii=False)
    return {
        "python": json.dumps(document).encode(),
        "plain": plain.encode(),
        "tight": json.dumps(document, separators=(",", ":")).encode(),
        "indented": json.dumps(document, indent=2, ensure_ascii=False).encode().replace(b"\n", b"\r\n\t"),
        "php": plain.replace("/", "\\/").encode(),
        "go": plain.replace("<", "\\u003c").replace(">", "\\u003E").replace("&", "\\u0026").encode(),
        "odd": plain.replace("K", "\\u004b").replace("h", "\\u0068").replace("w", "\\u0077").encode(),
    }


@settings(max_examples=200, deadline=None)
@given(document=documents)
def test_every_encoder_s_style_is_masked_alike_and_stays_json(document: Any) -> None:
    expected = masked_by_hand(document)
    for style, raw in styles(document).items():
        masked = mask_json(raw, fake_masking())
        assert json.loads(masked.forward) == expected, style
        assert masked.record is masked.forward
        if not masked.findings:
            assert masked.forward == raw


@settings(max_examples=100, deadline=None)
@given(document=documents)
def test_untouched_bytes_stay_untouched(document: Any) -> None:
    for raw in styles(document).values():
        masked = mask_json(raw, fake_masking())
        at = 0
        rest = bytes(masked.forward)
        for number, finding in enumerate(masked.findings):
            before, _, rest = rest.partition(finding.placeholder.encode())
            found = raw.find(before, at)
            assert found >= at
            assert number or not found
            at = found + len(before)
        assert raw.endswith(rest)


def test_a_value_that_only_its_key_betrays_is_found() -> None:
    raw = b'{"pwd" :  "hunterpw", "x": ["hunterpw"], "pwd": ["hunterpw", {"y": "hunterpw"}], '
    raw += b'"p\\u0077d": "hunter\\u0070w"}'
    masked = mask_json(raw, fake_masking())
    assert masked.forward == raw.replace(b"hunterpw", MASKED_PWD.encode(), 1).replace(
        b'["hunterpw", {', b'["' + MASKED_PWD.encode() + b'", {'
    ).replace(b"hunter\\u0070w", MASKED_PWD.encode())
    assert [finding.place for finding in masked.findings] == ["pwd", "pwd[0]", "pwd"]


def test_places_are_paths_that_hold_no_secret() -> None:
    raw = json.dumps({"messages": [{"content": [{"text": KEY}]}], KEY: {"\x1b[2J": KEY, "deep": [[KEY]]}})
    masked = mask_json(raw.encode(), fake_masking(), prefix="line[3]")
    assert [finding.place for finding in masked.findings] == [
        "line[3].messages[0].content[0].text",
        "line[3].*",
        "line[3].*.*",
        "line[3].*.deep[0][0]",
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"[",
        b'"',
        b"[1,]",
        b"{,}",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,}',
        b"{1:2}",
        b"[1 2]",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"1e",
        b"nul",
        b"True",
        b"NaN",
        b"Infinity",
        b"-",
        b"{}{}",
        b"{} x",
        b"[}",
        b"{]",
        b'["a]',
        b"]",
        b",",
        b"1,",
        b"[1}",
        b"'a'",
        b'"a\nb"',
        b'"\\x"',
        b'"\\u12"',
        b"/**/1",
        b'{"a":1 "b":2}',
        b"\x0b1",
        b"\xef\xbb\xbf{}",
        b"[,1]",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud800":1}',
        b'"\\uD83Dx"',
        b'"\xff"',
        b'"\xc3"',
        b'"\xed\xa0\x80"',
        b'"a\x00"',
        b"\xff\xfe{\x00}\x00",
        b"{\x00}\x00",
        b"[[1]",
        b"[1]]",
        b"[:1]",
        b'{"a"::1}',
        b'{"a":[}',
    ],
)
@pytest.mark.parametrize("place", [FREE, REQUEST])
def test_what_is_not_json_is_refused(raw: bytes, place: Place) -> None:
    for document in (raw, raw + b" "):
        with pytest.raises(BadRequest):
            mask_json(document, fake_masking(), place)
    with pytest.raises(BadRequest):
        mask_json(b'["KEY", ' + raw + b"]" if raw.strip() else b'["KEY", ]', fake_masking(), place)


@settings(max_examples=300, deadline=None)
@given(raw=st.text(st.sampled_from('{}[]:,"\\u0aDd8K1.e- \ntrue'), max_size=24).map(str.encode))
def test_it_reads_what_a_strict_parser_reads(raw: bytes) -> None:
    def refuse(_: str) -> None:
        raise ValueError

    try:
        read = json.dumps(json.loads(raw, parse_constant=refuse), ensure_ascii=False).encode()
    except ValueError:  # UnicodeEncodeError is one: a lone surrogate
        read = b""
    if read:
        assert mask_json(raw, fake_masking()).forward == raw
    else:
        with pytest.raises(BadRequest):
            mask_json(raw, fake_masking())


@pytest.mark.parametrize("depth", [100, 900, 9000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"pwd":', "}")])
def test_deep_nesting_is_masked(depth: int, opening: str, closing: str) -> None:
    raw = f'{opening * depth}"{KEY}"{closing * depth}'.encode()
    masked = mask_json(raw, fake_masking())
    assert masked.forward == raw.replace(KEY.encode(), MASKED_KEY.encode())
    assert len(masked.findings[0].place) < 200


@pytest.mark.parametrize("raw", [b"[" * 3_000_000, b'{"a":' * 500_000, b"[" * 20_000 + b'"KEY"' + b"]" * 20_000])
def test_absurd_nesting_is_refused_while_memory_stays_small(raw: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadRequest):
            mask_json(raw, fake_masking())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_huge_numbers_are_kept_digit_by_digit() -> None:
    raw = b'{"a": 1' + b"0" * 5000 + b', "b": 1.50E+99999, "KEY": -0}'
    assert mask_json(raw, fake_masking()).forward == raw


@pytest.mark.parametrize("again", ['"model": "b"', '"stream": 1', '"messages": []', '"mod\\u0065l": "b"', '"extra": 2'])
@pytest.mark.parametrize("said", ["nothing", KEY])
def test_a_key_that_is_named_twice_where_a_policy_reads_is_refused(again: str, said: str) -> None:
    raw = (
        f'{{"model": "a", "stream": true, "extra": 1, "messages": [{{"role": "user", "content": "{said}"}}], {again}}}'
    )
    with pytest.raises(BadRequest):
        mask_json(raw.encode(), fake_masking(), REQUEST)


@pytest.mark.parametrize(
    "inner",
    [
        '{"role": "user", "role": "system", "content": "x"}',
        '{"role": "user", "content": [{"type": "text", "type": "thinking", "thinking": "x"}]}',
        '{"role": "user", "content": [{"type": "image", "source": {"type": "text", "type": "base64", "data": "x"}}]}',
    ],
)
def test_a_block_that_says_two_things_is_refused(inner: str) -> None:
    with pytest.raises(BadRequest):
        mask_json(f'{{"messages": [{inner}]}}'.encode(), fake_masking(), REQUEST)


def test_a_free_object_may_name_a_key_twice_and_both_are_masked() -> None:
    inner = f'{{"type": "tool_use", "input": {{"pwd": "hunterpw", "pwd": "{KEY}"}}}}'
    raw = f'{{"messages": [{{"content": [{inner}]}}]}}'
    masked = mask_json(raw.encode(), fake_masking(), REQUEST)
    assert masked.forward.decode() == raw.replace("hunterpw", MASKED_PWD).replace(KEY, MASKED_KEY)


def request(*blocks: dict[str, Any]) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": list(blocks)}]}).encode()


def blocks_of(masked: bytes) -> Any:
    return json.loads(masked)["messages"][0]["content"]


def test_exempt_places_are_left_alone_and_nothing_else() -> None:
    thinking = {"signature": KEY, "thinking": f"so {KEY}", "type": "thinking"}
    cited = {"cited_text": KEY, "encrypted_index": KEY}
    found = {"type": "web_search_result", "encrypted_content": KEY, "url": KEY}
    blocks: list[dict[str, Any]] = [
        thinking,
        {"type": "redacted_thinking", "data": KEY},
        {"type": "tool_use", "id": KEY, "input": {"id": KEY, "data": KEY, "signature": KEY, "type": "thinking"}},
        {"type": "tool_result", "tool_use_id": KEY, "content": [{"type": "text", "text": KEY, "citations": [cited]}]},
        {"type": "web_search_tool_result", "content": [found]},
        {"type": "code_execution_tool_result", "content": {"stdout": KEY, "encrypted_stdout": KEY}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": KEY}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": KEY}},
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": KEY}]}},
        {"type": "image", "source": {"type": "base64", "media_type": "text/plain", "data": KEY}},
        {"type": "brand_new", "words": [KEY], "data": KEY, "signature": KEY, "thinking": KEY},
        {"type": "text", "text": "x", "signature": KEY},
        {"type": "thinking", "thinking": "x", "signature": f"not base64: {KEY}"},
    ]
    masked = mask_json(request(*blocks), fake_masking(), REQUEST)
    said = blocks_of(masked.forward)
    assert said[:2] == blocks[:2]
    assert said[2] == blocks[2] | {
        "input": {"id": MASKED_KEY, "data": MASKED_KEY, "signature": MASKED_KEY, "type": "thinking"}
    }
    assert said[3]["tool_use_id"] == KEY
    masked_cited = {"cited_text": MASKED_KEY, "encrypted_index": KEY}
    assert said[3]["content"] == [{"type": "text", "text": MASKED_KEY, "citations": [masked_cited]}]
    assert said[4]["content"] == [found | {"url": MASKED_KEY}]
    assert said[5]["content"] == {"stdout": MASKED_KEY, "encrypted_stdout": KEY}
    assert said[6] == blocks[6]
    assert said[7]["source"]["data"] == MASKED_KEY
    assert said[8]["source"]["content"] == [{"type": "text", "text": MASKED_KEY}]
    assert said[9]["source"]["data"] == MASKED_KEY
    assert said[10] == {
        "type": "brand_new",
        "words": [MASKED_KEY],
        "data": MASKED_KEY,
        "signature": MASKED_KEY,
        "thinking": MASKED_KEY,
    }
    assert said[11]["signature"] == MASKED_KEY
    assert said[12]["signature"] == f"not base64: {MASKED_KEY}"
    assert masked.media_bytes == len(KEY)
    recorded = blocks_of(masked.record)
    assert recorded[0] == thinking | {"thinking": f"so {MASKED_KEY}"}
    assert recorded[1:] == said[1:]


def test_system_tools_and_metadata_are_text() -> None:
    raw = json.dumps(
        {
            "system": [{"type": "text", "text": KEY, "cache_control": {"type": KEY}}],
            "tools": [{"name": KEY, "description": KEY, "input_schema": {"properties": {"id": {"default": KEY}}}}],
            "metadata": {"user_id": json.dumps({"pwd": KEY})},
            "container": "KEY01234567",
            "stop_sequences": [KEY],
            "messages": [{"role": "system", "content": KEY}],
        }
    ).encode()
    masked = mask_json(raw, fake_masking(), REQUEST)
    expected = raw.replace(KEY.encode(), MASKED_KEY.encode())
    expected = expected.replace(b'"container": "' + MASKED_KEY.encode(), b'"container": "' + KEY.encode())
    assert masked.forward == expected


def test_an_mcp_token_is_forwarded_and_blotted_out_in_the_recording() -> None:
    raw = (
        b'{"mcp_servers": [{"url": "https://a/KEY01234567", "authorization_token": "anything at all"}], "messages": []}'
    )
    masked = mask_json(raw, fake_masking(), REQUEST)
    assert masked.forward == raw.replace(KEY.encode(), MASKED_KEY.encode())
    assert b"anything" not in bytes(masked.record)
    assert json.loads(masked.record)["mcp_servers"][0]["url"] == f"https://a/{MASKED_KEY}"
    quiet = mask_json(raw.replace(b"KEY", b"LOW"), fake_masking(), REQUEST)
    assert b"anything" not in bytes(quiet.record)


def test_media_is_refused_where_the_configuration_says_so() -> None:
    raw = request({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}})
    assert mask_json(raw, fake_masking(), REQUEST).media_bytes == 4
    for spelling in (raw, raw.replace(b"base64", b"base6\\u0034"), raw.replace(b'"type"', b'"t\\u0079pe"')):
        with pytest.raises(UnsupportedCoding):
            mask_json(spelling, fake_masking(), REQUEST, refuse_media=True)


def test_batches_and_answers_have_their_places() -> None:
    inner = json.loads(request({"type": "thinking", "thinking": KEY, "signature": KEY}, {"type": "text", "text": KEY}))
    raw = json.dumps({"requests": [{"custom_id": KEY, "params": inner}]}).encode()
    said = json.loads(mask_json(raw, fake_masking(), BATCH_REQUEST).forward)["requests"][0]
    assert said["custom_id"] == MASKED_KEY
    assert said["params"]["messages"][0]["content"][0] == inner["messages"][0]["content"][0]
    assert said["params"]["messages"][0]["content"][1]["text"] == MASKED_KEY
    error = {"type": "error", "error": {"type": KEY, "message": KEY}, "request_id": KEY}
    said = json.loads(mask_json(json.dumps(error).encode(), fake_masking(), ANSWER).forward)
    assert said == {"type": "error", "error": {"type": MASKED_KEY, "message": MASKED_KEY}, "request_id": KEY}


def test_a_clean_document_is_the_same_object_and_is_not_searched() -> None:
    masking = FakeMasking()
    raw = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello " * 100}]}).encode()
    for place in (FREE, REQUEST):
        assert mask_json(raw, masking, place).forward is raw  # type: ignore[arg-type]
    assert masking.finds == 0


def test_more_findings_than_are_listed_are_masked_all_the_same() -> None:
    raw = json.dumps([KEY] * 12_000).encode()
    masked = mask_json(raw, fake_masking())
    assert KEY.encode() not in bytes(masked.forward)
    assert len(masked.findings) == 10_000


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_long_documents_are_masked_wherever_the_secret_stands(data: st.DataObject) -> None:
    """Documents of many windows: a look at one window must spare nothing in another."""
    rows: list[Any] = []
    for _ in range(data.draw(st.integers(1, 60))):
        size = data.draw(st.sampled_from([0, 10, 700, 5000, 9000]))
        what = data.draw(st.sampled_from(["", "", "", KEY, "pwd"]))
        rows.append(
            {"pwd": "hunterpw", "pad": "x" * size} if what == "pwd" else {"pad": "x" * size + what, what: [what]}
        )
    raw = json.dumps({"rows": rows}).encode()
    assert json.loads(mask_json(raw, fake_masking()).forward) == masked_by_hand({"rows": rows})


@pytest.mark.parametrize("kind", ["thinking", "something"])
def test_what_waits_for_its_object_s_end_is_masked_over_many_windows(kind: str) -> None:
    block = {"thinking": f"so {KEY}", "pad": ["x" * 9000, {"y": "x" * 9000}], "more": "x" * 20_000, "type": kind}
    masked = mask_json(request(block, {"text": KEY}), fake_masking(), REQUEST)
    forward, record = blocks_of(masked.forward)[0], blocks_of(masked.record)[0]
    assert forward["thinking"] == (f"so {KEY}" if kind == "thinking" else f"so {MASKED_KEY}")
    assert record == block | {"thinking": f"so {MASKED_KEY}"}
    assert blocks_of(masked.forward)[1] == {"text": MASKED_KEY}


SMALL_VALUES = [
    *["1", "-2.5e3", "null", "[]", "{ }", '""', '"KEY01234567"', '"x"', '{"a":1}', "[1,2]", "[[],[{}]]"],
    *['{"pwd": "hunterpw", "b": []}', '{"a":{"b":1}}', '["KEY01234567",1]', '"\\ud83d\\ude00"', '{"KEY":"x"}'],
]
many = st.sampled_from(SMALL_VALUES)


@settings(max_examples=200, deadline=None)
@given(values=st.lists(many, max_size=30), key=st.sampled_from(["name", "pwd", "a"]), mark=st.sampled_from(["", "KEY"]))
def test_runs_of_small_values_are_read_like_single_ones(values: list[str], key: str, mark: str) -> None:
    array = "[ " + " ,\n".join(values) + "]"
    for raw in (array, f'{{"{key}": {array}, "mark": "{mark}"}}', f'[{array}, {array}, "{mark}"]'):
        masked = mask_json(raw.encode(), fake_masking())
        assert json.loads(masked.forward) == masked_by_hand(json.loads(raw))
        for finding in masked.findings:
            found: Any = json.loads(masked.forward)
            for step in re.findall(r"\[(\d+)\]|(\w+)", finding.place.removeprefix("body")):
                found = found[int(step[0]) if step[0] else step[1]]
            assert finding.placeholder in str(found)
        with pytest.raises(BadRequest):
            mask_json(raw.replace("]", ",]", 1).encode(), fake_masking())


def test_bodies_of_too_many_values_or_secrets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_walk, "MOST_STEPS", 1000)
    monkeypatch.setattr(json_walk, "MOST_EDITS", 100)
    for values in (b"[[]]," * 500, b'"KEY01234567",' * 101, b'{"KEY":[{}]},' * 400):
        with pytest.raises(TooLarge):
            mask_json(b'["KEY", ' + values + b"1]", fake_masking())
    for few in (b"1, [], {}," * 5000, b'"KEY01234567",' * 100):
        assert mask_json(b'["KEY", ' + few + b"1]", fake_masking()).forward.endswith(b"1]")
