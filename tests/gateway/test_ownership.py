"""Two people behind one credential, over real sockets: each has their own files and batches."""

import asyncio
import json
import sqlite3
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.gateway.conftest import Start
from tests.gateway.house import Answer, House, Received, plain, read_answer
from tests.gateway.test_exchange import messages

DEVELOPERS = {"name": "developers", "groups": ["engineering"], "routes": ["claude"]}
STORE = {"store": "sqlite:///state.db"}
FILES, BATCHES = "/v1/files", "/v1/messages/batches"


class Api:
    """Files and batches as the API keeps them: one namespace, the latest first."""

    def __init__(self, house: House) -> None:
        self.kept: dict[str, list[str]] = {FILES: [], BATCHES: []}
        self.made_by_tools = ""
        house.origin.reply = self._reply

    async def _reply(self, received: Received, writer: asyncio.StreamWriter) -> None:
        method, target, _ = received.line.split(" ")
        path, _, query = target.partition("?")
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if path == "/v1/messages":
            await self._message(writer, received, stream=b'"stream": true' in received.body)
        elif path not in self.kept:
            await plain(json.dumps({"id": path.split("/")[-1], "type": "file"}).encode())(received, writer)
        elif method == "POST":
            name = f"{'file' if path == FILES else 'msgbatch'}_{len(self.kept[path])}Xy"
            self.kept[path].insert(0, name)
            await plain(json.dumps({"id": name}).encode())(received, writer)
        else:
            names, limit = self.kept[path], int(asked.get("limit", 20))
            if "after_id" in asked:
                names = names[names.index(asked["after_id"]) + 1 :]
            if "before_id" in asked:
                names = names[: names.index(asked["before_id"])]
            page = names[:limit] if "before_id" not in asked else names[-limit:]
            listed = {"data": [{"id": name, "type": "x"} for name in page], "has_more": len(page) < len(names)}
            told = listed | {"first_id": page[0] if page else None, "last_id": page[-1] if page else None}
            await plain(json.dumps(told).encode())(received, writer)

    async def _message(self, writer: asyncio.StreamWriter, received: Received, *, stream: bool) -> None:
        block = {
            "type": "bash_code_execution_tool_result",
            "content": {"content": [{"type": "bash_code_execution_output", "file_id": self.made_by_tools}]},
        }
        if not stream:
            await plain(json.dumps({"content": [block]}).encode())(received, writer)
            return
        event = {"type": "content_block_start", "index": 0, "content_block": block}
        body = f"event: content_block_start\ndata: {json.dumps(event)}\n\n".encode()
        await plain(body, "text/event-stream")(received, writer)


async def ask(house: House, token: str, method: str, path: str, body: bytes = b"") -> Answer:
    reader, writer = await house.connect()
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n".encode())
    writer.write(f"{length}\r\n".encode() + body)
    try:
        async with asyncio.timeout(10):
            return await read_answer(reader)
    finally:
        writer.close()


async def made(house: House, token: str, path: str) -> str:
    answer = await ask(house, token, "POST", path, b'{"requests": []}')
    assert answer.status == 200
    return str(json.loads(answer.body)["id"])


async def listed(house: House, token: str, target: str) -> dict[str, Any]:
    answer = await ask(house, token, "GET", target)
    assert answer.status == 200, answer.body
    told: dict[str, Any] = json.loads(answer.body)
    return told


@pytest.mark.parametrize(("path", "more"), [(FILES, "content"), (BATCHES, "results")])
async def test_what_one_made_others_cannot_see(start: Start, path: str, more: str) -> None:
    house = await start(DEVELOPERS, **STORE)
    Api(house)
    ada, bob = house.token("ada"), house.token("bob")
    of_ada, of_bob, last = await made(house, ada, path), await made(house, bob, path), await made(house, ada, path)
    came = len(house.origin.received)
    for method, place in (("GET", of_ada), ("GET", f"{of_ada}/{more}"), ("DELETE", of_ada), ("GET", "unknown_1")):
        answer = await ask(house, bob, method, f"{path}/{place}?beta=true")
        assert (answer.status, json.loads(answer.body)["error"]["type"]) == (404, "not_found_error")
        assert "of yours has this id" in answer.message
    escaped = of_ada.replace("_", "%5F")
    for odd in (
        f"/{escaped}",
        f"/{of_bob}/../{of_ada}",
        f"//{of_ada}",
        f"/{of_bob};{of_ada}",
        f"/{of_bob}/%2e%2e/{of_ada}",
    ):
        assert (await ask(house, bob, "GET", path + odd)).status == 404, odd
    assert len(house.origin.received) == came, "nothing of it went upstream"
    assert (await ask(house, ada, "GET", f"{path}/{of_ada}")).status == 200
    assert (await ask(house, ada, "GET", f"{path}/{of_ada}/{more}")).status == 200

    told = await listed(house, ada, path)
    assert [item["id"] for item in told["data"]] == [last, of_ada]
    assert (told["first_id"], told["last_id"], told["has_more"]) == (last, of_ada, False)
    answer = await ask(house, bob, "GET", path)
    assert of_ada.encode() not in answer.body
    assert [item["id"] for item in json.loads(answer.body)["data"]] == [of_bob]
    await house.restart()
    assert (await ask(house, bob, "GET", f"{path}/{of_ada}")).status == 404
    assert (await ask(house, ada, "GET", f"{path}/{of_ada}")).status == 200
    files = b"".join(file.read_bytes() for file in house.directory.glob("state.db*"))
    assert b"#ada" not in files


