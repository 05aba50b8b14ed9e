"""A program on the person's own machine: authorization code with PKCE to a loopback address; and exchanged tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from tests.gateway.house import Answer
from tests.gateway.test_exchange import messages
from tests.signin.surfing import Form, Front, Surfer, error_of, signed_in

VERIFIER = "a-verifier-that-is-long-enough_0123456789.ABC~"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "http://127.0.0.1:4711/"
GOOD = {
    "response_type": "code",
    "client_id": "maskproxy-cli",
    "redirect_uri": REDIRECT,
    "state": "of the program=1&",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
}


async def ask(browser: Surfer, **changes: str) -> Answer:
    asked = {name: value for name, value in (GOOD | changes).items() if value}
    return await browser.get(f"/oauth/authorize?{urlencode(asked)}")


async def to_confirm(browser: Surfer, **changes: str) -> Answer:
    leaving = await ask(browser, **changes)
    assert leaving.status == 303
    state = parse_qs(urlsplit(leaving.value("location") or "").query)["state"][0]
    back = await browser.get(f"/oauth/callback/company?state={state}&code=x")
    return await browser.get(back.value("location") or "")


def answered(page: Answer) -> tuple[str, dict[str, str]]:
    """Where the browser is led, and with what."""
    place, _, query = Form(page.body).onward.partition("?")
    return place, {name: value for name, (value,) in parse_qs(query, strict_parsing=True).items()}


def trade(code: str, **changes: str) -> dict[str, str]:
    asked = {
        "grant_type": "authorization_code",
        "client_id": "maskproxy-cli",
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": REDIRECT,
    }
    return {name: value for name, value in (asked | changes).items() if value}


@pytest.mark.parametrize("redirect", [REDIRECT, "http://[::1]:65535/callback"])
async def test_a_program_gets_its_tokens_by_a_redirect(front: Front, redirect: str) -> None:
    browser, program = front.browser(), front.program()
    confirm = await to_confirm(browser, redirect_uri=redirect)
    assert "the maskproxy command on this machine" in confirm.body.decode()
    place, answer = answered(await browser.submit(confirm, ("decision", "approve")))
    assert place == redirect
    assert (answer["state"], answer["iss"]) == (GOOD["state"], front.url)
    issued = await program.told("/oauth/token", trade(answer["code"], redirect_uri=redirect))
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 200
    assert (await program.refresh(issued["refresh_token"])).status == 200
    again = await program.post("/oauth/token", trade(answer["code"], redirect_uri=redirect))
    assert error_of(again) == (400, "invalid_grant")
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 401
    assert answer["code"] not in front.log.getvalue()


async def test_a_denial_is_told_to_the_program(front: Front) -> None:
    browser = front.browser()
    place, answer = answered(await browser.submit(await to_confirm(browser, state=""), ("decision", "deny")))
    assert (place, answer) == (REDIRECT, {"error": "access_denied", "iss": front.url})


WRONG: list[dict[str, str]] = [
    {"client_id": "another"},
    {"client_id": ""},
    {"redirect_uri": ""},
    {"redirect_uri": "http://127.0.0.1/"},
    {"redirect_uri": "http://127.0.0.1:0/"},
    {"redirect_uri": "http://127.0.0.1:65536/"},
    {"redirect_uri": "http://127.0.0.1:80"},
    {"redirect_uri": "http://127.0.0.2:80/"},
    {"redirect_uri": "http://localhost:80/"},
    {"redirect_uri": "https://127.0.0.1:80/"},
    {"redirect_uri": "http://127.0.0.1:80@evil.example.com/"},
    {"redirect_uri": "http://127.0.0.1:80/a/../b"},
    {"redirect_uri": "http://127.0.0.1:80/?a=b"},
    {"redirect_uri": "http://127.0.0.1:80/#a"},
    {"redirect_uri": "http://127.0.0.1:80/\n"},
    {"redirect_uri": "com.example:/callback"},
    {"response_type": "token"},
    {"code_challenge_method": "plain"},
    {"code_challenge_method": ""},
    {"code_challenge": ""},
    {"code_challenge": "short"},
    {"state": "x" * 513},
    {"state": "line\nbreak"},
]


async def test_what_is_not_exactly_as_it_must_be_leads_nowhere(front: Front) -> None:
    browser = front.browser()
    for changes in WRONG:
        answer = await ask(browser, **changes)
        assert (answer.status, answer.value("location")) == (400, None), changes
    assert front.provider.asked == []


async def test_a_code_is_worth_nothing_to_another_client(front: Front) -> None:
    program = front.program()
    wrong: list[tuple[dict[str, str], tuple[int, str]]] = [
        ({"client_id": "another"}, (401, "invalid_client")),
        ({"client_id": ""}, (400, "invalid_request")),
        ({"code_verifier": ""}, (400, "invalid_request")),
        ({"code_verifier": "x" * 43}, (400, "invalid_grant")),
        ({"redirect_uri": "http://127.0.0.1:4712/"}, (400, "invalid_grant")),
    ]
    for changes, expected in wrong:
        browser = front.browser()
        _, answer = answered(await browser.submit(await to_confirm(browser), ("decision", "approve")))
        assert error_of(await program.post("/oauth/token", trade(answer["code"], **changes))) == expected
        spoilt = expected[1] == "invalid_grant"
        right = await program.post("/oauth/token", trade(answer["code"]))
        assert right.status == (400 if spoilt else 200)


async def exchanged(front: Front, **changes: str) -> Answer:
    return await front.program().post("/oauth/token", EXCHANGE | changes)


async def test_a_job_outlives_the_token_that_it_began_with(front: Front) -> None:
    now = int(time.time())
    theirs = front.token("repo:company/app", exp=now + 30, name="app", groups=["engineering"])
    answer = json.loads((await exchanged(front, subject_token=theirs)).body)
    assert answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["sub"] == f"{front.issuer.url}#repo:company/app"
    assert claims["exp"] > now + 800
    assert (await front.post("/v1/messages", messages("hello"), answer["access_token"])).status == 200
    (first,) = [frame.data["person"] for frame in await front.frames() if frame.kind == "request"]
    await front.post("/v1/messages", messages("hello"), theirs)
    people = {frame.data["person"] for frame in await front.frames() if frame.kind == "request"}
    assert people == {first}, "the same person by either token"
    again = json.loads((await front.program().refresh(answer["refresh_token"])).body)
    assert (await front.post("/v1/messages", messages("hello"), again["access_token"])).status == 200


async def test_only_another_issuer_s_good_token_is_exchanged(front: Front) -> None:
    own = await signed_in(front)
    cases: list[tuple[dict[str, str], str]] = [
        ({"subject_token": own["access_token"]}, "invalid_grant"),
        ({"subject_token": front.token(exp=1)}, "invalid_grant"),
        ({"subject_token": front.token(iss="https://evil.example.com")}, "invalid_grant"),
        ({"subject_token": "none"}, "invalid_grant"),
        ({}, "invalid_request"),
        ({"subject_token": front.token(), "subject_token_type": "urn:x"}, "invalid_request"),
        ({"subject_token": front.token(), "actor_token": front.token("eve")}, "invalid_request"),
        (
            {
                "subject_token": front.token(),
                "requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token",
            },
            "invalid_request",
        ),
    ]
    for changes, code in cases:
        assert error_of(await exchanged(front, **changes)) == (400, code), changes


async def test_revoking_what_is_not_ours_is_no_error_and_ends_nothing(front: Front) -> None:
    program, theirs = front.program(), front.token()
    for token in (theirs, "mpr_" + "unknown", "rubbish"):
        assert (await program.post("/oauth/revoke", {"token": token})).status == 200
    assert error_of(await program.post("/oauth/revoke", {})) == (400, "invalid_request")
    assert (await front.post("/v1/messages", messages("hello"), theirs)).status == 200
    said: Any = front.log.getvalue()
    assert theirs not in said
