"""The official Python and TypeScript SDKs through the real gateway, both ways."""

import json
from typing import Any

import pytest

from maskproxy.dev.planted import Planted, github_token, leaks
from tests.clients.desk import BASE_URL, Desk
from tests.clients.script import Request, Script, called, placeholders, said
from tests.clients.sdks import COMMANDS, Sdk
from tests.clients.signing import Block, Signer
from tests.clients.stand_in import StandIn

SCHEMA = {"type": "object", "properties": {n: {"type": "string"} for n in ("file_path", "old_string", "new_string")}}
EDIT = {"name": "Edit", "description": "Replace a text in a file", "input_schema": SCHEMA}
LOOK = {"name": "Look", "description": "Look for a text", "input_schema": {"type": "object", "properties": {}}}
KINDS = pytest.mark.parametrize("kind", ["create", "stream"])
TOLD = "The file was updated."


@pytest.fixture(params=list(COMMANDS))
def sdk(desk: Desk, request: pytest.FixtureRequest) -> Sdk:
    return Sdk(desk, request.param)


def asked(messages: list[Any], **more: object) -> dict[str, Any]:
    return {"model": "claude-opus-4-8", "max_tokens": 1024, "tools": [EDIT, LOOK], "messages": messages, **more}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def results(blocks: list[Block]) -> dict[str, Any]:
    found = [
        {"type": "tool_result", "tool_use_id": b["id"], "content": TOLD} for b in blocks if b["type"] == "tool_use"
    ]
    return {"role": "user", "content": found}


def plays(desk: Desk, script: Script) -> StandIn:
    stand_in = StandIn(script)
    desk.place.origin.reply = stand_in.reply
    return stand_in


@KINDS
async def test_edits_are_restored_and_thinking_survives_a_restart(sdk: Sdk, kind: str) -> None:
    """Thinking that names a placeholder and holds a secret that the model made up; an Edit and a tool that is none."""
    desk, signer, made_up = sdk.desk, Signer(), github_token("made-up token")

    def edits(request: Request) -> list[Block]:
        seen = request["messages"][0]["content"]
        names = placeholders(seen)
        assert len(names) == 4
        thought = signer.thinking(f"{names[0]} stays. One like {made_up.value} would do.")
        change = {"file_path": "settings.py", "old_string": seen, "new_string": seen.replace("DB_", "DATABASE_")}
        return [thought, signer.redacted(), called("Edit", **change), called("Look", text=names[2])]

    stand_in = plays(
        desk, Script(edits, lambda request: [said(f"Done: {placeholders(json.dumps(request))[0]}")], signer=signer)
    )
    opening = [user(desk.text)]
    first = await sdk.ask(kind, **asked(opening))
    blocks = first["content"]
    assert [block["type"] for block in blocks] == ["thinking", "redacted_thinking", "tool_use", "tool_use"]
    assert blocks[2]["input"]["old_string"] == desk.text
    assert blocks[2]["input"]["new_string"] == desk.text.replace("DB_", "DATABASE_")
    assert len(placeholders(blocks[3]["input"]["text"])) == 1
    await desk.place.program.end()
    await desk.place.run()
    history = [*opening, {"role": "assistant", "content": blocks}, results(blocks)]
    second = await sdk.ask(kind, **asked(history))
    assert len(placeholders(second["content"][0]["text"])) == 1
    assert signer.seen == 2
    bodies = [received.body for received in desk.place.origin.received]
    shared = bodies[0][bodies[0].index(b'"messages"') :].partition(b"]")[0]
    assert shared in bodies[1]
    answers = {"the answers": json.dumps([blocks[:2], blocks[3], second]).encode()}
    assert (
        leaks([made_up], {"the recording": desk.place.recorded_bytes(), "thinking": json.dumps(blocks).encode()}) == []
    )
    desk.settle(stand_in, answers)


async def test_tokens_are_counted_and_models_listed(sdk: Sdk) -> None:
    stand_in = plays(sdk.desk, Script())
    request = {name: value for name, value in asked([user(sdk.desk.text)]).items() if name != "max_tokens"}
    count, models = await sdk.outcomes(("count", request), ("models", {}))
    assert count["ok"]["input_tokens"] > 0
    assert "claude-opus-4-8" in models["ok"]
    sdk.desk.settle(stand_in)


