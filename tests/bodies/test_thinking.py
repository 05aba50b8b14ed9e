"""Thinking over two turns: the client gets it masked and sends it again, the API gets its very own block back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies import claude_stream, thinking
from maskproxy.bodies.claude import ANSWER, BATCH_REQUEST, BATCH_RESULT, REQUEST
from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.bodies.json_bodies import JsonLinesBody
from maskproxy.bodies.json_text import MaskedJson, mask_json
from maskproxy.errors import BadRequest, TooLarge
from maskproxy.masking import Masking, PlaceholderKey, RuleSet, SealKey, Seals
from tests.bodies.fake_masking import SEALS, fake_masking
from tests.bodies.test_claude_stream import END, delta, event, events_of, start, stop, text
from tests.bodies.test_json_text import styles
from tests.sdk import blocks_of

KEY = "KEY" + "01234567"
MASKED_KEY = "MASKED_KEY_" + b"01234567".hex()
MARK = b".maskproxy"
FAR_SEALS = SealKey(b"far" * 11).of("ada")
BLIND = Masking(RuleSet(()), PlaceholderKey(b"k" * 32).scoped("ada"))
GITHUB = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
PEM_BODY = "\n".join("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj" + "AgEAAoIBAQC7VJTUt9Us" + str(n) * 4 for n in range(8))
PEM = f"-----BEGIN PRIVATE {'KEY'}-----\n{PEM_BODY}\n-----END PRIVATE {'KEY'}-----"

Block = dict[str, Any]


def think(piece: str, index: int = 0, **how: Any) -> bytes:
    return delta(index, "thinking_delta", "thinking", piece, **how)


def sign(signature: str, index: int = 0) -> bytes:
    return delta(index, "signature_delta", "signature", signature)


def begin(index: int = 0, thinking: str = "", signature: str = "") -> bytes:
    return start(index, type="thinking", thinking=thinking, signature=signature)


def streamed(stream: bytes, masking: Masking | None = None, *, cut: int = 1 << 20) -> tuple[bytes, bytes]:
    """What the client gets and what is recorded."""
    body = ClaudeStream(masking or fake_masking(), seals=SEALS)
    outputs = [body.feed(stream[at : at + cut]) for at in range(0, len(stream), cut)]
    outputs.append(body.finish())
    return b"".join(o.forward for o in outputs), b"".join(o.record for o in outputs)


def said(blocks: list[Block]) -> Any:
    return {"model": "m", "messages": [{"role": "assistant", "content": blocks}, {"role": "user", "content": "go on"}]}


def next_turn(raw: bytes, masking: Masking | None = None, seals: Seals = SEALS) -> MaskedJson:
    return mask_json(raw, masking or fake_masking(), REQUEST, learns=True, seals=seals)


def content(masked: bytes) -> list[Block]:
    blocks: list[Block] = json.loads(masked)["messages"][0]["content"]
    return blocks


def thoughts_in(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if block["type"] == "thinking"]


def comes_home(masking: Masking, stream: bytes, forward: bytes, record: bytes) -> None:
    """The whole promise, for what a client makes of an answer and however it writes the next request."""
    own, got, kept = (thoughts_in(blocks_of(body)) for body in (stream, forward, record))
    assert MARK not in record
    assert [block["signature"] for block in kept] == [block["signature"] for block in own]
    assert [block["thinking"] for block in kept] == [block["thinking"] for block in got]
    # What a signature in the midst of a secret has cut is found when it is seen whole.
    later = [block | {"thinking": masking.text(block["thinking"].encode())[0].decode()} for block in kept]
    for raw in styles(said(got)).values():
        masked = next_turn(raw, masking)
        assert content(masked.forward) == own
        assert content(masked.record) == later
        assert next_turn(raw, masking).forward == masked.forward


def test_a_secret_over_deltas_is_masked_for_both_and_the_api_gets_it_back() -> None:
    stream = begin(thinking="so KEY0") + think("1234567 and KEY") + sign("c2ln") + stop(0) + END
    forward, record = streamed(stream)
    for body in (forward, record):
        (block,) = blocks_of(body)
        assert block["thinking"] == f"so {MASKED_KEY} and KEY"
        kinds = [data["delta"]["type"] for data in events_of(body) if "delta" in data]
        assert kinds == ["thinking_delta", "thinking_delta", "signature_delta"]
    assert blocks_of(record)[0]["signature"] == "c2ln"
    assert blocks_of(forward)[0]["signature"].startswith("c2ln.maskproxy1.")
    comes_home(fake_masking(), stream, forward, record)


def test_thinking_without_a_secret_passes_as_the_same_bytes_both_ways() -> None:
    stream = begin() + think("so 😀", tight=False) + think("an é", eol="\r\n") + sign("c2ln+/==") + stop(0) + END
    for cut in (1, 50, 1 << 20):
        assert streamed(stream, cut=cut) == (stream, stream)
    raw = json.dumps(said([*blocks_of(stream), {"type": "redacted_thinking", "data": KEY}])).encode()
    masked = next_turn(raw)
    assert masked.forward == masked.record == raw
    answer = json.dumps({"content": blocks_of(stream), "note": KEY}).encode()
    assert mask_json(answer, fake_masking(), ANSWER, seals=SEALS).forward.count(b"maskproxy") == 0


def test_what_no_signature_carries_goes_out_behind_one_of_ours() -> None:
    """A block without a signature, with one in its start, and with text after it: SDKs replace the signature whole."""
    for stream in (
        begin() + think(KEY) + stop(0) + END,
        begin(thinking=KEY, signature="c2ln") + stop(0) + END,
        begin() + think(f"a {KEY}") + sign("c2ln") + think(f" b {KEY} K") + stop(0) + END,
        begin() + think(f"a {KEY}") + sign("c2ln") + think("more") + sign("YWdhaW4=") + stop(0) + END,
    ):
        forward, record = streamed(stream)
        comes_home(fake_masking(), stream, forward, record)
        assert blocks_of(record)[0]["signature"] == blocks_of(stream)[0]["signature"]


def test_a_stream_that_is_cut_keeps_its_masks() -> None:
    for tail in (b"", END, b"data: {}"):
        forward, record = streamed(begin() + think(f"a {KEY} KE") + tail)
        assert KEY.encode() not in forward + record
        assert MARK not in record


def test_another_block_of_the_same_number_has_its_own_seal() -> None:
    stream = begin() + think(KEY) + sign("YQ==") + stop(0) + begin() + think("plain") + sign("Yg==") + stop(0) + END
    forward, _ = streamed(stream)
    assert [block["signature"].partition(".")[0] for block in blocks_of(forward)] == ["YQ==", "Yg=="]
    assert blocks_of(forward)[1] == blocks_of(stream)[1]


words = st.lists(
    st.sampled_from(
        ["KEY", "01234567", "0", KEY, "x", "pwd: ", "hunterpw", "é", "😀", '"', "\\", "\n", "/", "<", "\0"]
    ),
    max_size=10,
).map("".join)
signatures = st.sampled_from(["", "c2ln", "RXhh+/b==", "RXhh" + KEY])


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(),
    thoughts=st.lists(st.lists(words, min_size=1, max_size=3), min_size=1, max_size=3),
    more=words,
    cut=st.integers(1, 300),
)
def test_no_way_of_cutting_shows(data: st.DataObject, thoughts: list[list[str]], more: str, cut: int) -> None:
    """Over events, over bytes, over blocks that take turns, with signatures early, late, many and none."""

    def shred(whole: str) -> list[str]:
        cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=8)))
        return [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    ascii_only = data.draw(st.booleans())
    queue = [[start(9, type="text", text=""), *(text(piece, 9) for piece in shred(more)), stop(9)]]
    for index, parts in enumerate(thoughts):
        first, *pieces = shred(parts[0])
        line = [begin(index, first, data.draw(signatures))]
        line += [think(piece, index, ascii_only=ascii_only) for piece in pieces]
        for part in parts[1:]:
            line.append(sign(data.draw(signatures), index))
            line += [think(piece, index) for piece in shred(part)]
        if data.draw(st.booleans()):
            line.append(sign(data.draw(signatures), index))
        queue.append([*line, stop(index)])
    stream = b""
    while queue:
        at = data.draw(st.integers(0, len(queue) - 1))
        stream += queue[at].pop(0)
        queue = [line for line in queue if line]
    forward, record = streamed(stream + END, cut=cut)
    expected = ["".join(fake_masking().text(part.encode())[0].decode() for part in parts) for parts in thoughts]
    assert [block["thinking"] for block in thoughts_in(blocks_of(forward))] == expected
    comes_home(fake_masking(), stream, forward, record)


@settings(max_examples=60, deadline=None)
@given(thought=words, signature=signatures, late=st.booleans(), cut=st.integers(1, 300), first=st.booleans())
def test_a_gateway_behind_another_takes_off_its_own_seal(
    thought: str, signature: str, late: bool, cut: int, first: bool
) -> None:
    """Whichever of them masks something."""
    near, far = (fake_masking(), BLIND) if first else (BLIND, fake_masking())
    stream = begin(0, "", "" if late else signature) + think(thought)
    stream += (sign(signature) if late else b"") + stop(0) + END
    body = ClaudeStream(far, seals=FAR_SEALS)
    between = body.feed(stream).forward
    forward, record = streamed(between, near, cut=cut)
    assert not fake_masking().find(blocks_of(forward)[0]["thinking"].encode())
    assert blocks_of(record)[0]["signature"] == blocks_of(between)[0]["signature"]
    back = next_turn(json.dumps(said(blocks_of(forward))).encode(), near)
    assert content(back.forward) == blocks_of(between)
    assert content(next_turn(bytes(back.forward), far, FAR_SEALS).forward) == blocks_of(stream)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), secret=st.sampled_from([GITHUB, PEM, f"{GITHUB} {PEM}", PEM.replace("\n", "\n  12\t")]))
def test_real_rules_over_any_cut(rules: RuleSet, data: st.DataObject, secret: str) -> None:
    masking = Masking(rules, PlaceholderKey(b"k" * 32).scoped("ada"))
    whole = f"It is é {secret} 😀, and AKI is none.\n"
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=20)))
    stream = begin() + b"".join(think(whole[a:b]) for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True))
    stream += sign("c2ln") + stop(0) + END
    forward, record = streamed(stream, masking, cut=data.draw(st.integers(1, 400)))
    assert blocks_of(forward)[0]["thinking"].encode() == masking.text(whole.encode())[0]
    comes_home(masking, stream, forward, record)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), thought=words, signature=signatures)
def test_a_whole_answer_in_any_spelling_and_order(data: st.DataObject, thought: str, signature: str) -> None:
    members = {"type": "thinking", "thinking": thought, "signature": signature, "extra": KEY}
    own = {name: members[name] for name in data.draw(st.permutations(list(members)))}
    told = {key: value for key, value in own.items() if key != "extra"} | {"extra": MASKED_KEY}
    for style, raw in styles({"id": "msg_1", "content": [own, {"type": "text", "text": KEY}]}).items():
        masked = mask_json(raw, fake_masking(), ANSWER, seals=SEALS)
        block, kept = json.loads(masked.forward)["content"][0], json.loads(masked.record)["content"][0]
        assert list(block) == list(own)
        assert not fake_masking().find(block["thinking"].encode())
        assert kept == block | {"signature": signature}
        for again in styles(said([block])).values():
            back = next_turn(again)
            assert content(back.forward) == [told], style
            assert content(back.record) == [kept]


def test_results_of_a_batch_are_sealed_and_taken_back_in_a_batch() -> None:
    block = {"type": "thinking", "thinking": f"so {KEY}", "signature": "c2ln"}
    line = {"custom_id": "a", "result": {"type": "succeeded", "message": {"id": KEY, "content": [block]}}}
    body = JsonLinesBody(fake_masking(), BATCH_RESULT, seals=SEALS)
    output = body.feed(json.dumps(line).encode() + b"\n")
    forward, record = bytes(output.forward), bytes(output.record)
    assert (forward + record).count(KEY.encode()) == 2
    assert MARK not in record
    (got,) = json.loads(forward)["result"]["message"]["content"]
    assert [finding.place for finding in body.findings] == ["line[0].result.message.content[0].thinking"]
    raw = json.dumps({"requests": [{"custom_id": "a", "params": said([got])}]}).encode()
    back = mask_json(raw, fake_masking(), BATCH_REQUEST, learns=True, seals=SEALS)
    assert json.loads(back.forward)["requests"][0]["params"] == said([block])
    assert KEY.encode() not in bytes(back.record)


def test_a_whole_message_in_a_stream_s_first_event_is_sealed_too() -> None:
    block = {"type": "thinking", "thinking": KEY, "signature": "c2ln"}
    forward, record = streamed(event({"type": "message_start", "message": {"content": [block]}}))
    (got,) = events_of(forward)[0]["message"]["content"]
    assert KEY.encode() not in forward + record
    assert content(next_turn(json.dumps(said([got])).encode()).forward) == [block]


def sealed_block(thought: str = f"so {KEY}, é") -> Block:
    forward, _ = streamed(begin() + think(thought) + sign("c2ln") + stop(0) + END)
    return blocks_of(forward)[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda block: block | {"thinking": block["thinking"] + " "},
        lambda block: block | {"thinking": block["thinking"].replace("so", "no")},
        lambda block: block | {"thinking": ""},
        lambda block: {key: value for key, value in block.items() if key != "thinking"},
        lambda block: block | {"signature": block["signature"][:-1]},
        lambda block: block | {"signature": "c2ln.maskproxy1."},
        lambda block: block | {"signature": "c2ln.mask"},
        lambda block: block | {"signature": block["signature"].replace("c2ln", "c2lo")},
        lambda block: block | {"signature": block["signature"].replace("y1.", "y2.")},
        lambda block: block | {"signature": block["signature"] + "!"},
        lambda block: block | {"signature": f"c2ln {KEY}" + block["signature"][4:]},
    ],
)
def test_what_cannot_be_put_back_is_refused(change: Any) -> None:
    raw = json.dumps(said([change(sealed_block())])).encode()
    for spelling in (raw, raw.replace(b".", b"\\u002e"), raw.replace(b'"signature"', b'"signatur\\u0065"')):
        with pytest.raises(BadRequest, match="start a new conversation"):
            next_turn(spelling)


def test_another_person_and_another_key_are_refused() -> None:
    raw = json.dumps(said([sealed_block()])).encode()
    for seals in (SealKey(b"k" * 32).of("bob"), SealKey(b"o" * 32).of("ada")):
        with pytest.raises(BadRequest):
            next_turn(raw, seals=seals)


def test_a_seal_anywhere_else_is_ordinary_text() -> None:
    block = sealed_block()
    signature = block["signature"]
    for other in (
        {"type": "text", "text": signature, "signature": signature},
        {"type": "tool_use", "id": "toolu_1", "name": "t", "input": block},
        {"type": "brand_new", "thinking": block["thinking"], "signature": signature},
    ):
        raw = json.dumps(said([other])).encode()
        masked = next_turn(raw)
        assert masked.forward == masked.record == raw
    assert next_turn(json.dumps(said([{"type": "x", "signature": f"{signature} {KEY}"}])).encode()).findings


@pytest.mark.parametrize("signature", [{}, {"signature": ""}, {"signature": None}, {"signature": ["c2ln"]}])
def test_what_nobody_signed_is_masked_in_a_request(signature: dict[str, Any]) -> None:
    raw = json.dumps(said([{"type": "thinking", "thinking": f"so {KEY}", **signature}])).encode()
    made = next_turn(raw)
    assert made.forward == made.record == raw.replace(KEY.encode(), MASKED_KEY.encode())


def test_more_than_a_seal_holds_ends_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinking, "MOST_SPANS", 2)
    monkeypatch.setattr(thinking, "LIMIT_BYTES", 40)
    monkeypatch.setattr(claude_stream, "MOST_OPEN_THOUGHTS", 2)
    streamed(begin() + think(f"{KEY} {KEY}") + sign("YQ=="))
    for stream in (
        think(f"{KEY} " * 3),
        think(f"{KEY} ") * 3,
        b"".join(think("x", index) for index in range(3)),
    ):
        with pytest.raises(TooLarge):
            streamed(stream)


def test_a_secret_without_an_end_is_bounded(masking: Masking) -> None:
    more = think("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 256)
    with pytest.raises(TooLarge):
        streamed(begin() + think(PEM[:60]) + more * 200, masking)


def test_a_long_piece_with_a_secret_is_not_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinking, "LIMIT_BYTES", 40)
    stream = begin() + think("x" * 100_000 + KEY) + sign("c2ln") + stop(0) + END
    forward, record = streamed(stream)
    comes_home(fake_masking(), stream, forward, record)


def test_long_thinking_is_hashed_as_it_goes() -> None:
    stream = begin() + b"".join(think(f"{'x' * 9000} {KEY} é") for _ in range(40)) + sign("c2ln") + stop(0) + END
    forward, record = streamed(stream)
    comes_home(fake_masking(), stream, forward, record)
