import json
from dataclasses import replace

import pytest

from maskproxy.dev.claude_api import Received, events_of
from maskproxy.dev.evidence import Evidence
from maskproxy.dev.planted import github_token
from maskproxy.dev.talk import Said
from maskproxy.recording.frames import Frame

SECRET, MADE_UP = github_token(), github_token("made-up token")
NAME = "MASKED_X_" + "a" * 16 + "_" + "b" * 8
EXCHANGE = "req_" + "0" * 20


def request(*texts: str) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": text} for text in texts], "stream": True}).encode()


def stream(text: str, *, edit: str = "", tool: str = "Edit") -> bytes:
    blocks: list[dict[str, object]] = [{"type": "text", "text": text}]
    if edit:
        blocks.append({"type": "tool_use", "id": "toolu_1", "name": tool, "input": {"new_string": edit}})
    message = {"content": blocks, "stop_reason": "end_turn", "usage": {"output_tokens": 1}}
    return "".join(f"data: {json.dumps(e)}\n\n" for e in events_of(message)).encode()


def frame(kind: str, body: bytes) -> Frame:
    return Frame(kind, "s1", EXCHANGE, 1, 1, {"body": body, "seq": 0})


def clean() -> Evidence:
    """What a run leaves in which nothing went wrong."""
    said = Said("base URL", True, request(f"T={SECRET.value}"), 200, stream(NAME, edit=SECRET.value))
    received = Received("POST", "/v1/messages", ((b"x-api-key", b"k"),), request(f"T={NAME}"))
    frames = [frame("request_body", received.body), frame("response_body", stream(NAME, edit=NAME))]
    return Evidence([said], [received], frames, {"segment": b"frames"}, b"log", [SECRET], [MADE_UP])


def against(evidence: Evidence) -> list[str]:
    return [line for finding in evidence.verdict() for line in finding.against]


def test_a_clean_run_is_found_clean() -> None:
    assert against(clean()) == []
    assert len(clean().verdict()) == 6


def test_a_whole_answer_is_searched_around_its_edits() -> None:
    edit = {"type": "tool_use", "name": "Edit", "input": {"new_string": SECRET.value}}
    whole = {"content": [edit], "stop_reason": "tool_use"}
    said = clean().said[0]
    assert against(replace(clean(), said=[replace(said, answer=json.dumps(whole).encode())])) == []
    leak = json.dumps(whole | {"stop_sequence": SECRET.value}).encode()
    assert "answer 1 holds the GitHub token (plain)" in against(replace(clean(), said=[replace(said, answer=leak)]))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"received": [Received("POST", "/", (), request(f"{NAME} {SECRET.value}"))]},
            "request 1 at Claude holds the GitHub token (plain)",
        ),
        (
            {"received": [Received("POST", "/", ((b"x", SECRET.value.encode()),), request(NAME))]},
            "request 1 at Claude holds the GitHub token (plain)",
        ),
        (
            {"said": [replace(clean().said[0], answer=stream(MADE_UP.value))]},
            "answer 1 holds the made-up token (plain)",
        ),
        (
            {"said": [replace(clean().said[0], answer=stream(SECRET.value, edit=SECRET.value))]},
            "answer 1 holds the GitHub token (plain)",
        ),
        (
            {"said": [replace(clean().said[0], answer=stream(NAME, edit=SECRET.value, tool="Bash"))]},
            "answer 1 holds the GitHub token (plain)",
        ),
        (
            {"frames": [frame("response_body", stream(NAME, edit=SECRET.value))]},
            "recorded answer 1 holds the GitHub token (plain)",
        ),
        ({"segments": {"segment": SECRET.value.encode()}}, "segment holds the GitHub token (plain)"),
        (
            {"frames": [frame("response_body", stream(SECRET.value))]},
            "recorded answer 1 holds the GitHub token (plain)",
        ),
        ({"log": SECRET.value.encode()}, "the daemon's log holds the GitHub token (plain)"),
    ],
)
def test_a_leak_is_found_wherever_it_is(change: dict[str, object], told: str) -> None:
    assert told in against(replace(clean(), **change))  # type: ignore[arg-type] # each change fits its field


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"said": [replace(clean().said[0], status=503)]}, "turn 1 ended with status 503"),
        ({"said": [replace(clean().said[0], request=request("nothing"))]}, "turn 1 did not send it"),
        ({"said": [replace(clean().said[0], answer=stream(NAME, edit=NAME))]}, "edit 1 holds a placeholder"),
        ({"said": [replace(clean().said[0], answer=stream(NAME))]}, "no edit holds the token"),
        ({"received": []}, "nothing was received"),
        ({"made_up": []}, "Claude made none up"),
        ({"frames": []}, "not every exchange was recorded"),
        ({"received": [Received("POST", "/", (), request("no name"))]}, "0 placeholders stand for 1 secrets"),
        (
            {
                "received": [
                    Received("POST", "/", (), request(f"T={NAME}")),
                    Received("POST", "/", (), request(f"T={NAME[:-1]}c", "more")),
                ]
            },
            "turn 2 reached Claude with another beginning than turn 1",
        ),
    ],
)
def test_a_run_that_proves_nothing_is_no_success(change: dict[str, object], told: str) -> None:
    assert told in against(replace(clean(), **change))  # type: ignore[arg-type] # each change fits its field


def test_the_same_beginning_is_no_fault() -> None:
    received = [Received("POST", "/", (), request(f"T={NAME}")), Received("POST", "/", (), request(f"T={NAME}", "x"))]
    assert not [line for line in against(replace(clean(), received=received)) if "beginning" in line]
