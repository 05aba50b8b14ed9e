"""What an exchange leaves in the audit trail: in its file, at a syslog server, and at a webhook's receiver."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from maskproxy.service.build import build
from maskproxy.service.daemon import checked
from tests.gateway.house import SERVICE_KEY, House, plain
from tests.gateway.test_access import LEAD, URGENT
from tests.gateway.test_exchange import AWS, GITHUB, messages
from tests.gateway.test_own_api import FINDINGS, TEXT, WORD, ask, found
from tests.service.auditing.receivers import Receiver, SyslogServer, until

HOOK_SECRET = "hook" + "-secret-" + "9876543210"
DEVELOPERS = {"name": "developers", "groups": ["engineering"], "routes": ["claude"]}


@dataclass
class Heard:
    house: House
    syslog: SyslogServer
    hook: Receiver

    async def events(self, *named: str) -> list[dict[str, Any]]:
        """Those of these names, when all that was told has been written."""
        queued = self.house.parts.metrics.registry.get_sample_value
        await until(lambda: queued("maskproxy_audit_queued", {"sink": "file"}) == 0)
        lines = (self.house.directory / "audit.jsonl").read_text().splitlines()
        return [told for told in map(json.loads, lines) if told["event"] in named or not named]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Heard]]]:
    made: list[Heard] = []

    async def started(**changes: Any) -> Heard:
        heard = Heard(House(tmp_path), SyslogServer(), Receiver(statuses=[500]))
        made.append(heard)
        await heard.syslog.listen()
        await heard.hook.start()
        (tmp_path / "hook.secret").write_text(HOOK_SECRET)
        (tmp_path / "hook.secret").chmod(0o600)
        hook = {"name": "rotate", "url": heard.hook.url, "secret": {"file": "hook.secret"}}
        heard.house.changes |= {
            "audit": {
                "file": "audit.jsonl",
                "node": "node-1",
                "syslog": {"address": f"tcp://127.0.0.1:{heard.syslog.port}"},
                "webhooks": [hook],
            },
            "grants": [DEVELOPERS, URGENT] if "store" in changes else [DEVELOPERS],
            **changes,
        }
        await heard.house.start()
        return heard

    yield started
    for heard in made:
        await heard.house.close()
        await heard.syslog.close()
        await heard.hook.close()


async def test_one_key_of_two_people_is_one_case_and_each_event_says_who_and_where(start: Any) -> None:
    heard: Heard = await start()
    house = heard.house
    for name in ("ada", "lin"):
        answer = await house.post("/v1/messages", messages(f"{GITHUB} and {AWS} and {GITHUB}"), house.token(name))
        assert answer.status == 200
    findings = await heard.events("finding")
    assert [told["person"].rpartition("#")[2] for told in findings] == ["ada", "ada", "lin", "lin"]
    prints = [told["fingerprint"] for told in findings]
    assert prints[:2] == prints[2:]
    assert len(set(prints)) == 2
    assert len({told["placeholder"] for told in findings}) == 4, "placeholders are each person's own"
    first = findings[0]
    assert (first["action"], first["direction"], first["route"], first["grant"]) == (
        "mask",
        "request",
        "claude",
        "developers",
    )
    assert (first["ocsf"]["class_uid"], first["node"], first["groups"]) == (2006, "node-1", ["engineering"])
    (session,) = {told["session"] for told in findings if told["person"].endswith("ada")}
    uses = await heard.events("grant_use")
    assert [(told["action"], told["grant"]) for told in uses] == [("allowed", "developers")] * 2
    assert uses[0]["session"] == session
    assert uses[0]["exchange"] == first["exchange"]
    await until(lambda: len(heard.hook.received) == 3)
    assert {told["fingerprint"] for told in heard.hook.events} == set(prints), "the same key is told once"


async def test_a_fingerprint_is_the_same_whatever_found_the_secret_and_with_a_store(start: Any) -> None:
    heard: Heard = await start(store="sqlite:///state.db", masking={"key": {"file": "masking.key"}})
    house = heard.house
    await house.post("/v1/messages", messages(GITHUB), house.token("ada"))
    house.origin.reply = plain(json.dumps({"content": [{"type": "text", "text": f"it is {GITHUB}"}]}).encode())
    await house.post("/v1/messages", messages("which key?"), house.token("lin"))
    told = await heard.events("finding")
    assert [one["direction"] for one in told] == ["request", "answer"]
    assert told[0]["fingerprint"] == told[1]["fingerprint"]


async def test_blocks_refusals_and_limits_are_told_with_their_reason(start: Any) -> None:
    limited = DEVELOPERS | {"limits": {"requests_per_minute": 1}}
    masking = {"key": {"file": "masking.key"}, "actions": [{"rules": ["github-*"], "request": "block"}]}
    heard: Heard = await start(masking=masking, grants=[limited])
    house = heard.house
    assert (await house.post("/v1/messages", messages(GITHUB))).status == 400
    assert (await house.post("/v1/messages", messages("hello"))).status == 200
    assert (await house.post("/v1/messages", messages("hello"))).status == 429
    assert (await house.post("/v1/messages", messages("hello"), house.token("eve", groups=["x"]))).status == 403
    assert (await house.post("/v1/messages", messages("hello"), "no-token")).status == 401
    (block,) = await heard.events("block")
    assert (block["action"], len(block["fingerprint"]), block["ocsf"]["type_uid"]) == ("block", 32, 200601)
    (limit,) = await heard.events("limit")
    assert (limit["status"], limit["grant"], limit["error"]) == (429, "developers", "TooMany")
    refusals = await heard.events("refusal")
    assert [(told["status"], told["error"]) for told in refusals] == [
        (400, "Blocked"),
        (403, "Denied"),
        (401, "Unauthenticated"),
    ]
    assert refusals[1]["person"].endswith("#eve")
    assert "person" not in refusals[2]
    assert all(told["reason"] and told["peer"] == "127.0.0.1" for told in refusals)


async def test_decisions_are_told_and_no_sink_holds_a_planted_secret(start: Any) -> None:
    heard: Heard = await start(store="sqlite:///state.db")
    house, ada, lead = heard.house, heard.house.token("ada"), heard.house.token("lead", **LEAD)

    async def post(token: str, path: str, **body: Any) -> dict[str, Any]:
        answer = await house.post(f"/maskproxy/v1/{path}", json.dumps(body).encode(), token)
        assert answer.status == 200, answer.body
        told: dict[str, Any] = json.loads(answer.body)
        return told

    await house.post("/v1/messages", messages(f"{TEXT} {GITHUB} {AWS} {ada} {SERVICE_KEY}"), ada)
    rows = {row["rule"]: row for row in await found(house, ada, FINDINGS)}
    mine = next(row["placeholder"] for row in rows.values() if row["lift"] == "at_once")
    assert (await ask(house, ada, mine, reason=f"a word, not {AWS}")).status == 200
    asked = await post(ada, "access", grant="urgent", for_s=60, reason=f"an outage; {GITHUB}")
    await post(lead, "access/decisions", id=asked["request"]["id"], decision="approve", reason=f"with {AWS}")
    await post(lead, "access/revocations", kind="session", target="s" + "0" * 24, for_s=60, reason=f"see {GITHUB}")
    assert (await house.post("/v1/messages", messages("hello"), ada + "x")).status == 401
    assert (await house.post("/maskproxy/v1/allowances", b"{}", ada)).status == 400
    decided = await heard.events("allowance", "access", "approval", "revocation")
    assert {(told["event"], told["action"]) for told in decided} >= {
        ("access", "asked"),
        ("approval", "approved"),
        ("revocation", "revoked"),
    }
    assert [told["event"] for told in decided].count("allowance") >= 1
    approval = next(told for told in decided if told["event"] == "approval")
    assert approval["person"].endswith("#ada")
    assert approval["by"].endswith("#lead")
    assert approval["reason"].startswith("with MASKED_")
    own = next(told for told in await heard.events("refusal") if told["at"] == "own api")
    assert own["person"].endswith("#ada")
    total = len(await heard.events())
    await until(lambda: len(heard.syslog.messages) == total)
    await until(lambda: house.measured("maskproxy_audit_queued", sink="webhook rotate") == 0)
    sinks = {
        "file": (house.directory / "audit.jsonl").read_bytes(),
        "syslog": b"".join(heard.syslog.messages),
        "webhook": b"".join(body for _, body in heard.hook.received),
        "log": house.log.getvalue().encode(),
    }
    planted = [GITHUB, AWS, WORD, ada, lead, SERVICE_KEY, HOOK_SECRET, ada.rpartition(".")[2]]
    held = {(name, secret) for name, data in sinks.items() for secret in planted if secret.encode() in data}
    assert held == set()
    assert all(sinks.values()), "each of them got something"


async def test_a_reload_takes_other_sinks_and_loses_nothing(start: Any) -> None:
    heard: Heard = await start()
    house, old = heard.house, heard.house.parts
    await house.post("/v1/messages", messages("one"))
    document = yaml.safe_load(house.config.read_text())
    document["audit"] = {"file": "other.jsonl", "fsync": False}
    house.config.write_text(yaml.safe_dump(document))
    house.parts = await build(checked(house.config), old.log, old.net, keep=old, providers={})
    await old.retire()
    await house.post("/v1/messages", messages("two"))  # under the old gateway, which some exchanges still have
    (first,) = await heard.events()
    lines = (house.directory / "other.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == [first["event"]] == ["grant_use"]
    assert len(heard.syslog.messages) == 1


async def test_a_tunnel_that_opens_or_is_refused_is_told(start: Any) -> None:
    heard: Heard = await start()
    house = heard.house
    target = f"127.0.0.1:{house.origin.port}"

    async def connect(token: str) -> bytes:
        reader, writer = await house.connect()
        proof = f"Proxy-Authorization: Bearer {token}\r\n"
        writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{proof}\r\n".encode())
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return head.split(b" ")[1]

    tokens = [house.token("ada"), house.token("eve", groups=["x"]), "no-token"]
    assert [await connect(token) for token in tokens] == [b"200", b"403", b"407"]
    (opened,) = await heard.events("grant_use")
    assert (opened["action"], opened["target"], opened["grant"]) == ("tunnel opened", target, "developers")
    refused = await heard.events("refusal")
    assert [told["at"] for told in refused] == ["tunnel", "tunnel"]
    assert refused[0]["person"].endswith("#eve")
    assert "person" not in refused[1]
