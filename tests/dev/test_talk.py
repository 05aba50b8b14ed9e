import json

import pytest

from maskproxy.dev.claude_api import events_of
from maskproxy.dev.talk import blocks_of, parsed, told

MESSAGE = {
    "content": [
        {"type": "text", "text": "Hello é\n"},
        {"type": "tool_use", "id": "t", "name": "Edit", "input": {"file_path": ".env", "old_string": 'a "b"'}},
    ],
    "stop_reason": "tool_use",
    "usage": {"output_tokens": 1},
}
STREAM = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events_of(MESSAGE)).encode()


def test_a_stream_and_a_whole_answer_have_the_same_blocks() -> None:
    assert blocks_of(STREAM) == blocks_of(json.dumps(MESSAGE).encode()) == MESSAGE["content"]


def test_told_as_somebody_reads_it() -> None:
    assert told(STREAM) == 'Hello é\n\n\nEdit\n  file_path: .env\n  old_string: a "b"'


@pytest.mark.parametrize("cut", range(0, len(STREAM), 37))
def test_a_cut_stream_gives_what_there_was(cut: int) -> None:
    assert isinstance(told(STREAM[:cut]), str)
    assert len(told(STREAM[:cut])) <= len(STREAM)


@pytest.mark.parametrize("answer", [b"", b"plain", b"[]", b'{"type":"error"}', b'{"content": 7}', b"\xff"])
def test_what_is_no_answer_is_its_own_text(answer: bytes) -> None:
    assert told(answer) == answer.decode("utf-8", "replace")


def test_an_object_or_nothing() -> None:
    assert parsed('{"a": 1}') == {"a": 1}
    assert parsed("[1]") == parsed("{") == {}