async def test_a_batch_is_made_and_its_results_come_through_the_gateway(sdk: Sdk) -> None:
    made_up = github_token("made-up token")

    def answers(request: Request) -> list[Block]:
        return [said(f"{placeholders(json.dumps(request))[0]} and {made_up.value}")]

    stand_in = plays(sdk.desk, Script(answers, tools=False))
    requests = [{"custom_id": f"r-{n}", "params": asked([user(f"{n}: {sdk.desk.text}")])} for n in range(3)]
    batch = await sdk.ask("batch", requests=requests)
    assert batch["processing_status"] == "ended"
    lines = await sdk.ask("results", of=batch["id"])
    assert [line["custom_id"] for line in lines] == ["r-0", "r-1", "r-2"]
    texts = [line["result"]["message"]["content"][0]["text"] for line in lines]
    assert len(set(texts)) == 1
    assert len(placeholders(texts[0])) == 2
    said_there = {"the results": json.dumps(lines).encode()}
    assert leaks([made_up], said_there | {"the recording": sdk.desk.place.recorded_bytes()}) == []
    sdk.desk.settle(stand_in, said_there)


async def test_a_file_is_masked_on_its_way_up_and_comes_down_so(sdk: Sdk) -> None:
    stand_in = plays(sdk.desk, Script())
    file = await sdk.ask("upload", name="settings.py", text=sdk.desk.text)
    (kept,) = stand_in.files.values()
    assert len(placeholders(kept.decode())) == 4
    assert b"DEBUG = True" in kept
    down = await sdk.ask("download", of=file["id"])
    assert placeholders(down) == placeholders(kept.decode())
    sdk.desk.settle(stand_in)


async def test_refusals_of_the_api_keep_their_words(sdk: Sdk) -> None:
    stand_in = plays(sdk.desk, Script())
    signed = {"type": "thinking", "thinking": "I never said so.", "signature": "AAAA"}
    history = [user("Hello."), {"role": "assistant", "content": [signed, said("Hello.")]}, user("Again.")]
    for outcome in await sdk.outcomes(("create", asked(history)), ("stream", asked(history))):
        assert outcome["error"] == "BadRequestError"
        assert (outcome["status"], outcome["type"]) == (400, "invalid_request_error")
        assert outcome["message"] == stand_in.refused[-1]
    assert len(stand_in.refused) == 2, "nothing was tried again"


async def test_refusals_of_the_gateway_have_the_apis_shape(sdk: Sdk) -> None:
    """A person without a grant; and, by base URL, a token that nobody believes."""
    desk, place = sdk.desk, sdk.desk.place
    plays(desk, Script())
    desk.token = place.token("eve", groups=["elsewhere"])
    (denied,) = await sdk.outcomes(("create", asked([user("Hello.")])))
    assert (denied["status"], denied["type"]) == (403, "permission_error")
    assert denied["message"]
    if desk.way == BASE_URL:
        (unknown,) = await sdk.outcomes(("stream", asked([user("Hello.")])), token="nobody")
        assert (unknown["error"], unknown["status"]) == ("AuthenticationError", 401)
        assert unknown["type"] == "authentication_error"
    assert place.origin.received == []


@KINDS
async def test_an_edit_with_somebody_elses_placeholder_reaches_no_file(sdk: Sdk, kind: str) -> None:
    desk, place = sdk.desk, sdk.desk.place
    theirs: list[str] = []

    def steals(request: Request) -> list[Block]:
        theirs.extend(placeholders(json.dumps(request)))
        return [called("Edit", file_path="f", old_string="x", new_string=theirs[0])]

    stand_in = plays(desk, Script(steals))
    await sdk.ask(kind, **asked([user(desk.text)]))
    desk.token = place.token("bob")
    (outcome,) = await sdk.outcomes((kind, asked([user("Hello.")])))
    assert "ok" not in outcome
    assert theirs[0] not in json.dumps(outcome)
    assert outcome["message"]
    desk.settle(stand_in, {"the outcome": json.dumps(outcome).encode()})


async def test_the_same_secret_is_the_same_placeholder_for_both_sdks_and_both_ways(desk: Desk) -> None:
    secret = github_token()
    stand_in = plays(desk, Script())
    for language in COMMANDS:
        for kind in ("create", "stream"):
            await Sdk(desk, language).ask(kind, **asked([user(f"The key is {secret.value}.")]))
    bodies = [received.body.decode() for received in desk.place.origin.received]
    assert len(bodies) == 4
    assert len({tuple(placeholders(body)) for body in bodies}) == 1
    desk.planted.append(Planted("GitHub token", secret.value))
    desk.settle(stand_in)
