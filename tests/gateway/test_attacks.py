"""Attacks on a whole gateway: a secret where nobody looks for one, and a client that means harm."""

import asyncio
import json
from dataclasses import replace

import pytest

from maskproxy.access.tokens import Person
from maskproxy.errors import Unavailable
from tests.gateway.house import HOST, SERVICE_KEY, House, Received, plain, read_answer, streaming

SECRET = "gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
BODY = b'{"model":"m","messages":[]}'
BOUNDARY = f"multipart/form-data; boundary={SECRET}"
PARTS = f'--{SECRET}\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--{SECRET}--\r\n'.encode()

REQUESTS = {
    "a field's name": ("/v1/messages", f"{SECRET}: a\r\n", BODY),
    "a field's value": ("/v1/messages", f"X-A: {SECRET}\r\n", BODY),
    "the user agent": ("/v1/messages", f"User-Agent: {SECRET}\r\n", BODY),
    "the agent's id": ("/v1/messages", f"x-claude-code-agent-id: {SECRET}\r\n", BODY),
    "the parent agent's id": ("/v1/messages", f"x-claude-code-parent-agent-id: {SECRET}\r\n", BODY),
    "the path, encoded": (f"/v1/%67{SECRET[1:]}", "", BODY),
    "the query, encoded": (f"/v1/messages?a=%67{SECRET[1:]}", "", BODY),
    "a multipart boundary": ("/v1/files", f"Content-Type: {BOUNDARY}\r\n", PARTS),
    "UTF-16 without a type": ("/v1/x", "Content-Type: application/octet-stream\r\n", SECRET.encode("utf-16")),
    "UTF-16 without a mark": ("/v1/x", "Content-Type: application/octet-stream\r\n", SECRET.encode("utf-16-be")),
    "UTF-16 with a type": ("/v1/x", "Content-Type: text/plain; charset=utf-16\r\n", SECRET.encode("utf-16")),
    "UTF-32": ("/v1/x", "Content-Type: application/octet-stream\r\n", SECRET.encode("utf-32-le")),
}
ANSWERS = {
    "the reason": plain(b"{}", status=f"200 {SECRET}"),
    "a field's name": plain(b"{}", more=f"{SECRET}: a\r\n"),
    "a field's value": plain(b"{}", more=f"X-A: {SECRET}\r\n"),
    "a redirect": plain(b"", status="302 Found", more=f"Location: https://127.0.0.1/{SECRET}\r\n"),
    "an error of an unknown type": plain(SECRET.encode(), "weird/thing", "500 Broken"),
    "an answer to an unknown question": plain(SECRET.encode(), "application/json", "206 Partial"),
}


def holds_secret(data: bytes) -> bool:
    return any(SECRET.encode(coding) in data for coding in ("ascii", "utf-16-le", "utf-16-be", "utf-32-le"))


@pytest.mark.parametrize("place", REQUESTS)
async def test_a_secret_in_a_request_goes_nowhere(house: House, place: str) -> None:
    path, more, body = REQUESTS[place]
    await house.post(path, body, more=more)
    seen = "".join(f"{r.line}{r.fields}" for r in house.origin.received).encode()
    assert not holds_secret(seen + b"".join(r.body for r in house.origin.received))
    assert not holds_secret(await house.recorded())
    assert SECRET not in house.log.getvalue()


