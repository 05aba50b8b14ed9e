"""A secret comes back to its owner in the arguments of edit tools, over real sockets, and nowhere else."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from maskproxy.dev.planted import forms
from tests.gateway.house import Answer, House, plain, streaming
from tests.gateway.test_exchange import GITHUB, PEM

QUOTED = 'pa"ss\\w0rd' + "-Xk29fQz8!" + "é"
PLACEHOLDER = re.compile(rb"MASKED_[A-Z0-9_]+_[a-z2-7]{16}_[a-z2-7]{8}")
SECRETS = pytest.mark.parametrize("secret", [GITHUB, PEM], ids=["github", "pem"])


def request(text: str, *more: dict[str, Any], stream: bool = True) -> bytes:
    messages = [{"role": "user", "content": text}, *more]
    return json.dumps({"model": "claude", "stream": stream, "messages": messages}).encode()


def call(arguments: dict[str, Any], tool: str = "Edit") -> dict[str, Any]:
    return {"type": "tool_use", "id": "toolu_1", "name": tool, "input": arguments}


def events(block: dict[str, Any], cuts: list[str]) -> list[bytes]:
    """A stream whose one block's arguments come in the given pieces."""
    told: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg_1", "content": []}},
        {"type": "content_block_start", "index": 1, "content_block": block | {"input": {}}},
        *(
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": cut}}
            for cut in cuts
        ),
        {"type": "content_block_stop", "index": 1},
        {"type": "message_stop"},
    ]
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in told]


def streamed(block: dict[str, Any], cut: int = 5) -> list[bytes]:
    spelled = json.dumps(block["input"])
    return events(block, [spelled[:cut], spelled[cut:]])


def given(answer: Answer) -> dict[str, Any]:
    """The arguments as a client reads them."""
    spelled = ""
    for line in answer.body.decode().split("\n"):
        if line.startswith("data: "):
            spelled += json.loads(line[6:]).get("delta", {}).get("partial_json", "")
    arguments: dict[str, Any] = json.loads(spelled)
    return arguments


async def placeholder_of(house: House, secret: str, token: str | None = None) -> str:
    """What upstream gets instead of the secret."""
    house.origin.reply = plain(b"{}")
    await house.post("/v1/messages", request(f"my key: {secret}\n"), token)
    found = PLACEHOLDER.search(house.origin.received[-1].body)
    assert found is not None
    return found[0].decode()


async def test_a_placeholder_cut_anywhere_comes_back_as_the_secret(house: House) -> None:
    name = await placeholder_of(house, GITHUB)
    block = call({"file_path": ".env", "old_string": f"T={name}\n"})
    spelled = json.dumps(block["input"])
    at = spelled.index(name)
    for cut in range(at - 1, at + len(name) + 2):
        house.origin.reply = streaming(events(block, [spelled[:cut], spelled[cut:]]))
        answer = await house.post("/v1/messages", request(f"my key: {GITHUB}\n"))
        assert given(answer) == {"file_path": ".env", "old_string": f"T={GITHUB}\n"}
        assert answer.complete
    recorded = await house.recorded()
    assert name[:20].encode() in recorded
    assert GITHUB.encode() not in recorded


@SECRETS
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_every_edit_tool_and_no_other(house: House, secret: str, *, stream: bool) -> None:
    name = await placeholder_of(house, secret)
    for tool in ("Edit", "Write", "MultiEdit", "NotebookEdit", "Bash", "mcp__fs__Edit"):
        block = call({"a": [{"new_string": f"é {name}!"}], name: 1}, tool)
        whole = json.dumps({"type": "message", "content": [block]}).encode()
        house.origin.reply = streaming(streamed(block, 30)) if stream else plain(whole)
        answer = await house.post("/v1/messages", request(f"my key: {secret}\n", stream=stream))
        arguments = given(answer) if stream else json.loads(answer.body)["content"][0]["input"]
        back = name if tool in {"Bash", "mcp__fs__Edit"} else secret
        assert arguments == {"a": [{"new_string": f"é {back}!"}], name: 1}
        if not stream:
            assert answer.value("content-length") == str(len(answer.body))
    recorded = await house.recorded()
    assert not [form for form in forms(secret).values() if form in recorded]


async def test_quotes_backslashes_and_newlines_are_escaped_for_where_they_stand(house: House) -> None:
    lines = f"DB_PASSWORD='{QUOTED}'\n"
    name = await placeholder_of_line(house, lines)
    block = call({"file_path": "a", "new_string": f"<{name}>"})
    for reply in (streaming(streamed(block, 40)), plain(json.dumps({"content": [block]}).encode())):
        house.origin.reply = reply
        answer = await house.post("/v1/messages", request(lines))
        arguments = json.loads(answer.body)["content"][0]["input"] if answer.body.startswith(b"{") else given(answer)
        assert arguments["new_string"].strip("<>") in lines
        assert '"' in arguments["new_string"]
        assert "\\" in arguments["new_string"]


async def placeholder_of_line(house: House, line: str) -> str:
    house.origin.reply = plain(b"{}")
    await house.post("/v1/messages", request(line))
    found = PLACEHOLDER.search(house.origin.received[-1].body)
    assert found is not None, house.origin.received[-1].body
    return found[0].decode()


