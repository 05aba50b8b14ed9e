from __future__ import annotations

import pytest

from maskproxy.bodies.claude import BATCH_REQUEST, REQUEST, is_batch_results, is_messages, request_place
from maskproxy.bodies.places import Place


@pytest.mark.parametrize(
    ("method", "path", "place"),
    [
        ("POST", "/v1/messages", REQUEST),
        ("POST", "/v1/messages?beta=true", REQUEST),
        ("POST", "/v1//messages/", REQUEST),
        ("POST", "/v1/%6dessages", REQUEST),
        ("POST", "/v1/messages/count_tokens", REQUEST),
        ("POST", "/v1/messages/batches", BATCH_REQUEST),
        ("GET", "/v1/messages/batches", None),
        ("POST", "/v1/messages/batches/msgbatch_1/cancel", None),
        ("POST", "/v1/files", None),
    ],
)
def test_the_path_tells_the_table(method: str, path: str, place: Place | None) -> None:
    assert request_place(method, path) is place


def test_batch_results_are_known_by_their_path() -> None:
    assert is_batch_results("/v1/messages/batches/msgbatch_1/results")
    assert not is_batch_results("/v1/messages/batches/msgbatch_1")
    assert not is_batch_results("/v1/messages/batches/results")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/./messages",
        "/v1/x/../messages",
        "/v1/x/%2e%2E/messages",
        "/V1/Messages",
        "/v1\\messages",
        "/v1/messages;a=b?c",
    ],
)
def test_no_spelling_of_a_path_leads_past_the_table(path: str) -> None:
    assert request_place("POST", path) is REQUEST
    assert is_messages(path)
