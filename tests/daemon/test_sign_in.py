"""Tokens of its own in the real daemon: they outlive a reload, a SIGKILL and a new start, and are in no log."""

import json
import signal
from typing import Any
from urllib.parse import urlencode

from tests.daemon.place import Place, head_of
from tests.daemon.program import gone
from tests.gateway.house import Answer, read_answer
from tests.signin.surfing import free_port

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def with_tokens(place: Place) -> int:
    """Give the place a name under which it issues tokens; gives its port."""
    port = free_port()
    place.document["listeners"][0]["address"] = f"127.0.0.1:{port}"
    place.document |= {"public_url": f"http://127.0.0.1:{port}", "store": "sqlite:///state.db"}
    place.document["identity"]["tokens"] = {"for": "5m"}
    place.write()
    return port


async def asked(place: Place, port: int, **form: str) -> Answer:
    body = urlencode(form).encode()
    kind = "Content-Type: application/x-www-form-urlencoded"
    reader, writer = await place.connect()
    head = head_of("/oauth/token", len(body), "none", kind).replace(b"Host: localhost", b"Host: 127.0.0.1:%d" % port)
    writer.write(head + body)
    try:
        return await read_answer(reader)
    finally:
        await gone(writer)


def issued(place: Place, answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    document: dict[str, Any] = json.loads(answer.body)
    place.secrets += [document["access_token"], document["refresh_token"]]
    return document


async def test_whoever_is_signed_in_stays_so(place: Place) -> None:
    port = with_tokens(place)
    program = await place.run()
    kind = "urn:ietf:params:oauth:token-type:jwt"
    answer = await asked(place, port, grant_type=EXCHANGE, subject_token=place.token(), subject_token_type=kind)
    first = issued(place, answer)
    assert (await place.post("/v1/messages", b"{}", first["access_token"])).status == 200

    place.document["identity"]["tokens"] = {"for": "1m"}
    place.write()
    program.signal(signal.SIGHUP)
    await program.told("reloaded")
    assert (await place.post("/v1/messages", b"{}", first["access_token"])).status == 200
    second = issued(place, await asked(place, port, grant_type="refresh_token", refresh_token=first["refresh_token"]))
    assert 0 < second["expires_in"] <= 60

    program.signal(signal.SIGKILL)
    await program.exit_code()
    await place.run()
    assert (await place.post("/v1/messages", b"{}", second["access_token"])).status == 200
    third = issued(place, await asked(place, port, grant_type="refresh_token", refresh_token=second["refresh_token"]))
    reused = await asked(place, port, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (reused.status, json.loads(reused.body)["error"]) == (401, "invalid_grant")
    assert (await place.post("/v1/messages", b"{}", third["access_token"])).status == 401
    await place.program.measured('maskproxy_sign_ins_total{event="refresh token reused"}', lambda value: value == 1)


async def test_tokens_that_are_switched_off_count_no_longer(place: Place) -> None:
    port = with_tokens(place)
    program = await place.run()
    kind = "urn:ietf:params:oauth:token-type:access_token"
    answer = await asked(place, port, grant_type=EXCHANGE, subject_token=place.token(), subject_token_type=kind)
    first = issued(place, answer)
    del place.document["identity"]["tokens"]
    place.write()
    program.signal(signal.SIGHUP)
    await program.told("reloaded")
    assert (await place.post("/v1/messages", b"{}", first["access_token"])).status == 401
    assert (await place.post("/v1/messages", b"{}")).status == 200
