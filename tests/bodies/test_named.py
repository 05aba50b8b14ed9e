import json

import pytest

from maskproxy.bodies.claude import endpoint
from maskproxy.bodies.named import may_name_files, named
from maskproxy.masking import Masking, PlaceholderKey, RuleSet

NOTHING = Masking(RuleSet(()), PlaceholderKey(b"k" * 32).scoped("x"))


@pytest.mark.parametrize(
    ("body", "models"),
    [
        ({"model": "a"}, ("a",)),
        ({"model": "a", "tools": [{"model": "b"}, {"model": "a"}]}, ("a", "b")),
        (
            {"requests": [{"params": {"model": "a"}}, {"params": {"model": "b", "tools": [{"model": "c"}]}}]},
            tuple("abc"),
        ),
        ({"messages": [{"content": [{"type": "tool_use", "input": {"model": "a"}}]}], "metadata": {"model": "b"}}, ()),
        ({"model": 7, "system": 'model": "x'}, ()),
        ([{"model": "a"}], ()),
        ({"model": "\u00e4\n"}, ("\u00e4\n",)),
    ],
)
def test_models_are_read_where_the_api_reads_them(body: object, models: tuple[str, ...]) -> None:
    for escaped in (True, False):
        assert named(json.dumps(body, ensure_ascii=escaped).encode(), NOTHING).models == models


def test_both_of_two_count() -> None:
    assert named(b'{"model": "a", "mod\\u0065l": "b"}', NOTHING).models == ("a", "b")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/messages", "messages"),
        ("/v1/messages/?x=1", "messages"),
        ("/v1/Messages/count_tokens", "count_tokens"),
        ("/v1/messages/batches", "batches"),
        ("/v1/messages/batches/b1/results", "batches"),
        ("/v1/messages/other", "other"),
        ("/v1/files/f1/content", "files"),
        ("/v1/x/..//models/m", "models"),
        ("/", "other"),
    ],
)
def test_a_path_belongs_to_an_endpoint(path: str, name: str) -> None:
    assert endpoint(path) == name


FILE = {"type": "file", "file_id": "f1"}


@pytest.mark.parametrize(
    ("body", "files"),
    [
        ({"messages": [{"content": [{"type": "document", "source": FILE}, {"file_id": "f2"}]}]}, ("f1", "f2")),
        ({"messages": [{"content": [{"content": [{"content": {"file_id": "f3"}}, {"source": FILE}]}]}]}, ("f3", "f1")),
        ({"system": [{"source": FILE}], "messages": [{"content": "file_id"}]}, ("f1",)),
        ({"requests": [{"params": {"messages": [{"content": {"source": FILE}}]}}]}, ("f1",)),
        ({"content": [{"type": "tool_use", "input": {"file_id": "f9"}}, {"content": {"content": [FILE]}}]}, ("f1",)),
        ({"type": "content_block_start", "content_block": {"content": {"content": [FILE]}}}, ("f1",)),
        ({"custom_id": "a", "result": {"message": {"content": [{"content": [FILE]}]}}}, ("f1",)),
        ({"file_id": "f9", "metadata": {"file_id": "f9"}}, ()),
    ],
)
def test_files_are_read_where_the_api_names_them(body: object, files: tuple[str, ...]) -> None:
    raw = json.dumps(body).encode()
    assert named(raw, NOTHING).files == files
    escaped = raw.replace(b"file_id", b"f\\u0069le_id")
    assert named(escaped, NOTHING).files == files
    assert may_name_files(raw)
    assert may_name_files(escaped)
    assert not may_name_files(b"{}")
