"""What a grant allows beyond its route, over real sockets: claims, models, endpoints and hours."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.gateway.conftest import Start
from tests.gateway.test_exchange import messages

JOB = {"groups": None, "repository": "corp/app", "ref": "refs/heads/main", "environment": "production"}
CI = {
    "name": "ci",
    "claims": {"repository": "corp/*", "ref": ["refs/heads/main", "refs/tags/*"], "environment": "production"},
    "routes": ["claude"],
}
DEVELOPERS = {"name": "developers", "groups": ["engineering"], "routes": ["claude"]}


def asked(model: str, **more: object) -> bytes:
    return messages("hello", model=model, **more)


async def test_a_job_comes_in_by_its_claims(start: Start) -> None:
    house = await start(CI, DEVELOPERS)
    assert (await house.post("/v1/messages", messages("hello"), house.token("job", **JOB))).status == 200
    for other in ({"repository": "fork/app"}, {"ref": "refs/heads/fix"}, {"environment": None}):
        answer = await house.post("/v1/messages", messages("hello"), house.token("job", **JOB | other))
        assert answer.status == 403
        assert "none of your groups or claims" in answer.message
    assert len(house.origin.received) == 1


@pytest.mark.parametrize("mode", ["enforce", "observe"])
async def test_a_refused_model_is_told_with_those_that_are_allowed(start: Start, mode: str) -> None:
    house = await start({**DEVELOPERS, "models": ["claude-haiku-*", "claude-sonnet-5"], "mode": mode})
    allowed = asked("claude-haiku-4-5", tools=[{"name": "x", "model": "claude-sonnet-5"}])
    assert (await house.post("/v1/messages", allowed)).status == 200
    refused = [
        ("/v1/messages", asked("claude-opus-5")),
        ("/v1/messages/count_tokens", asked("claude-opus-5")),
        ("/v1/messages", asked("claude-haiku-4-5", tools=[{"name": "x", "model": "claude-opus-5"}])),
        ("/v1/messages", b'{"mod\\u0065l": "claude-opus-5", "messages": []}'),
        ("/v1/messages", b'{"messages": []}'),
        ("/v1/%6dessages", asked("claude-opus-5")),
        (
            "/v1/messages/batches",
            json.dumps({"requests": [{"params": {"model": name}} for name in ("claude-haiku-4-5", "other")]}).encode(),
        ),
    ]
    for path, body in refused:
        answer = await house.post(path, body, tunnel=path == "/v1/messages")
        assert (answer.status, answer.value("x-should-retry")) == (400, "false"), path
        assert json.loads(answer.body)["error"]["type"] == "invalid_request_error"
        assert answer.message == "Your grant does not allow this model. Choose one of: claude-haiku-*, claude-sonnet-5."
    twice = b'{"model": "claude-haiku-4-5", "model": "claude-opus-5", "messages": []}'
    assert (await house.post("/v1/messages", twice)).status == 400
    assert (await house.post("/v1/complete", asked("claude-haiku-4-5"))).status == 403, "its model is not read"
    assert len(house.origin.received) == 1


async def test_another_grant_of_the_person_allows_what_the_first_does_not(start: Start) -> None:
    house = await start(
        {**DEVELOPERS, "models": ["claude-haiku-*"]},
        {**DEVELOPERS, "name": "masks-otherwise", "masking": {"restore": {"tools": []}}},
        {**DEVELOPERS, "name": "large", "models": ["claude-opus-*"]},
    )
    assert (await house.post("/v1/messages", asked("claude-opus-5"))).status == 200
    answer = await house.post("/v1/messages", asked("claude-sonnet-5"))
    assert "Choose one of: claude-haiku-*, claude-opus-*." in answer.message
    decisions = [frame.data["grant"] for frame in await house.frames() if frame.kind == "decision"]
    assert decisions[:2] == ["developers", "large"]


async def test_an_endpoint_that_is_not_covered_is_refused_before_its_body(start: Start) -> None:
    house = await start({**DEVELOPERS, "endpoints": ["messages", "count_tokens"]})
    for path in ("/v1/messages", "/v1/messages/count_tokens", "/v1/messages?beta=true"):
        assert (await house.post(path, messages("hello"))).status == 200
    for path in ("/v1/messages/batches", "/v1/messages/batches/x/results", "/v1/files", "/v1/models", "/v1/complete"):
        answer = await house.post(path, b"{}")
        assert (answer.status, "messages, count_tokens" in answer.message) == (403, True), path
    assert (await house.post("/v1/messages/../files/x", b"{}")).status == 403
    assert len(house.origin.received) == 3


async def test_outside_of_its_hours_a_grant_is_closed_and_says_when_it_opens(start: Start) -> None:
    now = datetime.now(UTC)
    today, tomorrow = (f"{now + timedelta(days=ahead):%a} 00:00-24:00 UTC" for ahead in (0, 1))
    yesterday = f"{now - timedelta(days=2):%a} 00:00-24:00 UTC"
    house = await start({**DEVELOPERS, "hours": [today, tomorrow]}, {**CI, "hours": yesterday})
    assert (await house.post("/v1/messages", messages("hello"))).status == 200
    answer = await house.post("/v1/messages", messages("hello"), house.token("job", **JOB))
    assert answer.status == 403
    assert "closed at this hour. It opens on " in answer.message
