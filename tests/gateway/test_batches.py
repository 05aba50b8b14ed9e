"""Batches over real sockets: their results are fetched through the gateway, masked, however the client reached it."""

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from tests.gateway.house import HOST, SERVICE_KEY, Answer, House, Received, plain, read_answer
from tests.gateway.test_exchange import GITHUB

BATCH = "/v1/messages/batches"
RESULTS = f"{BATCH}/msgbatch_1/results"


def batch(url: str | None) -> dict[str, object]:
    return {"id": "msgbatch_1", "type": "message_batch", "processing_status": "ended", "results_url": url}


async def api(house: House, origin: str) -> None:
    """An API that gives absolute addresses, and results at them."""
    result = {"type": "succeeded", "message": {"id": "msg_1", "content": [{"type": "text", "text": f"it is {GITHUB}"}]}}
    line = json.dumps({"custom_id": "a", "result": result}).encode() + b"\n"

    async def reply(received: Received, writer: asyncio.StreamWriter) -> None:
        path = received.line.split(" ")[1]
        if path == RESULTS:
            await plain(line * 2, "application/x-jsonl")(received, writer)
            return
        one = batch(origin + RESULTS)
        whole = one if path != BATCH or received.line.startswith("POST") else {"data": [one, batch(None)]}
        await plain(json.dumps(whole).encode())(received, writer)

    house.origin.reply = reply


async def ask(house: House, method: str, path: str, *, mode: str, token: str | None = None) -> Answer:
    token = token or house.token()
    if mode == "tunnel":
        reader, writer = await house.tunnel(token)
        host, proof = HOST, ""
    else:
        reader, writer = await house.connect(tls=mode == "https")
        host, proof = f"localhost:{house.ports[mode == 'https']}", f"Authorization: Bearer {token}\r\n"
    body = b'{"requests":[]}' if method == "POST" else b""
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{proof}{length}\r\n".encode() + body)
    try:
        async with asyncio.timeout(10):
            return await read_answer(reader)
    finally:
        writer.close()


@pytest.mark.parametrize("origin", ["upstream", "host"])
@pytest.mark.parametrize("mode", ["http", "https", "tunnel"])
async def test_following_the_address_gives_the_results_masked(house: House, mode: str, origin: str) -> None:
    upstream = f"https://127.0.0.1:{house.origin.port}"
    await api(house, upstream if origin == "upstream" else f"https://{HOST}")
    own = {
        "http": f"http://localhost:{house.ports[0]}",
        "https": f"https://localhost:{house.ports[1]}",
        "tunnel": f"https://{HOST}",
    }[mode]
    for method, path in (("POST", BATCH), ("GET", f"{BATCH}/msgbatch_1"), ("POST", f"{BATCH}/msgbatch_1/cancel")):
        answer = await ask(house, method, path, mode=mode)
        assert json.loads(answer.body) == batch(own + RESULTS)
        assert answer.value("content-length") == str(len(answer.body))
    listed = await ask(house, "GET", BATCH, mode=mode)
    assert json.loads(listed.body) == {"data": [batch(own + RESULTS), batch(None)]}
    results = await ask(house, "GET", urlsplit(json.loads(listed.body)["data"][0]["results_url"]).path, mode=mode)
    assert results.status == 200
    lines = [json.loads(line) for line in results.body.splitlines()]
    assert [line["custom_id"] for line in lines] == ["a", "a"]
    assert lines[0]["result"]["message"]["content"][0]["text"].startswith("it is MASKED_GITHUB")
    assert house.origin.received[-1].line == f"GET {RESULTS} HTTP/1.1"
    assert house.origin.received[-1].value("x-api-key") == SERVICE_KEY
    assert house.origin.received[-1].value("authorization") is None


async def test_another_origin_stays_and_so_does_every_byte_beside(house: House) -> None:
    raw = b'{ "results_url": "https://elsewhere.example/r" ,"type":"message_batch"}'
    house.origin.reply = plain(raw)
    assert (await ask(house, "GET", f"{BATCH}/msgbatch_1", mode="http")).body == raw
    kept = f'{{ "a":1.0, "results_url":"https:\\/\\/{HOST}{RESULTS}" ,"b": [ ] }}'.encode()
    house.origin.reply = plain(kept)
    answer = await ask(house, "GET", f"{BATCH}/msgbatch_1", mode="https")
    own = f"https://localhost:{house.ports[1]}".encode()
    assert answer.body == kept.replace(f"https:\\/\\/{HOST}".encode(), own)


async def test_what_is_observed_leads_back_too(house: House) -> None:
    await api(house, f"https://{HOST}")
    token = house.token(groups=["observed"])
    answer = await ask(house, "GET", f"{BATCH}/msgbatch_1", mode="http", token=token)
    assert json.loads(answer.body) == batch(f"http://localhost:{house.ports[0]}{RESULTS}")


async def test_the_callers_token_and_the_credential_are_masked_in_ids_too(house: House) -> None:
    token = house.token()
    assert "." in token
    body = {
        "container": f"cont_{token}"[:256],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": f"toolu_{SERVICE_KEY}", "content": "ok"},
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"},
                ],
            }
        ],
    }
    answer = {
        "id": f"msg_{SERVICE_KEY}",
        "content": [{"type": "tool_use", "id": f"toolu_{SERVICE_KEY}", "name": "Bash", "input": {}}],
        "container": {"id": f"c_{SERVICE_KEY}"},
    }
    house.origin.reply = plain(json.dumps(answer).encode())
    given = await house.post("/v1/messages", json.dumps(body).encode(), token)
    sent = json.loads(house.origin.received[0].body)["messages"][0]["content"]
    assert sent[0]["tool_use_id"].startswith("toolu_MASKED_SERVICE_CREDENTIAL_")
    assert sent[1]["tool_use_id"] == "toolu_1"
    for told in (house.origin.received[0].body, given.body, await house.recorded()):
        assert SERVICE_KEY.encode() not in told
    assert json.loads(given.body)["content"][0]["id"] == sent[0]["tool_use_id"]
