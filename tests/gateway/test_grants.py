"""Two people under two grants on one gateway, over real sockets: each has its rules, actions and restore tools."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.house import House, plain, streaming
from tests.gateway.test_exchange import AWS, GITHUB, messages, sse, text_of
from tests.gateway.test_restore import PLACEHOLDER, call, request

GRANTS = [
    {"name": "developers", "groups": ["engineering"], "routes": ["claude"]},
    {
        "name": "trial",
        "groups": ["pilots", "early"],
        "routes": ["claude"],
        "masking": {
            "rules": ["builtin:github"],
            "actions": [{"rules": ["github-*"], "answer": "alert"}],
            "restore": {"tools": ["mcp__fs__put"]},
        },
    },
    {
        "name": "strict",
        "groups": ["vault"],
        "routes": ["claude"],
        "masking": {"actions": [{"rules": ["aws-*"], "request": "block"}], "restore": {"model_made": "restore"}},
    },
    {
        "name": "watched",
        "groups": ["early", "late"],
        "routes": ["claude"],
        "mode": "observe",
        "masking": {"rules": ["builtin:aws"]},
    },
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    house.changes["grants"] = GRANTS
    house.changes["masking"] = {
        "key": {"file": "masking.key"},
        "rules": ["builtin:github", "builtin:aws"],
        "actions": [{"rules": ["github-*"], "request": "block"}],
    }
    await house.start()
    yield house
    await house.close()


def labels(rule: str, direction: str, mode: str, grant: str, group: str) -> dict[str, str]:
    return {"rule": rule, "direction": direction, "mode": mode, "grant": grant, "group": group}


async def test_each_has_its_rules_and_actions_at_the_same_time(house: House) -> None:
    ada, bob, eve = (
        house.token(name, groups=[group])
        for name, group in (("ada", "engineering"), ("bob", "pilots"), ("eve", "vault"))
    )
    body = messages(f"{GITHUB} {AWS}")
    house.origin.reply = streaming(sse("it is ", GITHUB))
    answers = await asyncio.gather(*(house.post("/v1/messages", body, token) for token in (ada, bob, eve)))
    assert [answer.status for answer in answers] == [400, 200, 400]
    assert "the rule github-pat-classic" in answers[0].message
    assert "the rule aws-access-key-id" in answers[2].message
    (received,) = house.origin.received
    assert AWS.encode() in received.body
    assert GITHUB.encode() not in received.body
    assert text_of(answers[1].body) == f"it is {GITHUB}"
    recorded = await house.recorded()
    assert GITHUB.encode() not in recorded
    assert AWS.encode() in recorded, "the trial's rules do not know it"

    def measured(name: str, *told: str) -> float:
        return house.measured(f"maskproxy_{name}_total", **labels(*told))

    assert measured("masked", "github-pat-classic", "request", "enforce", "trial", "pilots") == 1
    assert measured("alerts", "github-pat-classic", "answer", "enforce", "trial", "pilots") == 1
    assert measured("blocked", "github-pat-classic", "request", "enforce", "developers", "engineering") == 1
    assert measured("blocked", "aws-access-key-id", "request", "enforce", "strict", "vault") == 1


async def test_each_gets_secrets_back_in_its_tools(house: House) -> None:
    asked = {
        house.token("ada", groups=["engineering"]): ("Edit", AWS),
        house.token("bob", groups=["pilots"]): ("mcp__fs__put", GITHUB),
    }
    for token, (own_tool, secret) in asked.items():
        sent = request(f"key {secret}", stream=False)
        house.origin.reply = plain(b"{}")
        await house.post("/v1/messages", sent, token)
        found = PLACEHOLDER.search(house.origin.received[-1].body)
        assert found is not None
        name = found[0].decode()
        for tool in ("mcp__fs__put", "Edit"):
            house.origin.reply = plain(json.dumps({"content": [call({"a": name}, tool)]}).encode())
            answer = await house.post("/v1/messages", sent, token)
            back = json.loads(answer.body)["content"][0]["input"]["a"]
            assert back == (secret if tool == own_tool else name)


async def test_what_the_model_made_up_is_given_where_the_grant_says_so(house: House) -> None:
    house.origin.reply = plain(json.dumps({"content": [call({"a": AWS}, "Edit")]}).encode())
    for group, is_given in (("engineering", False), ("vault", True)):
        token = house.token("eve", groups=[group])
        answer = await house.post("/v1/messages", request("hello", stream=False), token)
        assert (json.loads(answer.body)["content"][0]["input"]["a"] == AWS) is is_given


async def test_observed_bytes_are_the_same_and_counted_by_rule_and_group(house: House) -> None:
    token = house.token("kim", groups=["late", "a-group-of-the-provider", "0"])
    body = messages(f"{AWS} {AWS} {GITHUB}")
    house.origin.reply = streaming(sse("yes, ", AWS))
    answer = await house.post("/v1/messages", body, token, more=f"X-Note: {AWS}\r\n")
    assert house.origin.received[0].body == body
    assert house.origin.received[0].value("x-note") == AWS
    assert text_of(answer.body) == f"yes, {AWS}"
    assert AWS.encode() not in await house.recorded()
    told = labels("aws-access-key-id", "request", "observe", "watched", "late")
    assert house.measured("maskproxy_masked_total", **told) == 3
    assert house.measured("maskproxy_masked_total", **told | {"direction": "answer"}) == 1
    names = {
        value
        for metric in house.parts.metrics.registry.collect()
        for s in metric.samples
        for value in s.labels.values()
    }
    assert "late" in names
    assert not {"a-group-of-the-provider", "0", "kim"} & names


async def test_where_one_enforces_its_masking_counts(house: House) -> None:
    await house.post("/v1/messages", messages(f"{AWS} {GITHUB}"), house.token("kim", groups=["early"]))
    assert GITHUB.encode() not in house.origin.received[0].body
    assert AWS.encode() in house.origin.received[0].body
    told = labels("github-pat-classic", "request", "enforce", "trial", "early")
    assert house.measured("maskproxy_masked_total", **told) == 1


async def test_who_has_no_grant_is_recorded_under_the_configurations_own_rules(house: House) -> None:
    answer = await house.post(f"/v1/models?key={AWS}", b"{}", house.token("zoe", groups=["sales"]))
    assert answer.status == 403
    assert AWS.encode() not in await house.recorded()
