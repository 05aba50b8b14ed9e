"""A sign-in that is ended takes with it what runs on its token."""

from __future__ import annotations

import asyncio
import json

import jwt

from tests.gateway.test_access import Stream, rest, running
from tests.gateway.test_exchange import messages
from tests.signin.surfing import Front, error_of, signed_in


async def test_a_running_stream_ends_with_its_sign_in_and_others_go_on(front: Front) -> None:
    mine, other = await signed_in(front), await signed_in(front)
    stream = Stream(front)
    async with running(front, mine["access_token"]) as reader, running(front, other["access_token"]) as goes_on:
        assert (await front.program().post("/oauth/revoke", {"token": mine["refresh_token"]})).status == 200
        events = (await rest(reader)).split(b"\r\n")
        last = next(event for event in reversed(events) if b"event: error" in event)
        assert json.loads(last.split(b"data: ")[1])["error"]["message"] == "This sign-in was ended. Sign in again."
        async with asyncio.timeout(5):
            assert b"ping" in await goes_on.readuntil(b"\n\n")
    await asyncio.wait_for(stream.gone.wait(), 5)


async def test_whose_access_was_revoked_gets_no_new_token(front: Front) -> None:
    issued = await signed_in(front)
    access = front.parts.gateway.access
    assert access is not None
    claims = jwt.decode(issued["access_token"], options={"verify_signature": False})
    revoked = await access.revoke("person", claims["sub"], "", for_s=60, by="operator", reason="left")
    assert error_of(await front.program().refresh(issued["refresh_token"])) == (401, "invalid_grant")
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 403
    await access.restore(revoked.id, by="operator", reason="back")
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 200
