"""Dictionaries in requests and answers, over real sockets."""

import base64
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.gateway.house import House, plain
from tests.gateway.test_actions import findings
from tests.gateway.test_exchange import messages

NAME = "Bluebird-" + "Omega"
PASSWORD = "correct" + "horse battery"
Start = Callable[..., Awaitable[House]]


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[Start]:
    houses: list[House] = []

    async def start(**changes: object) -> House:
        house = House(tmp_path)
        for name, text in (("names.txt", f"{NAME}\n"), ("live.env", f"DB_PASSWORD='{PASSWORD}'\nMODE=production\n")):
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o600)
        dictionaries = [
            {"name": "names", **({"file": "names.txt"} if "command" not in changes else {}), **changes},
            {"name": "live", "file": "live.env", "format": "env"},
        ]
        house.changes["masking"] = {"key": {"file": "masking.key"}, "dictionaries": dictionaries}
        houses.append(house)
        await house.start()
        return house

    yield start
    for house in houses:
        await house.close()


async def test_values_are_masked_both_ways_in_every_form(started: Start) -> None:
    house = await started()
    encoded = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    house.origin.reply = plain(json.dumps({"content": [{"type": "text", "text": f"say {PASSWORD}"}]}).encode())
    answer = await house.post("/v1/messages", messages(f"{NAME} {PASSWORD} {encoded} correct%68orse production"))
    assert answer.status == 200
    sent = house.origin.received[0].body.decode()
    assert "production" in sent
    for text in (sent, answer.body.decode(), (await house.recorded()).decode("latin-1"), house.log.getvalue()):
        assert NAME not in text
        assert PASSWORD not in text
        assert encoded[-12:] not in text
    assert [rule for _, rule, _, _ in await findings(house)] == [
        "dictionary-names",
        "dictionary-live",
        "dictionary-live",
        "dictionary-live",
    ]
    assert "values=1" in house.log.getvalue() or '"values": 1' in house.log.getvalue()


@pytest.mark.parametrize(("action", "status"), [("block", 400), ("alert", 200)])
async def test_a_dictionary_has_its_action(started: Start, action: str, status: int) -> None:
    house = await started(action=action)
    answer = await house.post("/v1/messages", messages(f"the plans of {NAME}"))
    assert answer.status == status
    assert [(rule, done) for _, rule, _, done in await findings(house)] == [("dictionary-names", action)]
    assert NAME.encode() not in await house.recorded()
    assert all(NAME.encode() in received.body for received in house.origin.received)


async def test_a_command_gives_the_values(started: Start) -> None:
    house = await started(command=[sys.executable, "-c", f"print({NAME!r})"])
    assert (await house.post("/v1/messages", messages(NAME))).status == 200
    assert NAME.encode() not in house.origin.received[0].body
