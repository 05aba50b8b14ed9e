import json

import pytest

from maskproxy.bodies.claude import endpoint
from maskproxy.bodies.models_named import models_named
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
        assert models_named(json.dumps(body, ensure_ascii=escaped).encode(), NOTHING) == models


def test_both_of_two_count() -> None:
    assert models_named(b'{"model": "a", "mod\\u0065l": "b"}', NOTHING) == ("a", "b")


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
