"""What people see of their findings and ask for, over real sockets, and what becomes of it in the next exchange."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from maskproxy.errors import TooMany
from maskproxy.gateway.own_api import Turns
from maskproxy.store import allowance_rows
from tests.gateway.house import SERVICE_KEY, Answer, House, plain, read_answer, streaming
from tests.gateway.test_exchange import AWS, GITHUB, messages, sse, text_of
from tests.gateway.test_restore import call, request

WORD = "correct" + "-horse-9"
"""No secret, in the eyes of its owner."""
TEXT = f'password = "{WORD}"'
FINDINGS, ALLOWANCES = "/maskproxy/v1/findings", "/maskproxy/v1/allowances"
Start = Callable[..., Awaitable[House]]


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[Start]:
    houses: list[House] = []

    async def start(**changes: Any) -> House:
        house = House(tmp_path)
        masking = {"key": {"file": "masking.key"}, **changes.pop("masking", {})}
        house.changes |= {"store": "sqlite:///state.db", "masking": masking, **changes}
        houses.append(house)
        await house.start()
        return house

    yield start
    for house in houses:
        await house.close()


async def get(house: House, path: str, token: str | None) -> Answer:
    reader, writer = await house.connect()
    proof = f"Authorization: Bearer {token}\r\n" if token is not None else ""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{proof}\r\n".encode())
    try:
        async with asyncio.timeout(10):
            return await read_answer(reader)
    finally:
        writer.close()


async def found(house: House, token: str, path: str = FINDINGS) -> list[dict[str, Any]]:
    answer = await get(house, path, token)
    assert (answer.status, answer.value("cache-control")) == (200, "no-store")
    rows: list[dict[str, Any]] = json.loads(answer.body)["findings"]
    return rows


async def ask(house: House, token: str, placeholder: str, for_s: float = 60, reason: str = "a test's word") -> Answer:
    body = json.dumps({"placeholder": placeholder, "for_s": for_s, "reason": reason}).encode()
    return await house.post(ALLOWANCES, body, token)


async def allowed(house: House, token: str, text: str = TEXT) -> str:
    """Have a text masked and ask for it; gives the placeholder."""
    await house.post("/v1/messages", messages(text), token)
    (finding,) = await found(house, token)
    answer = await ask(house, token, finding["placeholder"])
    assert (answer.status, json.loads(answer.body)["allowance"]["state"]) == (200, "active"), answer.body
    return str(finding["placeholder"])


async def decide(house: House, decision: allowance_rows.Decision, allowance: str) -> None:
    store = house.parts.store
    assert store is not None
    await store.call(
        lambda connection: allowance_rows.decide(
            connection, allowance, decision, by="root", reason="seen", now_us=house.parts.gateway.wall_ns() // 1000
        ),
        timeout_s=5,
    )
    assert house.parts.allowances is not None
    await house.parts.allowances.refresh()


async def test_a_person_sees_what_was_masked_for_them_and_nobody_else(started: Start) -> None:
    house = await started()
    ada, bob = house.token("ada"), house.token("bob")
    for _ in range(2):
        await house.post("/v1/messages", messages(f"{TEXT} {GITHUB}"), ada, more=f"X-Note: {GITHUB}\r\n")
    told = {row["rule"]: row for row in await found(house, ada)}
    assert set(told) == {"secret-in-quotes", "github-pat-classic"}
    vendor, generic = told["github-pat-classic"], told["secret-in-quotes"]
    assert (vendor["lift"], generic["lift"]) == ("approval", "at_once")
    assert (vendor["times"], generic["times"]) == (4, 2)
    assert generic["place"] == "messages[0].content"
    assert (generic["action"], generic["mode"], generic["direction"]) == ("mask", "enforce", "request")
    assert generic["placeholder"].encode() in house.origin.received[0].body
    assert generic["session"].startswith("s")
    assert generic["exchange"].startswith("req_")
    assert generic["first_seen"] <= generic["last_seen"]
    assert len(await found(house, ada, FINDINGS + "?limit=1")) == 1
    assert await found(house, bob) == []
    files = b"".join(path.read_bytes() for path in house.directory.glob("state.db*"))
    for secret in (GITHUB, WORD, ada):
        assert secret.encode() not in files


@pytest.mark.parametrize("scope", ["person", "session"])
async def test_a_generic_one_passes_at_once_for_its_person_both_ways(started: Start, scope: str) -> None:
    house = await started(masking={"scope": scope})
    ada, bob = house.token("ada"), house.token("bob")
    await allowed(house, ada)
    house.origin.reply = streaming(sse("you said ", TEXT[:17], TEXT[17:], f" and {GITHUB}"))
    body = messages(f"{TEXT} {GITHUB}", stream=True)
    answer = await house.post("/v1/messages", body, ada, more=f"X-Note: {TEXT}\r\n")
    sent = json.loads(house.origin.received[-1].body)["messages"][0]["content"]
    assert sent.startswith(f"{TEXT} MASKED_GITHUB")
    assert house.origin.received[-1].value("x-note") == TEXT
    assert text_of(answer.body).startswith(f"you said {TEXT} and MASKED_GITHUB")
    assert answer.value("x-maskproxy-masked") == "1"
    recorded = await house.recorded()
    assert WORD.encode() not in recorded
    actions = [(f.data["rule"], f.data["action"]) for f in await house.frames() if f.kind == "finding"]
    assert actions.count(("secret-in-quotes", "lifted")) == 3
    assert actions.count(("secret-in-quotes", "mask")) == 1
    came = {"mode": "enforce", "grant": "developers", "group": "engineering"}
    assert house.measured("maskproxy_lifted_total", rule="secret-in-quotes", direction="request", **came) == 2
    assert house.measured("maskproxy_masked_total", rule="secret-in-quotes", direction="request", **came) == 1
    (row,) = [row for row in await found(house, ada) if row["action"] == "lifted" and row["allowed_until"]][:1]
    assert row["rule"] == "secret-in-quotes"
    await house.post("/v1/messages", messages(TEXT), bob)
    assert WORD.encode() not in house.origin.received[-1].body
    await house.post("/v1/messages", messages(f'password = "x{WORD}"'), ada)
    assert WORD.encode() not in house.origin.received[-1].body, "the allowance is for exactly that text"


async def test_a_vendors_one_waits_for_an_operator_who_may_take_it_back(started: Start) -> None:
    house = await started()
    ada = house.token("ada")
    await house.post("/v1/messages", messages(GITHUB), ada)
    (finding,) = await found(house, ada)
    first, again = [json.loads((await ask(house, ada, finding["placeholder"])).body)["allowance"] for _ in range(2)]
    assert (first["state"], first["expires"], again["id"]) == ("pending", None, first["id"])
    await house.post("/v1/messages", messages(GITHUB), ada)
    assert GITHUB.encode() not in house.origin.received[-1].body
    await decide(house, "approve", first["id"])
    await house.post("/v1/messages", messages(GITHUB), ada)
    assert GITHUB.encode() in house.origin.received[-1].body
    assert (await found(house, ada))[0]["allowed_until"] is not None
    await decide(house, "revoke", first["id"])
    await house.post("/v1/messages", messages(GITHUB), ada)
    assert GITHUB.encode() not in house.origin.received[-1].body
    (mine,) = json.loads((await get(house, ALLOWANCES, ada)).body)["allowances"]
    assert (mine["id"], mine["state"]) == (first["id"], "revoked")
    assert json.loads((await get(house, ALLOWANCES, house.token("bob"))).body) == {"allowances": []}
    assert GITHUB.encode() not in await house.recorded()
    events = [frame.data for frame in await house.frames() if frame.kind == "audit"]
    assert [(event["event"], event["by"], event["reason"]) for event in events] == [
        ("asked", f"{house.issuer.url}#ada", "a test's word"),
        ("approved", "root", "seen"),
        ("revoked", "root", "seen"),
    ]
    lines = [json.loads(line) for line in house.log.getvalue().splitlines() if '"allowance ' in line]
    assert [line["event"] for line in lines] == ["allowance asked", "allowance approved", "allowance revoked"]
    assert house.measured("maskproxy_allowances_total", event="approved") == 1


async def test_places_never_tell_what_is_lifted(started: Start) -> None:
    house = await started(masking={"actions": [{"rules": ["aws-*"], "request": "mask"}]})
    ada = house.token("ada")
    await house.post("/v1/messages", messages(GITHUB), ada)
    (finding,) = await found(house, ada)
    allowance = json.loads((await ask(house, ada, finding["placeholder"])).body)["allowance"]
    await decide(house, "approve", allowance["id"])
    body = json.dumps({"metadata": {GITHUB: f"key {AWS}"}, "messages": []}).encode()
    await house.post(f"/v1/messages?{GITHUB}={AWS}", body, ada, more=f"X-{GITHUB}: {AWS}\r\n")
    received = house.origin.received[-1]
    assert json.loads(received.body)["metadata"].keys() == {GITHUB}
    assert received.line.startswith(f"POST /v1/messages?{GITHUB}=MASKED_AWS")
    places = {row["place"] for row in await found(house, ada) if row["rule"] == "aws-access-key-id"}
    assert places
    frames = [frame.data for frame in await house.frames() if frame.kind == "finding"]
    assert len([frame for frame in frames if frame["rule"] == "aws-access-key-id"]) == 3
    assert GITHUB.encode() not in await house.recorded()
    assert GITHUB.lower().encode() not in await house.recorded()


async def test_it_ends_to_the_second_without_a_look_at_the_store(started: Start) -> None:
    house = await started()
    ada = house.token("ada")
    await allowed(house, ada)
    assert house.parts.allowances is not None
    now_ns = house.parts.gateway.wall_ns()
    for later_s, passes in ((59, True), (61, False)):
        house.parts.allowances._wall_ns = lambda later_s=later_s: now_ns + later_s * 10**9  # type: ignore[misc]
        await house.post("/v1/messages", messages(TEXT), ada)
        assert (WORD.encode() in house.origin.received[-1].body) is passes


async def test_a_vendors_key_under_a_generic_rules_name_takes_approval(started: Start) -> None:
    house = await started()
    ada = house.token("ada")
    await house.post("/v1/messages", messages(f"GITHUB_TOKEN={GITHUB}x"), ada)
    (finding,) = await found(house, ada)
    assert finding["lift"] == "approval"


async def test_what_blocks_takes_approval_and_then_passes(started: Start) -> None:
    house = await started(masking={"actions": [{"rules": ["secret-in-*"], "request": "block"}]})
    ada = house.token("ada")
    assert (await house.post("/v1/messages", messages(TEXT), ada)).status == 400
    (finding,) = await found(house, ada)
    assert (finding["action"], finding["lift"]) == ("block", "approval")
    allowance = json.loads((await ask(house, ada, finding["placeholder"])).body)["allowance"]
    assert (await house.post("/v1/messages", messages(TEXT), ada)).status == 400
    await decide(house, "approve", allowance["id"])
    assert (await house.post("/v1/messages", messages(TEXT), ada)).status == 200
    assert WORD.encode() in house.origin.received[-1].body
    assert WORD.encode() not in await house.recorded()


async def test_own_secrets_and_what_the_configuration_forbids_are_never_lifted(started: Start) -> None:
    house = await started(masking={"allow": {"generic": "approval", "vendor": "never", "longest": "1h"}})
    ada = house.token("ada")
    await house.post("/v1/messages", messages(f"{ada} {SERVICE_KEY} {GITHUB} {TEXT}"), ada)
    rows = {row["rule"]: row for row in await found(house, ada)}
    lifts = {rule: row["lift"] for rule, row in rows.items()}
    assert lifts == {
        "caller-token": "never",
        "service-credential": "never",
        "github-pat-classic": "never",
        "secret-in-quotes": "approval",
    }
    for rule in ("caller-token", "service-credential", "github-pat-classic"):
        answer = await ask(house, ada, rows[rule]["placeholder"])
        assert (answer.status, "may not be lifted" in answer.message) == (403, True)
    answer = await ask(house, ada, rows["secret-in-quotes"]["placeholder"])
    assert json.loads(answer.body)["allowance"]["state"] == "pending"
    answer = await ask(house, ada, rows["secret-in-quotes"]["placeholder"], 3601)
    assert (answer.status, "1 hours" in answer.message) == (400, True)


async def test_a_lifted_text_is_ordinary_text_for_edits_and_thinking(started: Start) -> None:
    house = await started()
    ada = house.token("ada")
    name = await allowed(house, ada)
    history = request(f"{TEXT} was {name} before", stream=False)
    for tool in ("Edit", "Bash"):
        house.origin.reply = plain(json.dumps({"content": [call({"a": TEXT, "b": name}, tool)]}).encode())
        answer = await house.post("/v1/messages", history, ada)
        back = json.loads(answer.body)["content"][0]["input"]
        assert back == {"a": TEXT, "b": WORD if tool == "Edit" else name}
        assert house.origin.received[-1].body == history
    block = {"type": "thinking", "thinking": f"{TEXT} hm", "signature": "c2ln"}
    house.origin.reply = plain(json.dumps({"content": [block]}).encode())
    answer = await house.post("/v1/messages", request(TEXT, stream=False), ada)
    assert json.loads(answer.body)["content"] == [block]
    assert WORD.encode() not in await house.recorded()


async def test_under_a_grant_that_observes_findings_are_told_and_lifted_ones_not_counted_as_masked(
    started: Start,
) -> None:
    house = await started()
    kim = house.token("kim", groups=["observed"])
    await allowed(house, kim)
    await house.post("/v1/messages", messages(TEXT), kim)
    assert house.origin.received[-1].body == messages(TEXT)
    watched = {"mode": "observe", "grant": "watched", "group": "observed"}
    for name in ("masked", "lifted"):
        told = house.measured(f"maskproxy_{name}_total", rule="secret-in-quotes", direction="request", **watched)
        assert told == 1
    (row,) = await found(house, kim)
    assert (row["mode"], row["action"], row["times"]) == ("observe", "lifted", 2)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"[]", "Send {"),
        (b'{"placeholder": "x", "for_s": true, "reason": "y"}', "Send {"),
        (b'{"placeholder": "x", "for_s": 1, "reason": "y", "more": 1}', "Send {"),
        (b'{"placeholder": "x", "for_s": 0, "reason": "y"}', "lasts from"),
        (b'{"placeholder": "x", "for_s": 1e9, "reason": "y"}', "168 hours"),
        (b'{"placeholder": "x", "for_s": 9, "reason": " "}', "Say why"),
        (b'{"placeholder": "x", "for_s": 9, "reason": "a\\u0007b"}', "Say why"),
        (b'{"placeholder": "x", "for_s": 9, "reason": "' + b"y" * 401 + b'"}', "Say why"),
        (b'{"placeholder": "' + b"x" * 97 + b'", "for_s": 9, "reason": "y"}', "not a placeholder"),
    ],
)
async def test_what_is_asked_wrongly_is_refused_in_words(started: Start, body: bytes, says: str) -> None:
    house = await started()
    answer = await house.post(ALLOWANCES, body)
    assert (answer.status, answer.value("x-should-retry")) == (400, "false")
    assert says in answer.message
    assert house.origin.received == []


async def test_who_may_not_ask_is_refused_and_nothing_goes_upstream(started: Start) -> None:
    house = await started()
    ada, nobody = house.token("ada"), house.token("zoe", groups=["sales"])
    await house.post("/v1/messages", messages(TEXT), ada)
    (finding,) = await found(house, ada)
    house.origin.received.clear()
    assert (await get(house, FINDINGS, None)).status == 401
    assert (await get(house, FINDINGS, "x.y.z")).status == 401
    assert (await get(house, FINDINGS, nobody)).status == 403
    answer = await ask(house, house.token("bob"), finding["placeholder"])
    assert (answer.status, json.loads(answer.body)["error"]["type"]) == (404, "not_found_error")
    for path in ("/maskproxy/", "/maskproxy/v1/secrets", "/maskproxy/v1/findings/1"):
        assert (await get(house, path, ada)).status == 404
    assert (await get(house, FINDINGS + "?limit=0", ada)).status == 400
    too_large = await house.post(ALLOWANCES, b" " * 20_000, ada)
    assert (too_large.status, "limit of 16384" in too_large.message) == (413, True)
    assert house.origin.received == []
    assert (await house.post(FINDINGS, b"{}", ada, tunnel=True)).status == 200, "inside a tunnel it is upstream's path"
    assert house.origin.received[0].line.startswith(f"POST {FINDINGS}")


async def test_a_secret_in_a_reason_is_masked(started: Start) -> None:
    house = await started()
    ada = house.token("ada")
    await house.post("/v1/messages", messages(TEXT), ada)
    (finding,) = await found(house, ada)
    answer = await ask(house, ada, finding["placeholder"], reason=f"it is like {GITHUB}")
    reason = json.loads(answer.body)["allowance"]["reason"]
    assert reason.startswith("it is like MASKED_GITHUB")
    for told in (reason, house.log.getvalue(), (await house.recorded()).decode("latin-1")):
        assert GITHUB not in told
        assert ada not in told


async def test_without_a_store_it_says_what_is_missing(house: House) -> None:
    answer = await get(house, FINDINGS, house.token())
    assert (answer.status, answer.value("x-should-retry")) == (503, "false")
    assert "names no store" in answer.message


def test_turns_come_back_with_time_and_are_a_persons_own() -> None:
    turns = Turns()
    for _ in range(30):
        turns.take("ada", 0.0)
    with pytest.raises(TooMany):
        turns.take("ada", 1.0)
    turns.take("bob", 1.0)
    turns.take("ada", 2.0)
    with pytest.raises(TooMany):
        turns.take("ada", 2.0)


async def test_whoever_signed_in_learns_which_hosts_belong_here(house: House) -> None:
    for token in (house.token(), house.token("zoe", groups=["sales"])):
        told = json.loads((await get(house, "/maskproxy/v1/routes", token)).body)
        assert told["hosts"] == ["api.anthropic.com", "telemetry.example.com"]
        assert told["base_url"] is True
        assert told["ca"] == (house.directory / "ca" / "ca.pem").read_text()
    assert (await get(house, "/maskproxy/v1/routes", None)).status == 401
    assert (await house.post("/maskproxy/v1/routes", b"{}")).status == 503