@pytest.mark.parametrize("place", ANSWERS)
async def test_a_secret_in_an_answer_goes_nowhere(house: House, place: str) -> None:
    house.origin.reply = ANSWERS[place]
    token = house.token()
    head = f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
    answer = await house.raw(f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
    assert answer.startswith(b"HTTP/1.1 ")
    assert not holds_secret(answer)
    assert not holds_secret(await house.recorded())
    assert SECRET not in house.log.getvalue()


async def test_fields_beyond_ascii_arrive_as_they_are(house: House) -> None:
    house.origin.reply = plain(b"{}", more="X-Place: 日本\r\n")
    answer = await house.post("/v1/messages", BODY, more="X-Name: J\u00fcrgen\r\n")
    assert answer.status == 200
    assert (answer.value("x-place") or "").encode("latin-1").decode() == "日本"
    assert (house.origin.received[0].value("x-name") or "").encode("latin-1").decode() == "J\u00fcrgen"


async def test_no_spelling_of_a_credential_field_reaches_upstream(house: House) -> None:
    more = "X_Api_Key: mine\r\nx-api_key: mine\r\nAUTHORIZATION: Bearer maskproxy\r\nProxy_Authorization: mine\r\n"
    answer = await house.post("/v1/messages", BODY, more=more.replace("AUTHORIZATION: Bearer maskproxy\r\n", ""))
    assert answer.status == 200
    values = [v for n, v in house.origin.received[0].fields if n.lower().replace("_", "-") != "x-api-key"]
    names = [n.lower().replace("_", "-") for n, _ in house.origin.received[0].fields]
    assert names.count("x-api-key") == 1
    assert "mine" not in values


async def test_trace_is_refused(house: House) -> None:
    token = house.token()
    answer = await house.raw(
        f"TRACE / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert house.origin.received == []


async def test_refusals_inside_a_tunnel_keep_nothing_of_the_exchanges(house: House) -> None:
    """An exception that is raised again and again gathers a traceback, and with it whatever its frames held."""
    reader, writer = await house.tunnel(None)
    for _ in range(5):
        writer.write(f"GET /v1/models HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert (await read_answer(reader)).status == 401
    whos = [p.connection.who for p in house.listeners._open if hasattr(p, "connection")]
    assert len(whos) == 1
    depth, trace = 0, whos[0].__traceback__ if isinstance(whos[0], Exception) else None
    while trace is not None:
        depth, trace = depth + 1, trace.tb_next
    assert depth < 10
    writer.close()


async def test_sessions_that_were_told_of_are_not_kept_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskproxy.gateway.journal._MOST_SESSIONS", 3)
    for _ in range(5):
        assert (await house.post("/v1/messages", BODY)).status == 200
    assert len(house.parts.gateway.sessions_told) == 3


async def test_an_open_tunnel_follows_a_reload(house: House) -> None:
    reader, writer = await house.tunnel(house.token())
    request = f"GET /v1/models HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    writer.write(request)
    assert (await read_answer(reader)).status == 200
    gateway = house.parts.gateway
    routes = [replace(r, refuse="Closed for today.") if r.name == "claude" else r for r in gateway.routes.routes]
    gateway.routes = type(gateway.routes)(routes, [])
    writer.write(request)
    answer = await read_answer(reader)
    assert answer.status == 403
    assert json.loads(answer.body)["error"]["message"] == "Closed for today."
    gateway.routes = type(gateway.routes)([], [])
    writer.write(request)
    assert (await read_answer(reader)).status == 421
    writer.close()
    await asyncio.sleep(0)


async def test_a_client_that_stops_reading_gives_its_upstream_connection_back(house: House) -> None:
    gateway = house.parts.gateway
    gateway.limits = replace(gateway.limits, write_s=0.3)
    house.origin.reply = streaming([b"a" * 65536] * 2000, "text/plain")
    reader, writer = await house.tunnel(house.token())
    writer.write(f"GET /v1/models HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    async with asyncio.timeout(20):
        while not house.parts.pool.counts().open:
            await asyncio.sleep(0.01)
        while house.parts.pool.counts().open:
            await asyncio.sleep(0.05)
    assert b'"aborted"' in json.dumps([str(f.data.get("outcome")) for f in await house.frames()]).encode()
    writer.transport.abort()
    del reader


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/event-stream"])
async def test_who_is_only_observed_does_not_get_the_service_credential(house: House, content_type: str) -> None:
    async def echo(received: Received, writer: asyncio.StreamWriter) -> None:
        body = json.dumps({"type": "x", "key": received.value("x-api-key"), "mail": SECRET}).encode()
        body = b"data: " + body + b"\n\n" if "event" in content_type else body
        more = f"X-Echo: {received.value('x-api-key')}\r\nX-Mail: {SECRET}\r\n"
        await plain(body, content_type, more=more)(received, writer)

    house.origin.reply = echo
    answer = await house.post("/v1/messages", BODY, house.token(groups=["observed"]))
    assert answer.status == 200
    assert SECRET.encode() in answer.body
    assert answer.value("x-mail") == SECRET
    assert SERVICE_KEY.encode() not in answer.body + repr(answer.fields).encode()
    assert SERVICE_KEY.encode() not in await house.recorded()


async def test_a_torn_answer_to_http_1_0_does_not_end_like_a_whole_one(house: House) -> None:
    house.origin.reply = streaming([b"a" * 100] * 3, "text/plain", finish=False)
    reader, writer = await house.connect()
    writer.write(f"GET /v1/models HTTP/1.0\r\nAuthorization: Bearer {house.token()}\r\n\r\n".encode())
    with pytest.raises(ConnectionResetError):
        await reader.read(-1)
    writer.close()


async def test_a_tunnel_opened_while_the_issuer_was_down_works_once_it_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_: str) -> Person:
        raise Unavailable("The issuer cannot be reached.", retry=True)

    with monkeypatch.context() as patch:
        patch.setattr(house.parts.gateway.authenticator, "authenticate", down)
        reader, writer = await house.tunnel(house.token())
    writer.write(f"GET /v1/models HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    assert (await read_answer(reader)).status == 200
    writer.close()


async def test_http_1_0_is_not_told_to_continue(house: House) -> None:
    head = f"POST /v1/messages HTTP/1.0\r\nAuthorization: Bearer {house.token()}\r\nExpect: 100-continue\r\n"
    answer = await house.raw(f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
    assert answer.startswith(b"HTTP/1.0 200 ")