async def test_a_secret_read_with_line_numbers_comes_back_without_them(house: House) -> None:
    shown = "".join(f"{n:6}\t{line}\n" for n, line in enumerate(PEM.split("\n"), 1))
    name = await placeholder_of(house, PEM)
    house.origin.reply = streaming(streamed(call({"content": name}, "Write"), 33))
    answer = await house.post("/v1/messages", request(shown))
    assert given(answer) == {"content": PEM}


async def test_text_and_thinking_stay_masked(house: House) -> None:
    name = await placeholder_of(house, GITHUB)
    told = [{"type": "text", "text": f"see {name}"}, call({"command": f"echo {name}"}, "Bash")]
    house.origin.reply = plain(json.dumps({"content": told}).encode())
    answer = await house.post("/v1/messages", request(f"my key: {GITHUB}\n", stream=False))
    assert json.loads(answer.body)["content"] == told


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_the_placeholder_of_another_person_or_of_nothing_said_ends_the_exchange(
    house: House, *, stream: bool
) -> None:
    name = await placeholder_of(house, GITHUB, house.token("bob"))
    block = call({"file_path": "x", "new_string": f"T={name}"})
    whole = plain(json.dumps({"content": [block]}).encode())
    house.origin.reply = streaming(streamed(block, 50)) if stream else whole
    # Ada sent the same secret: it has another placeholder for her.
    answer = await house.post("/v1/messages", request(f"my key: {GITHUB}\n", stream=stream))
    assert GITHUB.encode() not in answer.body
    assert answer.complete
    if stream:
        assert answer.status == 200
        last = answer.body.decode().removesuffix("\n\n").split("\n\n")[-1]
        assert last.startswith("event: error\ndata: ")
        error = json.loads(last.partition("data: ")[2])
        assert "content_block_stop" not in answer.body.decode()
    else:
        assert answer.status == 400
        assert answer.value("x-should-retry") == "false"
        error = json.loads(answer.body)
    assert name.encode() not in answer.body
    assert error["type"] == "error"
    assert error["error"]["type"] == "invalid_request_error"
    assert "Read the file again" in error["error"]["message"]
    end = [frame for frame in await house.frames() if frame.kind == "end"][-1]
    assert end.data["outcome"] == "refused"
    assert GITHUB.encode() not in await house.recorded()


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_secret_that_the_model_made_stays_masked(house: House, *, stream: bool) -> None:
    block = call({"file_path": "x", "content": f"T={GITHUB}"}, "Write")
    whole = plain(json.dumps({"content": [block]}).encode())
    house.origin.reply = streaming(streamed(block, 50)) if stream else whole
    answer = await house.post("/v1/messages", request("make a token", stream=stream))
    assert answer.status == 200
    arguments = given(answer) if stream else json.loads(answer.body)["content"][0]["input"]
    assert PLACEHOLDER.fullmatch(arguments["content"].removeprefix("T=").encode())
    assert GITHUB.encode() not in await house.recorded()


@pytest.fixture
async def generous(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    house.changes = {"masking": {"key": {"file": "masking.key"}, "restore": {"model_made": "restore"}}}
    await house.start()
    yield house
    await house.close()


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_where_the_configuration_says_so_it_reaches_the_file_but_not_the_recording(
    generous: House, *, stream: bool
) -> None:
    house = generous
    block = call({"file_path": "x", "content": f"T={GITHUB}"}, "Write")
    whole = plain(json.dumps({"content": [{"type": "text", "text": GITHUB}, block]}).encode())
    house.origin.reply = streaming(streamed(block, 50)) if stream else whole
    answer = await house.post("/v1/messages", request("make a token", stream=stream))
    arguments = given(answer) if stream else json.loads(answer.body)["content"][1]["input"]
    assert arguments["content"] == f"T={GITHUB}"
    assert answer.body.count(GITHUB.encode()) <= 1
    assert GITHUB.encode() not in await house.recorded()


async def test_what_was_given_back_is_masked_in_the_next_turn_as_the_api_knows_it(house: House) -> None:
    """Also where no rule would find it: an edit put it there without the name that betrays it."""
    bare = "Xk29fQz8" + "vLm4Tr7p"
    line = f"DB_PASSWORD={bare}\n"
    name = await placeholder_of_line(house, line)
    block = call({"file_path": "a.py", "new_string": f"connect('{name}')"})
    house.origin.reply = streaming(streamed(block, 45))
    answer = await house.post("/v1/messages", request(line))
    assert given(answer)["new_string"] == f"connect('{bare}')"
    later = [
        {"role": "assistant", "content": [block | {"input": given(answer)}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": f"c('{bare}')"}]},
    ]
    house.origin.reply = plain(b"{}")
    await house.post("/v1/messages", request(line, *later))
    body = house.origin.received[-1].body
    assert bare.encode() not in body
    said = json.loads(body)["messages"]
    assert said[1]["content"][0]["input"] == block["input"]
    assert said[2]["content"][0]["content"] == f"c('{name}')"
    assert bare.encode() not in await house.recorded()


async def test_an_observed_person_gets_what_claude_said(house: House) -> None:
    name = await placeholder_of(house, GITHUB)
    body = b"".join(streamed(call({"content": name}, "Write"), 20))
    house.origin.reply = streaming([body])
    answer = await house.post("/v1/messages", request("hi"), house.token("eve", groups=["observed"]))
    assert answer.complete
    assert given(answer)["content"] == name
