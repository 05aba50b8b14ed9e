"""The address of a batch's results: ours instead of the API's, at its place alone, and nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.masks import BodyPolicy, Reached, answer_mask
from maskproxy.bodies.results_url import relinked
from maskproxy.masking import trusted
from tests.bodies.fake_masking import fake_masking
from tests.bodies.test_json_text import styles

API = "https://api.anthropic.com"
OWN = "https://maskproxy.corp.example:8443"
REACHED = Reached(OWN, frozenset({API, "http://127.0.0.1:9000", "https://[::1]:9443"}))
PATH = "/v1/messages/batches/msgbatch_1/results"


def linked(raw: bytes) -> bytes:
    return relinked(trusted(raw, why="a test"), fake_masking(), REACHED)


def batch(url: object, **more: object) -> dict[str, Any]:
    return {"id": "msgbatch_1", "type": "message_batch", "results_url": url, **more}


@pytest.mark.parametrize(
    "origin", [API, "https://API.Anthropic.com:443", "HTTPS://api.anthropic.com", "http://127.0.0.1:9000"]
)
def test_an_origin_of_the_api_becomes_ours(origin: str) -> None:
    raw = json.dumps(batch(origin + PATH + "?a=b#c")).encode()
    assert json.loads(linked(raw)) == batch(OWN + PATH + "?a=b#c")


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        7,
        [API + PATH],
        {"results_url": API + PATH},
        PATH,
        f"//api.anthropic.com{PATH}",
        f"https://elsewhere.example{PATH}",
        f"https://api.anthropic.com.elsewhere.example{PATH}",
        f"https://api.anthropic.com:8443{PATH}",
        f"http://api.anthropic.com{PATH}",
        f"https://api.anthropic.com@elsewhere.example{PATH}",
        f"https://user@api.anthropic.com{PATH}",
        f"see {API}{PATH}",
        API,
    ],
)
def test_everything_else_stays(url: object) -> None:
    raw = json.dumps(batch(url)).encode()
    assert linked(raw) == raw


def test_only_its_places_count() -> None:
    said = {"results_url": API + PATH}
    plain = batch(None, meta=said, list=[said], text=API + PATH, data=[said, [said], {"inner": said}])
    changed = json.loads(linked(json.dumps(plain).encode()))
    assert changed == {**plain, "data": [{"results_url": OWN + PATH}, [said], {"inner": said}]}


def test_escapes_and_everything_behind_the_origin_stay_as_they_are() -> None:
    raw = rb'{ "results\u005furl" :"https:\/\/api.anthropic.com\/v1\u002fx\/\u00e9", "results_url":"https:\/\/x\/"}'
    behind = rb'\/v1\u002fx\/\u00e9", "results_url":"https:\/\/x\/"}'
    assert linked(raw) == b'{ "results\\u005furl" :"' + OWN.encode() + behind


batches = st.fixed_dictionaries(
    {"id": st.text(max_size=5), "results_url": st.sampled_from([None, API + PATH, "https://x" + PATH, PATH])}
)


@settings(max_examples=80, deadline=None)
@given(st.one_of(batches, st.fixed_dictionaries({"data": st.lists(batches, max_size=3)})))
def test_nothing_but_the_origin_changes_however_it_is_written(document: dict[str, Any]) -> None:
    spelled = styles(document)
    for one in [document, *document.get("data", [])]:
        if (one.get("results_url") or "").startswith(API):
            one["results_url"] = one["results_url"].replace(API, OWN)
    for raw in spelled.values():
        assert json.loads(linked(raw)) == document
    assert linked(spelled["plain"]) == json.dumps(document, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/v1/messages/batches", True),
        ("/v1/messages/batches?beta=true", True),
        ("/v1/messages/batches/msgbatch_1", True),
        ("/v1/messages/batches/msgbatch_1/cancel", True),
        ("/v1/messages", False),
        ("/v1/files/msgbatch_1", False),
    ],
)
def test_the_answers_of_batches_are_changed_and_recorded_as_the_api_said(path: str, *, ours: bool) -> None:
    raw = json.dumps(batch(API + PATH)).encode()
    mask = answer_mask(
        fake_masking(),
        api="anthropic",
        path=path,
        status=200,
        content_type="application/json",
        policy=BodyPolicy(),
        reached=REACHED,
    )
    mask.feed(raw)
    out = mask.finish()
    assert out.record == raw
    assert json.loads(out.forward)["results_url"] == (OWN if ours else API) + PATH