async def test_lists_go_page_by_page_both_ways(start: Start) -> None:
    house = await start(DEVELOPERS, **STORE)
    api = Api(house)
    ada, bob = house.token("ada"), house.token("bob")
    mine: list[str] = []
    for _ in range(4):
        mine.insert(0, await made(house, ada, FILES))
        await made(house, bob, FILES)
    told = await listed(house, ada, f"{FILES}?limit=3")
    assert ([item["id"] for item in told["data"]], told["has_more"]) == (mine[:3], True)
    told = await listed(house, ada, f"{FILES}?limit=3&after_id={told['last_id']}")
    assert ([item["id"] for item in told["data"]], told["has_more"]) == (mine[3:], False)
    told = await listed(house, ada, f"{FILES}?limit=2&before_id={mine[3]}")
    assert [item["id"] for item in told["data"]] == mine[1:3]
    assert told["has_more"]
    assert (await ask(house, ada, "GET", f"{FILES}?limit=0")).status == 400
    nobody = await listed(house, house.token("eve"), FILES)
    assert (nobody["data"], nobody["has_more"]) == ([], False)
    assert len(api.kept[FILES]) == 8


async def test_a_request_names_only_files_of_its_person(start: Start) -> None:
    house = await start(DEVELOPERS, **STORE)
    Api(house)
    ada, bob = house.token("ada"), house.token("bob")
    of_ada = await made(house, ada, FILES)
    block = {"type": "document", "source": {"type": "file", "file_id": of_ada}}
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": [block]}]}).encode()
    escaped = body.replace(b'"file_id"', b'"file\\u005fid"')
    batch = json.dumps({"requests": [{"params": json.loads(body)}]}).encode()
    for path, sent in (("/v1/messages", body), ("/v1/messages", escaped), (BATCHES, batch)):
        answer = await ask(house, bob, "POST", path, sent)
        assert (answer.status, "not yours" in answer.message) == (404, True)
    assert (await ask(house, bob, "POST", "/v1/messages", messages(f'"file_id": "{of_ada}"'))).status == 200
    assert (await ask(house, ada, "POST", "/v1/messages", body)).status == 200


@pytest.mark.parametrize("stream", [False, True])
async def test_files_that_tools_made_are_the_persons(start: Start, *, stream: bool) -> None:
    house = await start(DEVELOPERS, **STORE)
    api = Api(house)
    ada, bob = house.token("ada"), house.token("bob")
    api.made_by_tools = "file_fromTools"
    more = b', "stream": true}' if stream else b"}"
    body = messages("hello")[:-1] + more
    for token in (ada, bob):
        assert (await ask(house, token, "POST", "/v1/messages", body)).status == 200
    assert (await ask(house, ada, "GET", f"{FILES}/file_fromTools/content")).status == 200
    assert (await ask(house, bob, "GET", f"{FILES}/file_fromTools/content")).status == 404, "who has it first keeps it"
    assert (await ask(house, ada, "DELETE", f"{FILES}/file_fromTools")).status == 200
    assert (await ask(house, ada, "GET", f"{FILES}/file_fromTools")).status == 404


async def test_where_nobody_can_tell_whose_it_is_it_is_not_given(start: Start) -> None:
    house = await start(DEVELOPERS, **STORE)
    Api(house)
    ada = house.token("ada")
    of_ada = await made(house, ada, FILES)
    with sqlite3.connect(house.directory / "state.db") as other:
        other.execute("ALTER TABLE owners RENAME TO hidden")
    other.close()
    for method, path in (("GET", f"{FILES}/{of_ada}"), ("GET", FILES), ("POST", FILES)):
        answer = await ask(house, ada, method, path, b"{}" if method == "POST" else b"")
        assert answer.status == 503, (method, path)
    house.origin.reply = plain(b"file_1\nfile_2\n", "text/plain")
    assert (await ask(house, ada, "GET", FILES)).status == 503, "what is no list is not passed"


async def test_without_a_store_nobody_knows(house: House) -> None:
    Api(house)
    assert (await ask(house, house.token(), "GET", f"{FILES}/file_1")).status == 200


@pytest.mark.parametrize("aborted", [False, True])
async def test_what_a_batch_took_is_counted_once_when_its_results_are_fetched(start: Start, *, aborted: bool) -> None:
    house = await start(DEVELOPERS | {"limits": {"tokens_per_day": 1000}}, **STORE)
    api = Api(house)
    ada = house.token("ada")
    of_ada = await made(house, ada, BATCHES)
    message = {"content": [], "usage": {"input_tokens": 100, "output_tokens": 300}}
    lines = [json.dumps({"custom_id": "a", "result": {"message": message}}), '{"result": {"type": "errored"}}']
    body = "\n".join([*lines, lines[0]]).encode()
    house.origin.reply = plain(body, "application/x-jsonl")
    if aborted:

        async def torn(_: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-jsonl\r\nContent-Length: 99999\r\n\r\n" + body
            )
            writer.write(b"\n")
            await writer.drain()
            await asyncio.sleep(0.1)
            writer.close()

        house.origin.reply = torn
    for _ in range(3):
        await ask(house, ada, "GET", f"{BATCHES}/{of_ada}/results")

    def spent() -> int:
        store = sqlite3.connect(house.directory / "state.db")
        (total,) = store.execute("SELECT total FROM counters WHERE counted = 'tokens'").fetchone() or (0,)
        store.close()
        return int(total)

    async with asyncio.timeout(5):
        while spent() < 800:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.1)
    assert spent() == 800
    api.made_by_tools = "file_x"
    house.origin.reply = api._reply
    assert (await ask(house, ada, "POST", "/v1/messages", messages("hello"))).status == 200, "200 are left"
