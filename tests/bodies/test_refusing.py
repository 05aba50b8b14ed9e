"""Actions on bodies: a block ends the exchange whatever the cuts, an alert passes and is masked in the recording."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.around import Around
from maskproxy.bodies.masks import MCP_RULE, BodyMask, BodyPolicy, answer_mask, request_mask
from maskproxy.bodies.output import MOST_FINDINGS
from maskproxy.errors import Blocked, Denied, MaskproxyError
from maskproxy.masking import Action, Masking, Override, PlaceholderKey, Sought, treatments, with_actions
from maskproxy.masking.settling import CANDIDATE_LIMIT
from tests.bodies.fake_masking import SEALS
from tests.bodies.test_claude_stream import END, start, stop, text, texts_of, tool
from tests.compiled import built_in

GITHUB = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
AWS = "AKIA" + "Q3EGRT5PLK7MWZ2X"
KEY = PlaceholderKey(b"k" * 32).scoped("a person")
RULES = built_in("builtin:github", "builtin:aws")
_made: dict[tuple[Action, str], Sought] = {}


def sought(action: Action, pattern: str = "github-*") -> Sought:
    if (action, pattern) not in _made:
        treatment = treatments(with_actions(RULES, [Override((pattern,), action, action)])).answer
        forward, record = (Masking(rules, KEY, (), treatment.urgent) for rules in (treatment.forward, treatment.record))
        same = treatment.forward is treatment.record
        _made[action, pattern] = Sought(forward, forward if same else record, treatment.actions)
    return _made[action, pattern]


def request(of: Sought, content_type: str = "application/json", path: str = "/v1/messages") -> BodyMask:
    return request_mask(
        of, api="anthropic", method="POST", path=path, content_type=content_type, policy=BodyPolicy(), seals=SEALS
    )


def answer(of: Sought, content_type: str = "text/event-stream", path: str = "/v1/messages") -> BodyMask:
    return answer_mask(
        of,
        api="anthropic" if path.startswith("/v1") else "generic",
        path=path,
        status=200,
        content_type=content_type,
        policy=BodyPolicy(),
        seals=SEALS,
    )


def run(body: BodyMask, pieces: Sequence[bytes]) -> tuple[bytes, bytes, MaskproxyError | None]:
    """What was forwarded and recorded, and what ended it."""
    forward, record = b"", b""
    try:
        for piece in pieces:
            out = body.feed(piece)
            forward, record = forward + out.forward, record + out.record
        out = body.finish()
    except MaskproxyError as error:
        return forward, record, error
    return forward + out.forward, record + out.record, Around(body).stopped


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    stops = sorted({min(place, len(data)) for place in places})
    return [data[a:b] for a, b in zip([0, *stops], [*stops, len(data)], strict=True)]


def rules_of(body: BodyMask) -> set[str]:
    return {finding.rule for finding in body.findings}


words = st.lists(st.sampled_from(["so ", "ghp_", AWS + " ", GITHUB + " ", "é\n", '"', "AKIA"]), max_size=8).map("".join)
cuts = st.lists(st.integers(0, 700), max_size=20)
BODIES = pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/x-ndjson", "form", "multipart"]
)


def spelled(kind: str, said: str) -> tuple[str, bytes]:
    from urllib.parse import quote_plus

    match kind:
        case "form":
            return "application/x-www-form-urlencoded", f"a=b&c={quote_plus(said)}".encode()
        case "multipart":
            part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
            return "multipart/form-data; boundary=x", part + said.encode() + b"\r\n--x--\r\n"
        case "text/plain":
            return kind, said.encode()
        case _:
            return kind, json.dumps({"said": [said]}).encode()


@BODIES
@settings(max_examples=60, deadline=None)
@given(said=words, places=cuts)
def test_whether_a_request_is_blocked_does_not_depend_on_cuts(kind: str, said: str, places: list[int]) -> None:
    content_type, raw = spelled(kind, said)
    masked, _, error = run(request(sought("mask"), content_type, "/other"), [raw])
    assert error is None
    for pieces in ([raw], cut(raw, places), [raw[i : i + 1] for i in range(len(raw))]):
        body = request(sought("block"), content_type, "/other")
        forward, record, error = run(body, pieces)
        assert isinstance(error, Blocked) is (b"MASKED_GITHUB" in masked)
        assert masked.startswith(forward)
        assert b"MASKED_GITHUB" not in forward
        if error is None:
            assert forward == masked
        else:
            assert "github-pat-classic" in str(error)
            assert GITHUB not in str(error)
            assert "github-pat-classic" in rules_of(body)
        assert record == forward


@BODIES
@settings(max_examples=60, deadline=None)
@given(said=words, places=cuts)
def test_an_alert_forwards_what_came_and_records_it_masked(kind: str, said: str, places: list[int]) -> None:
    content_type, raw = spelled(kind, said)
    masked, _, _ = run(request(sought("mask"), content_type, "/other"), [raw])
    for pieces in ([raw], cut(raw, places)):
        body = request(sought("alert", "*"), content_type, "/other")
        forward, record, error = run(body, pieces)
        assert error is None
        assert forward == raw
        assert record == masked
        assert ("github-pat-classic" in rules_of(body)) is (b"MASKED_GITHUB" in masked)


@settings(max_examples=60, deadline=None)
@given(before=words, said=words, places=cuts)
def test_claudes_events_end_with_the_reason(before: str, said: str, places: list[int]) -> None:
    raw = start(0, type="text", text="") + text(before) + b"".join(text(c) for c in said) + stop(0) + END
    masked, _, _ = run(answer(sought("mask")), [raw])
    for pieces in ([raw], cut(raw, places)):
        body = answer(sought("block"))
        forward, record, error = run(body, pieces)
        assert isinstance(error, Blocked) is (b"MASKED_GITHUB" in masked)
        assert record == forward
        if error is None:
            assert forward == masked
            continue
        told, _, last = forward.rpartition(b"event: error\n")
        assert masked.startswith(told)
        data = json.loads(last.removeprefix(b"data: "))
        assert data == {"type": "error", "error": {"type": "invalid_request_error", "message": str(error)}}
        assert last.endswith(b"\n\n")
        assert body.feed(END).forward == b""
        assert body.finish().forward == b""


@settings(max_examples=40, deadline=None)
@given(said=words, places=cuts)
def test_an_alert_in_claudes_events(said: str, places: list[int]) -> None:
    raw = start(0, type="text", text="") + b"".join(text(c) for c in said) + stop(0) + END
    masked, _, _ = run(answer(sought("mask", "*")), [raw])
    forward, record, error = run(answer(sought("alert", "*")), cut(raw, places))
    assert error is None
    assert texts_of(forward) == texts_of(raw)
    assert texts_of(record) == texts_of(masked)


def test_a_key_in_a_tools_arguments_is_blocked_too() -> None:
    raw = start(1, type="tool_use", id="t", name="Bash", input={}) + tool('{"command": "echo ') + tool(f'{GITHUB}"}}')
    forward, _, error = run(answer(sought("block")), [raw + stop(1) + END])
    assert isinstance(error, Blocked)
    assert GITHUB[:20].encode() not in forward
    assert forward.split(b"\n\n")[-2].startswith(b"event: error\n")


def test_other_events_end_with_the_reason_and_requests_of_events_are_refused() -> None:
    raw = [b"data: one\n\n", f"data: {GITHUB}\n\n".encode(), b"data: two\n\n"]
    forward, _, error = run(answer(sought("block"), path="/other"), raw)
    assert isinstance(error, Blocked)
    assert forward.startswith(b"data: one\n\nevent: error\ndata: {")
    forward, _, error = run(request(sought("block"), "text/event-stream", "/other"), raw)
    assert isinstance(error, Blocked)
    assert forward == b"data: one\n\n"


def test_events_before_the_finding_go_out_though_all_came_at_once() -> None:
    raw = start(0, type="text", text="") + text("one ") + text(GITHUB + " ") + text("two") + stop(0) + END
    forward, _, error = run(answer(sought("block")), [raw])
    assert isinstance(error, Blocked)
    assert forward.startswith(start(0, type="text", text="") + text("one "))
    assert b"two" not in forward


@pytest.mark.parametrize("ends", [True, False], ids=["whole", "without its end"])
def test_a_candidate_over_the_limit_is_blocked_unchecked(*, ends: bool) -> None:
    rules = built_in("builtin:key-material")
    treatment = treatments(with_actions(rules, [Override(("private-key-pem",), "block")])).request
    masking = Masking(treatment.forward, KEY, (), treatment.urgent)
    of = Sought(masking, masking, treatment.actions)
    lines = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us9cK\n" * 200
    pem = f"-----BEGIN PRIVATE {'KEY'}-----\n{lines}" + (f"-----END PRIVATE {'KEY'}-----\n" if ends else "")
    raw = b"before " + pem.encode()
    assert len(pem) > CANDIDATE_LIMIT
    for size in (1, 100, len(raw)):
        pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
        forward, _, error = run(request(of, "text/plain", "/other"), pieces)
        assert isinstance(error, Blocked)
        assert b"before ".startswith(forward)


def test_a_block_in_a_json_answer_is_no_failure_of_upstream() -> None:
    raw = json.dumps({"content": [{"type": "text", "text": GITHUB}]}).encode()
    body = answer(sought("block"), "application/json")
    _, _, error = run(body, [raw])
    assert type(error) is Blocked
    assert [f.place for f in body.findings] == ["content[0].text"]


def test_a_rule_inside_anothers_span_blocks_too() -> None:
    overlapping = sought("block", "aws-access-key-id")
    line = f"aws_access_key_id = {AWS}\naws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYzQ9dLmA0pZ\n"
    _, _, error = run(request(overlapping, "text/plain", "/other"), [line.encode()])
    assert isinstance(error, Blocked)
    assert "aws-access-key-id" in str(error)


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/x-ndjson"])
def test_a_block_behind_very_many_findings_is_not_missed(kind: str) -> None:
    content_type, raw = spelled(kind, (AWS + " ") * (MOST_FINDINGS + 5) + GITHUB)
    body = request(sought("block"), content_type, "/other")
    _, _, error = run(body, [raw])
    assert isinstance(error, Blocked)
    assert len(body.findings) == MOST_FINDINGS + 1


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens", "/v1/messages/batches"])
@pytest.mark.parametrize("extra", ["", GITHUB], ids=["", "with a secret"])
def test_a_token_for_an_mcp_server_is_for_grants_to_allow(path: str, extra: str) -> None:
    plain: object = {"messages": [], "system": extra, "mcp_servers": [{"url": "https://x", "authorization_token": "t"}]}
    if path.endswith("batches"):
        plain = {"requests": [{"custom_id": "a", "params": plain}]}
    raw = json.dumps(plain).encode()
    allowed = Sought.alike(sought("mask").forward)
    forward, record, error = run(request(allowed, path=path), [raw])
    assert error is None
    assert b'"authorization_token": "t"' in forward
    assert b'"authorization_token": "MASKED_MCP_AUTHORIZATION_TOKEN"' in record
    denied = Sought(allowed.forward, allowed.record, {MCP_RULE: "block"})
    forward, _, error = run(request(denied, path=path), [raw])
    assert isinstance(error, Denied)
    assert "mcp_tokens" in str(error)
    assert forward == b""
    none = json.dumps({"messages": [], "mcp_servers": [{"url": "https://x", "authorization_token": None}]}).encode()
    assert run(request(denied), [none]) == (none, none, None)
