"""The doors, with the real rules: no planted secret comes out of any of them, whatever the body and its spelling."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.masks import BodyMask, BodyPolicy, answer_mask, request_mask
from maskproxy.errors import BadRequest, UnsupportedCoding, UpstreamFailed
from maskproxy.masking import Masking, PlaceholderKey, RuleSet
from maskproxy.masking.samples import cook, marked
from tests.bodies.fake_masking import SEALS, fake_masking
from tests.bodies.test_claude_stream import END, event, events_of, start, stop, text, texts_of, tool
from tests.bodies.test_json_text import styles

KEY = "KEY" + "01234567"
MASKED_KEY = "MASKED_KEY_" + b"01234567".hex()


class Plant(NamedTuple):
    rule: str
    sample: str
    secret: bytes


@pytest.fixture(scope="session")
def plants(rules: RuleSet) -> list[Plant]:
    """Texts for every fourth rule that finds its secret in the midst of a text, and that secret."""
    masking = Masking(rules, PlaceholderKey(b"k" * 32).scoped("plants"))
    found = []
    some = rules.rules[::4]
    for rule in some:
        sample, span = marked(cook(rule.samples[0]))
        secret = sample[slice(*span)] if span else sample
        if secret not in bytes(masking.text(in_text(sample.decode()).encode())[0]):
            found.append(Plant(rule.id, sample.decode(), secret))
    assert len(found) > 0.9 * len(some)
    return found


def in_text(sample: str) -> str:
    return f"look: {sample}\n-- and so on\n"


def request(masking: Masking, path: str = "/v1/messages", content_type: str | None = "application/json") -> BodyMask:
    return request_mask(
        masking, api="anthropic", method="POST", path=path, content_type=content_type, policy=BodyPolicy(), seals=SEALS
    )


def answer(masking: Masking, content_type: str | None, path: str = "/v1/messages", status: int = 200) -> BodyMask:
    return answer_mask(
        masking, api="anthropic", path=path, status=status, content_type=content_type, policy=BodyPolicy(), seals=SEALS
    )


def run(body: BodyMask, raw: bytes, cut: int = 1000) -> bytes:
    outputs = [body.feed(raw[at : at + cut]) for at in range(0, len(raw), cut)]
    outputs.append(body.finish())
    assert b"".join(output.record for output in outputs) == b"".join(output.forward for output in outputs)
    return b"".join(output.forward for output in outputs)


def strings(document: Any) -> str:
    """Everything that a reader of a document reads."""
    match document:
        case str():
            return document + "\n"
        case list():
            return "".join(map(strings, document))
        case dict():
            return "".join(strings(key) + strings(value) for key, value in document.items())
        case _:
            return ""


def test_no_secret_of_any_rule_leaves_a_request(masking: Masking, plants: list[Plant]) -> None:
    for plant in plants:
        said = in_text(plant.sample)
        document = {
            "model": "m",
            "system": [{"type": "text", "text": said}],
            "tools": [{"name": "t", "description": said, "input_schema": {"properties": {"a": {"enum": [said]}}}}],
            "messages": [
                {"role": "user", "content": said},
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "toolu_1", "name": "t", "input": {"id": said}}],
                },
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": said}]},
            ],
            "metadata": {"user_id": said},
        }
        for style, raw in styles(document).items():
            body = request(masking)
            masked = json.loads(run(body, raw))
            assert plant.secret not in strings(masked).encode(), (plant.rule, style)
            assert len(body.findings) >= 7, (plant.rule, style)
            assert masked["messages"][0]["content"].startswith("look: "), plant.rule
            assert masked["messages"][0]["content"].endswith("and so on\n"), plant.rule


def test_no_secret_of_any_rule_leaves_a_stream(masking: Masking, plants: list[Plant]) -> None:
    for plant in plants:
        said = in_text(plant.sample)
        arguments = json.dumps({"file": "a/b", "content": said}).replace("/", "\\/")
        stream = start(0, type="text", text="") + start(1, type="tool_use", id="toolu_1", name="Write", input={})
        size = 5 + len(plant.sample) // 40
        for at in range(0, max(len(said), len(arguments)), size):
            stream += text(said[at : at + size]) + tool(arguments[at : at + size])
        stream += stop(0) + stop(1) + END
        made = texts_of(run(answer(masking, "text/event-stream; charset=utf-8"), stream))
        assert made[0, "text_delta", "text"].encode() == masking.text(said.encode())[0], plant.rule
        written = json.loads(made[1, "input_json_delta", "partial_json"])
        assert written["file"] == "a/b"
        assert plant.secret not in written["content"].encode(), plant.rule
        assert written["content"].endswith("and so on\n"), plant.rule


def test_no_secret_of_any_rule_leaves_other_bodies(masking: Masking, plants: list[Plant]) -> None:
    for plant in plants:
        said = in_text(plant.sample)
        expected = bytes(masking.text(said.encode())[0])
        assert run(request(masking, "/x", "text/plain"), said.encode(), 17) == expected, plant.rule
        assert run(answer(masking, "text/html; charset=utf-8"), said.encode(), 50) == expected, plant.rule
        assert run(answer(masking, None), said.encode(), 50) == expected, plant.rule
        form = f"a=1&note={quote_plus(said)}".encode()
        masked_form = run(request(masking, "/x", "application/x-www-form-urlencoded"), form)
        assert quote_plus(plant.secret).encode() not in masked_form, plant.rule
        file = f'--b\r\nContent-Disposition: form-data; name=f; filename=".env"\r\n\r\n{said}\r\n--b--'.encode()
        masked_file = run(request(masking, "/v1/files", "multipart/form-data; boundary=b"), file, 70)
        assert expected in masked_file, plant.rule
        lines = json.dumps({"custom_id": "a", "result": {"message": {"content": [{"type": "text", "text": said}]}}})
        results = answer(masking, "application/binary", "/v1/messages/batches/msgbatch_1/results")
        assert plant.secret not in strings(json.loads(run(results, lines.encode()))).encode(), plant.rule


@pytest.mark.parametrize("secret", ["hunter2pw", "correct horse"])
@pytest.mark.parametrize(
    "document",
    [
        {"password": "SECRET"},
        {"env": {"DB_PASSWORD": "SECRET"}},
        {"input": {"password": "SECRET"}},
        {"passwords": [{"client_secret": "SECRET"}]},
    ],
)
def test_a_value_that_only_its_key_betrays_is_masked(masking: Masking, document: dict[str, Any], secret: str) -> None:
    document = json.loads(json.dumps(document).replace("SECRET", secret))
    for raw in styles(document).values():
        assert secret not in strings(json.loads(run(answer(masking, "application/json"), raw)))
    pieces = json.dumps(document)
    for size in (1, 2, 9):
        stream = b"".join(tool(pieces[at : at + size]) for at in range(0, len(pieces), size)) + stop(1)
        made = run(answer(masking, "text/event-stream"), stream)
        assert secret not in texts_of(made)[1, "input_json_delta", "partial_json"]
    form = run(request(masking, "/x", "application/x-www-form-urlencoded"), f"password={quote_plus(secret)}".encode())
    assert form.startswith(b"password=MASKED_")
    part = f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{secret}\r\n--b--'.encode()
    assert secret.encode() not in run(request(masking, "/x", "multipart/form-data; boundary=b"), part, 5)


words = st.lists(
    st.sampled_from(["so ", "MASKED_", "ghp", "_", "AKIA", "password: ", "x1", "é", "😀", "-----BEGIN ", "\n", "eyJ"])
)


@settings(max_examples=60, deadline=None)
@given(words=words, pick=st.integers(0, 1000), data=st.data())
def test_no_way_of_cutting_a_stream_shows(
    rules: RuleSet, plants: list[Plant], words: list[str], pick: int, data: st.DataObject
) -> None:
    masking = Masking(rules, PlaceholderKey(b"k" * 32).scoped("test"))
    said = "".join(words) + plants[pick % len(plants)].sample + "".join(reversed(words))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(said)), max_size=20)))
    pieces = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    stream = b"".join(text(piece) for piece in pieces) + stop(0) + END
    made = texts_of(run(answer(masking, "text/event-stream"), stream, data.draw(st.integers(1, 400))))
    assert made[0, "text_delta", "text"].encode() == masking.text(said.encode())[0]


def test_a_masked_body_is_not_changed_again(masking: Masking, plants: list[Plant]) -> None:
    said = "\n".join(plant.sample for plant in plants if "\n" not in plant.sample)
    once = run(request(masking), json.dumps({"messages": [{"role": "user", "content": said}]}).encode())
    assert run(request(masking), once) == once


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/json", "application/octet-stream", "image/png"]
)
def test_the_messages_api_is_read_as_json_whatever_the_type_says(content_type: str | None) -> None:
    raw = f'{{"messages": [{{"content": "{KEY}"}}]}}'.replace("K", "\\u004b").encode()
    for path in ("/v1/messages", "/v1/messages/count_tokens?beta=true", "/v1//messages/", "/v1/%6Dessages"):
        body = request(fake_masking(), path, content_type)
        assert not body.streams
        assert json.loads(run(body, raw))["messages"][0]["content"] == MASKED_KEY
        with pytest.raises(BadRequest):
            run(request(fake_masking(), path, content_type), b"no json")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/zip",
        "video/mp4",
        "application/x-protobuf",
        "multipart/mixed; boundary=b",
        "multipart/related; boundary=b",
        "text/plain; charset=utf-7",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "nonsense",
        "text/event-stream; charset=latin-1",
    ],
)
def test_a_type_that_nobody_reads_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedCoding):
        request(fake_masking(), "/x", content_type)


def test_media_passes_or_is_refused_as_configured() -> None:
    raw = b"%PDF-1.7\n\xe2\xe3" + KEY.encode()
    for content_type in ("image/png", "application/pdf", "application/octet-stream"):
        body = request(fake_masking(), "/x", content_type)
        assert run(body, raw) == raw
        assert body.unread_bytes == len(raw)
        for refusing in (
            request_mask(
                fake_masking(),
                api="generic",
                method="PUT",
                path="/",
                content_type=content_type,
                policy=BodyPolicy("refuse"),
                seals=SEALS,
            ),
            answer_mask(
                fake_masking(),
                api="generic",
                path="/",
                status=200,
                content_type=content_type,
                policy=BodyPolicy("refuse"),
                seals=SEALS,
            ),
        ):
            with pytest.raises((UnsupportedCoding, UpstreamFailed)):
                run(refusing, raw)
    assert run(answer(fake_masking(), "application/zip"), raw) == raw


def test_which_bodies_stream() -> None:
    streams = {
        name: answer(fake_masking(), name).streams
        for name in (
            "application/json",
            "application/problem+json",
            "text/event-stream",
            "application/x-ndjson",
            "text/html",
        )
    }
    assert list(streams.values()) == [False, False, True, True, True]


def test_answers_that_cannot_be_read_are_upstream_s_fault() -> None:
    for content_type, raw in (
        ("application/json", b"{"),
        ("text/plain", b"\xff"),
        ("text/event-stream", b"data: {\n\n"),
    ):
        with pytest.raises(UpstreamFailed):
            run(answer(fake_masking(), content_type), raw)
    with pytest.raises(UpstreamFailed):
        answer(fake_masking(), "text/plain; charset=utf-7")


@pytest.mark.parametrize("status", [200, 400, 429, 529])
def test_error_bodies_are_masked_in_their_shape(status: int) -> None:
    error = {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": f"bad {KEY}"},
        "request_id": "req_1",
    }
    body = answer(fake_masking(), "application/json", status=status)
    raw = json.dumps(error, indent=1).encode()
    assert run(body, raw) == raw.replace(KEY.encode(), MASKED_KEY.encode())
    assert [finding.place for finding in body.findings] == ["error.message"]


def test_generic_event_streams_are_masked_event_by_event() -> None:
    body = answer_mask(
        fake_masking(),
        api="generic",
        path="/",
        status=200,
        content_type="text/event-stream",
        policy=BodyPolicy(),
        seals=SEALS,
    )
    made = run(body, event({"type": "x", "choices": [{"delta": {"content": KEY}}]}))
    assert events_of(made)[0]["choices"][0]["delta"]["content"] == MASKED_KEY


def test_bodies_of_no_bytes_stay_empty() -> None:
    types = (
        "application/json text/plain text/event-stream image/png application/jsonl application/x-www-form-urlencoded"
    )
    for content_type in (None, *types.split(), "multipart/form-data; boundary=b"):
        assert run(request(fake_masking(), "/x", content_type), b"") == b""
        assert run(answer(fake_masking(), content_type), b"") == b""
    assert run(request(fake_masking()), b"") == b""
