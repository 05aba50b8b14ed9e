"""A history that was compacted: edits get back what the store remembers of their person, and nobody else does."""

import asyncio
import itertools
import json
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from maskproxy.dev.planted import forms
from tests.gateway.house import Answer, House, plain, streaming
from tests.gateway.test_exchange import GITHUB, PEM
from tests.gateway.test_restore import (
    PLACEHOLDER,
    SECRETS,
    call,
    given,
    placeholder_of,
    placeholder_of_line,
    request,
    streamed,
)

BARE = "Xk29fQz8" + "vLm4Tr7p"
LINE = f"DB_PASSWORD={BARE}\n"
WAYS = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])


@asynccontextmanager
async def housed(folder: Path, **masking: object) -> AsyncIterator[House]:
    house = House(folder)
    house.changes = {"store": "sqlite:///state.db", "masking": {"key": {"file": "masking.key"}, **masking}}
    await house.start()
    yield house
    await house.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is."""
    monkeypatch.setattr("maskproxy.store.sealed_vault.RECALL_S", 60.0)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with housed(tmp_path) as house:
        yield house


def edited(block: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": [block]}


def summary(name: str) -> str:
    return f"This session continues an earlier one. The token is {name}, it belongs into .env."


async def ask(house: House, body: bytes, block: dict[str, Any], *, stream: bool, **post: Any) -> Answer:
    """Send a request whose answer is a text and one call."""
    text = {"type": "text", "text": "I write it."}
    whole = plain(json.dumps({"type": "message", "content": [text, block]}).encode())
    house.origin.reply = streaming(streamed(block, 30)) if stream else whole
    return await house.post("/v1/messages", body, **post)


def arguments_of(answer: Answer, *, stream: bool) -> dict[str, Any]:
    if stream:
        return given(answer)
    arguments: dict[str, Any] = json.loads(answer.body)["content"][-1]["input"]
    return arguments


def sentence_of(answer: Answer, *, stream: bool) -> str:
    if not stream:
        return answer.message
    last = answer.body.decode().removesuffix("\n\n").split("\n\n")[-1]
    assert last.startswith("event: error\ndata: ")
    return str(json.loads(last.partition("data: ")[2])["error"]["message"])


def on_disk(house: House) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(house.directory.glob("state.db*")))


def alarms(house: House) -> float:
    return house.measured("maskproxy_alarms_total", kind="store")


async def break_store(house: House) -> None:
    assert house.parts.vault is not None
    await house.parts.vault.prune()  # which waits for what was to be written
    with sqlite3.connect(house.directory / "state.db") as other:
        other.execute("ALTER TABLE vault RENAME TO elsewhere")
    other.close()


@WAYS
@SECRETS
async def test_what_compaction_removed_comes_back_in_edits_and_nowhere_else(
    house: House, secret: str, *, stream: bool
) -> None:
    name = await placeholder_of(house, secret)
    body = request(summary(name), stream=stream)
    answer = await ask(house, body, call({"content": f"T={name}\n"}, "Write"), stream=stream)
    assert arguments_of(answer, stream=stream) == {"content": f"T={secret}\n"}
    assert house.origin.received[-1].body == body
    told = [{"type": "text", "text": f"see {name}"}, call({"command": f"echo {name}"}, "Bash")]
    house.origin.reply = plain(json.dumps({"content": told}).encode())
    answer = await house.post("/v1/messages", body)
    assert json.loads(answer.body)["content"] == told
    places = await house.recorded() + on_disk(house) + house.log.getvalue().encode()
    assert name.encode() in places
    assert not [form for form in forms(secret).values() if form in places]
    assert house.measured("maskproxy_recalled_total", outcome="found") == 2
    assert house.measured("maskproxy_recalled_total", outcome="lost") == 0
    assert house.measured("maskproxy_store_secrets") == 1


@WAYS
async def test_another_person_with_the_same_placeholder_gets_an_error(house: House, *, stream: bool) -> None:
    name = await placeholder_of(house, GITHUB)
    block = call({"content": name}, "Write")
    answer = await ask(house, request(summary(name)), block, stream=stream, token=house.token("bob"))
    assert "Read the file again" in sentence_of(answer, stream=stream)
    assert GITHUB.encode() not in answer.body
    assert house.measured("maskproxy_recalled_total", outcome="lost") == 1
    assert alarms(house) == 0


@WAYS
async def test_it_is_there_for_another_gateway_with_the_same_files(house: House, *, stream: bool) -> None:
    name = await placeholder_of(house, PEM)
    await house.restart()
    answer = await ask(house, request(summary(name)), call({"content": name}, "Write"), stream=stream)
    assert arguments_of(answer, stream=stream) == {"content": PEM}


async def test_by_session_a_placeholder_is_worth_something_in_its_session_alone(tmp_path: Path) -> None:
    async with housed(tmp_path, scope="session") as house:
        one, other = ("x-claude-code-session-id: one\r\n", "x-claude-code-session-id: other\r\n")
        house.origin.reply = plain(b"{}")
        await house.post("/v1/messages", request(f"my key: {GITHUB}\n"), more=one)
        found = PLACEHOLDER.search(house.origin.received[-1].body)
        assert found is not None
        name = found[0].decode()
        block = call({"content": name}, "Write")
        answer = await ask(house, request(summary(name)), block, stream=False, more=one)
        assert arguments_of(answer, stream=False) == {"content": GITHUB}
        answer = await ask(house, request(summary(name)), block, stream=False, more=other)
        assert answer.status == 400


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("more", ["", "x" * 100_000], ids=["inline", "off the loop"])
async def test_what_was_given_back_is_masked_in_the_next_turns_as_the_api_knows_it(
    house: House, path: str, more: str
) -> None:
    """No rule finds it bare, and the line that betrayed it is gone from the history."""
    name = await placeholder_of_line(house, LINE)
    start = summary(name) + more
    block = call({"file_path": "a.py", "new_string": f"connect('{name}')"})
    answer = await ask(house, request(start), block, stream=False)
    back = arguments_of(answer, stream=False)
    assert back["new_string"] == f"connect('{BARE}')"
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": f"c('{BARE}')"}
    turns = [edited(block | {"input": back}), {"role": "user", "content": [result]}]
    house.origin.reply = plain(b"{}")
    bodies = []
    for turn in (turns[:1], turns, [*turns, {"role": "user", "content": f"is it {BARE}?"}]):
        await house.post(path, request(start, *turn))
        bodies.append(house.origin.received[-1].body)
    said = json.loads(bodies[-1])["messages"]
    assert said[0]["content"] == start
    assert said[1]["content"][0]["input"] == block["input"]
    assert said[2]["content"][0]["content"] == f"c('{name}')"
    assert said[3]["content"] == f"is it {name}?"
    for shorter, longer in itertools.pairwise(bodies):
        # The same turns stay the same bytes, or the prompt cache is lost.
        assert longer.startswith(shorter.removesuffix(b"]}"))
    assert BARE.encode() not in b"".join(bodies) + await house.recorded()


async def test_a_store_that_fails_ends_only_the_edit_that_needs_it(house: House) -> None:
    name = await placeholder_of(house, GITHUB)
    await break_store(house)
    # Nothing lost, and nothing that was not kept already: the store is not asked.
    own = f"{summary(name)} It is {GITHUB}."
    answer = await ask(house, request(own), call({"content": name}, "Write"), stream=True)
    assert given(answer) == {"content": GITHUB}
    assert alarms(house) == 0
    for stream in (True, False):
        answer = await ask(house, request(summary(name)), call({"content": name}, "Write"), stream=stream)
        assert "Read the file again" in sentence_of(answer, stream=stream)
        answer = await ask(house, request(summary(name)), call({"command": "ls"}, "Bash"), stream=stream)
        assert arguments_of(answer, stream=stream) == {"command": "ls"}
    answer = await ask(house, request(f"new: {PEM}"), call({"content": ""}, "Write"), stream=True)
    assert answer.complete
    assert alarms(house) >= 1, "others, who look at other tables, may find that it works in between"
    assert house.parts.store_state == "failed"
    log = house.log.getvalue()
    assert "store failed" in log
    assert "secrets could not be recalled" in log
    assert name not in log


async def test_with_edits_in_the_history_nothing_is_sent_that_cannot_be_looked_up(house: House) -> None:
    name = await placeholder_of_line(house, LINE)
    await break_store(house)
    sent = len(house.origin.received)
    turn = edited(call({"file_path": "a.py", "new_string": f"connect('{BARE}')"}))
    answer = await house.post("/v1/messages", request(summary(name), turn))
    assert answer.status == 503
    assert answer.value("x-should-retry") == "true"
    assert "Try again soon" in answer.message
    assert len(house.origin.received) == sent
    assert BARE.encode() not in await house.recorded()
    with sqlite3.connect(house.directory / "state.db") as other:
        other.execute("ALTER TABLE elsewhere RENAME TO vault")
    other.close()
    assert (await house.post("/v1/messages", request(summary(name), turn))).status == 200
    assert BARE.encode() not in house.origin.received[-1].body
    assert house.parts.store_state == "working"


async def test_one_that_hangs_is_waited_for_until_a_deadline(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    name = await placeholder_of(house, GITHUB)
    monkeypatch.setattr("maskproxy.store.sealed_vault.RECALL_S", 0.05)
    begun, gate = threading.Event(), threading.Event()

    def hang(_: object) -> None:
        begun.set()
        gate.wait()

    assert house.parts.store is not None
    house.parts.store.post(hang, lambda _: None)
    await asyncio.to_thread(begun.wait)
    answer = await ask(house, request(summary(name)), call({"content": name}, "Write"), stream=True)
    assert "Read the file again" in sentence_of(answer, stream=True)
    assert alarms(house) == 1
    gate.set()


async def test_a_row_that_somebody_changed_is_worth_nothing_and_raises_an_alarm(house: House) -> None:
    name = await placeholder_of(house, GITHUB)
    await ask(house, request(summary(name)), call({"content": name}, "Write"), stream=True)
    with sqlite3.connect(house.directory / "state.db") as other:
        other.execute("UPDATE vault SET sealed = zeroblob(length(sealed))")
    other.close()
    answer = await ask(house, request(summary(name)), call({"content": name}, "Write"), stream=True)
    assert "Read the file again" in sentence_of(answer, stream=True)
    assert alarms(house) == 1


async def test_the_callers_token_and_what_is_only_observed_are_not_kept(house: House) -> None:
    token = house.token()
    house.origin.reply = plain(b"{}")
    await house.post("/v1/messages", request(f"my environment: {token}"), token)
    assert b"MASKED_CALLER_TOKEN" in house.origin.received[-1].body
    await house.post("/v1/messages", request(f"my key: {GITHUB}"), house.token("eve", groups=["observed"]))
    assert house.parts.vault is not None
    await house.parts.vault.prune()
    assert house.measured("maskproxy_store_secrets") == 0


async def test_without_a_store_an_edit_that_lost_its_secret_ends_with_an_error(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.start()
    name = await placeholder_of(house, GITHUB)
    answer = await ask(house, request(summary(name)), call({"content": name}, "Write"), stream=False)
    assert answer.status == 400
    assert "Read the file again" in answer.message
    assert house.parts.store_state == "none"
    assert on_disk(house) == b""
    await house.close()
