"""Claude Code's way in, over TLS: a code, a browser, a provider, a confirmation, tokens; and all that goes wrong."""

from __future__ import annotations

import asyncio
import json
import re

import jwt
import pytest

from maskproxy.errors import Unauthenticated
from maskproxy.gateway.handler import Exchanges
from maskproxy.gateway.listener import Binding, Listeners
from maskproxy.service import logs
from maskproxy.service.build import build
from maskproxy.service.daemon import checked
from maskproxy.service.trust import listener_context
from tests.gateway.house import HOST, read_answer
from tests.gateway.test_exchange import messages
from tests.signin.conftest import Start
from tests.signin.desk import ScriptedProvider
from tests.signin.people import UPSTREAM_REFRESH, login
from tests.signin.surfing import DEVICE_CODE, Form, Front, error_of, signed_in


async def test_the_whole_way_from_a_code_to_an_answer_and_out_again(front: Front) -> None:
    program, browser = front.program(), front.browser()
    found = await program.document("/.well-known/oauth-authorization-server")
    assert found["issuer"] == front.url
    for name in ("device_authorization_endpoint", "token_endpoint", "revocation_endpoint", "jwks_uri"):
        assert found[name].startswith(front.url + "/")
    assert {DEVICE_CODE, "refresh_token"} <= set(found["grant_types_supported"])

    device = await program.device()
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", device["user_code"])
    assert device["verification_uri_complete"] == f"{front.url}/oauth/device?user_code={device['user_code']}"
    assert error_of(await program.poll(device)) == (400, "authorization_pending")

    page = await browser.get(device["verification_uri_complete"])
    assert Form(page.body).fields["user_code"] == device["user_code"]
    assert error_of(await program.poll(device))[1] in {"authorization_pending", "slow_down"}, "filled in, not sent"
    confirm = await browser.to_confirm(device["user_code"])
    for told in ("Ada Lovelace", "ada@example.com", "company", "Claude Code", "127.0.0.1", device["user_code"]):
        assert told in confirm.body.decode()
    assert (await browser.submit(confirm, ("decision", "approve"))).status == 200

    answer = await program.poll(device)
    issued = json.loads(answer.body)
    assert (answer.status, issued["token_type"], issued["expires_in"]) == (200, "Bearer", 900)
    assert issued["email"] == "ada@example.com"
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 200
    (exchange,) = [frame for frame in await front.frames() if frame.kind == "request"]
    assert exchange.data["person"] == "https://idp.example.com#u-1", "as if the company's own token had been shown"

    refreshed = json.loads((await program.refresh(issued["refresh_token"])).body)
    assert (await front.post("/v1/messages", messages("hello"), refreshed["access_token"])).status == 200
    assert (await program.post("/oauth/revoke", {"token": refreshed["access_token"]})).status == 200
    refused = await front.post("/v1/messages", messages("hello"), refreshed["access_token"])
    assert (refused.status, refused.value("x-should-retry")) == (401, "false")
    assert "Sign in again" in refused.message
    assert error_of(await program.refresh(refreshed["refresh_token"])) == (401, "invalid_grant")
    said = front.log.getvalue()
    for secret in (*issued.values(), *refreshed.values(), device["device_code"], device["user_code"], UPSTREAM_REFRESH):
        assert secret in {"Bearer", 900, "ada@example.com"} or str(secret) not in said
    assert "sign-in: signed in" in said
    assert front.measured("maskproxy_sign_ins_total", event="signed out") == 1


async def test_the_audit_trail_tells_who_signed_in_and_out_and_holds_no_token(started: Start) -> None:
    front = await started(audit={"file": "audit.jsonl"})
    trail = front.directory / "audit.jsonl"
    issued = await signed_in(front)
    await front.program().refresh("mpr_" + "x" * 43)
    await front.program().post("/oauth/revoke", {"token": issued["refresh_token"]})
    async with asyncio.timeout(10):
        while "signed out" not in trail.read_text():
            await asyncio.sleep(0.01)
    told = [json.loads(line) for line in trail.read_text().splitlines()]
    signs = [one for one in told if one["event"] == "sign_in"]
    assert [one["action"] for one in signs] == ["approved", "signed in", "signed out"]
    assert [one["ocsf"]["type_uid"] for one in signs] == [300299, 300201, 300202]
    assert {one["person_name"] for one in signs} == {"Ada Lovelace"}
    refusal = next(one for one in told if one["event"] == "refusal")
    assert (refusal["at"], refusal["error"]) == ("sign-in", "OAuthRefused")
    for secret in (issued["access_token"], issued["refresh_token"], "x" * 43):
        assert secret not in trail.read_text()


async def test_our_tokens_are_verified_by_anybody_with_our_published_keys(front: Front) -> None:
    issued = await signed_in(front)
    published = jwt.PyJWKSet.from_dict(await front.program().document("/.well-known/jwks.json"))
    key = published[jwt.get_unverified_header(issued["access_token"])["kid"]]
    claims = jwt.decode(issued["access_token"], key, algorithms=["ES256"], audience="maskproxy", issuer=front.url)
    assert claims["sub"] == "https://idp.example.com#u-1"
    assert claims["idp"]["name"] == "company"


async def test_polling_too_fast_is_told(front: Front) -> None:
    program = front.program()
    device = await program.device()
    told = [error_of(await program.poll(device)) for _ in range(3)]
    assert told == [(400, "authorization_pending"), (400, "slow_down"), (400, "slow_down")]
    assert front.measured("maskproxy_refused_total", reason="OAuthRefused") == 0, "a client that waits is not refused"


async def test_a_denied_device_is_told(front: Front) -> None:
    program, browser = front.program(), front.browser()
    device = await program.device()
    page = await browser.submit(await browser.to_confirm(device["user_code"]), ("decision", "deny"))
    assert "not let in" in page.body.decode()
    assert error_of(await program.poll(device)) == (400, "access_denied")
    assert front.measured("maskproxy_sign_ins_total", event="denied") == 1


async def test_a_code_that_is_used_twice_ends_what_the_first_use_gave(front: Front) -> None:
    program = front.program()
    device = await program.device()
    await front.browser().approve(device["user_code"])
    issued = json.loads((await program.poll(device)).body)
    assert error_of(await program.poll(device)) == (400, "invalid_grant")
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 401
    assert error_of(await program.refresh(issued["refresh_token"])) == (401, "invalid_grant")


async def test_an_expired_code_is_over_in_both_places(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskproxy.signin.codes.DEVICE_S", 0)
    program, browser = front.program(), front.browser()
    device = await program.device()
    page = await browser.submit(await browser.get("/oauth/device"), user_code=device["user_code"])
    assert page.status == 400
    assert "Nobody waits for this code" in page.body.decode()
    assert error_of(await program.poll(device)) == (400, "expired_token")


async def test_a_refresh_token_that_comes_back_ends_the_sign_in(front: Front) -> None:
    program = front.program()
    first = await signed_in(front)
    second = json.loads((await program.refresh(first["refresh_token"])).body)
    third = json.loads((await program.refresh(second["refresh_token"])).body)
    assert error_of(await program.refresh(first["refresh_token"])) == (401, "invalid_grant")
    assert error_of(await program.refresh(third["refresh_token"])) == (401, "invalid_grant")
    assert (await front.post("/v1/messages", messages("hello"), third["access_token"])).status == 401


async def test_a_person_who_is_gone_is_out_with_the_next_refresh(front: Front) -> None:
    program = front.program()
    issued = await signed_in(front)
    front.provider.error = Unauthenticated("no such person")
    assert error_of(await program.refresh(issued["refresh_token"])) == (401, "invalid_grant")
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 401


async def test_a_provider_that_fails_leaves_the_code_waiting(front: Front) -> None:
    program, browser = front.program(), front.browser()
    device = await program.device()
    front.provider.error = Unauthenticated("The provider let nobody in. Try again.", detail="reason")
    state = await browser.to_provider(device["user_code"])
    page = await browser.get(f"/oauth/callback/company?state={state}&error=access_denied")
    assert page.status == 401
    assert "let nobody in" in page.body.decode()
    front.provider.error = None
    await browser.approve(device["user_code"])
    assert (await program.poll(device)).status == 200


async def test_two_nodes_on_one_store_are_one(front: Front) -> None:
    config = checked(front.config)
    log, net = logs.start("info", "json", stream=front.log)
    parts = await build(config, log, net, providers={"company": front.provider})
    listeners = Listeners(parts.gateway, Exchanges(parts.gateway))
    tls = listener_context(config.listeners[1].tls)
    ((_, port),) = await listeners.start([Binding("127.0.0.1", 0, tls)])
    try:
        here, there = front.program(), front.program(port)
        device = await here.device()
        browser = front.browser(port)
        state = await browser.to_provider(device["user_code"])
        browser.port = front.port
        back = await browser.get(f"/oauth/callback/company?state={state}")
        browser.port = port
        confirm = await browser.get(back.value("location") or "")
        browser.port = front.port
        assert (await browser.submit(confirm, ("decision", "approve"))).status == 200
        issued = json.loads((await there.poll(device)).body)
        assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 200
        issued = json.loads((await here.refresh(issued["refresh_token"])).body)
        issued = json.loads((await there.refresh(issued["refresh_token"])).body)
        assert (await there.post("/oauth/revoke", {"token": issued["refresh_token"]})).status == 200
        async with asyncio.timeout(5):
            while (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status != 401:
                await asyncio.sleep(0.1)
        assert await here.document("/.well-known/jwks.json") == await there.document("/.well-known/jwks.json")
    finally:
        await listeners.close()
        await parts.close()


async def test_a_restart_loses_nobody(front: Front) -> None:
    issued = await signed_in(front)
    waiting = await front.program().device()
    await front.restart()
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 200
    assert (await front.program().refresh(issued["refresh_token"])).status == 200
    await front.browser().approve(waiting["user_code"])
    assert (await front.program().poll(waiting)).status == 200


async def test_without_its_store_nobody_signs_in_and_nobody_else_is_harmed(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = front.program()
    issued, device = await signed_in(front), await program.device()
    page = await front.browser().get("/oauth/device")
    assert front.parts.store is not None
    await front.parts.store.close()
    failed = (503, "temporarily_unavailable")
    assert error_of(await program.poll(device)) == failed
    assert error_of(await program.refresh(issued["refresh_token"])) == failed
    assert error_of(await program.post("/oauth/device_authorization", {})) == failed
    assert page.status == (await front.browser().get("/oauth/device")).status == 200, "there is nothing to look up yet"
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 200
    monkeypatch.setattr("maskproxy.signin.endings.STALE_S", -1)
    refused = await front.post("/v1/messages", messages("hello"), issued["access_token"])
    assert (refused.status, refused.value("x-should-retry")) == (503, "true")
    assert (await front.post("/v1/messages", messages("hello"))).status == 200, "the company's own tokens go on"


async def test_inside_a_tunnel_the_same_paths_are_the_route_s(front: Front) -> None:
    reader, writer = await front.tunnel(front.token())
    writer.write(f"GET /.well-known/jwks.json HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    answer = await read_answer(reader)
    writer.close()
    assert json.loads(answer.body) == {"ok": True}
    assert front.origin.received[-1].line.startswith("GET /.well-known/jwks.json")


async def test_a_request_for_a_route_s_host_is_the_route_s(front: Front) -> None:
    proof = {"Host": HOST, "Authorization": f"Bearer {front.token()}"}
    answer = await front.program().ask("GET", "/api/oauth/usage", proof)
    assert json.loads(answer.body) == {"ok": True}


async def test_people_sign_in_without_an_interception_ca_too(started: Start) -> None:
    claude = {"name": "claude", "hosts": [HOST], "base_url": True, "upstream": "https://127.0.0.1:9"}
    grants = [{"name": "developers", "groups": ["engineering"], "routes": ["claude"]}]
    front = await started(interception=None, routes=[claude], grants=grants)
    issued = await signed_in(front)
    assert (await front.program().refresh(issued["refresh_token"])).status == 200


async def test_without_tokens_of_ours_the_paths_are_the_route_s(started: Start) -> None:
    front = await started(identity={"issuers": [{"issuer": "http://127.0.0.1:9", "audience": "maskproxy"}]})
    answer = await front.program().ask("GET", "/.well-known/jwks.json")
    assert (answer.status, json.loads(answer.body)["type"]) == (401, "error")


async def test_what_a_program_gets_wrong_is_told_as_oauth_does(front: Front) -> None:
    program = front.program()
    token = "/oauth/token"
    cases: list[tuple[dict[str, str], str]] = [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": DEVICE_CODE}, "invalid_request"),
        ({"grant_type": DEVICE_CODE, "device_code": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ]
    for form, code in cases:
        assert error_of(await program.post(token, form)) == (400, code)
    body = f"grant_type={DEVICE_CODE}&grant_type=refresh_token".encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert error_of(await program.ask("POST", token, form, body)) == (400, "invalid_request")
    assert error_of(await program.ask("POST", token, form, b"grant_type=%ff")) == (400, "invalid_request")
    assert error_of(await program.ask("POST", token, form, b"a=" + b"x" * 40_000)) == (413, "invalid_request")
    assert error_of(await program.ask("POST", token, {"Content-Type": "application/json"}, b"{}"))[0] == 415
    assert error_of(await program.ask("GET", token))[0] == 404
    unknown = {"surface": "claude_code", "something": "else", "scope": "all"}
    assert "device_code" in await program.told("/oauth/device_authorization", unknown)


async def test_a_surface_is_shown_only_as_far_as_it_is_harmless(front: Front) -> None:
    program, browser = front.program(), front.browser()
    device = await program.told("/oauth/device_authorization", {"surface": "Your IT department <b>"})
    page = (await browser.to_confirm(device["user_code"])).body.decode()
    assert "calls itself unknown" in page
    assert "IT department" not in page


async def test_several_providers_are_offered(started: Start) -> None:
    here, there = ScriptedProvider("company"), ScriptedProvider("saml-idp", login(issuer="urn:idp", refresh_token=None))
    there.form = {"SAMLRequest": "request<>", "RelayState": "saml-idp-state-1"}
    front = await started({"company": here, "saml-idp": there})
    program, browser = front.program(), front.browser()
    device = await program.device()
    choice = await browser.submit(await browser.get("/oauth/device"), user_code=device["user_code"])
    assert Form(choice.body).buttons == [("provider", "company"), ("provider", "saml-idp")]
    leaving = await browser.submit(choice, ("provider", "saml-idp"))
    assert Form(leaving.body).fields == there.form
    assert Form(leaving.body).onward == "", "a person presses the button"
    assert "form-action https://idp.example.com https:;" in (leaving.value("content-security-policy") or "")
    stranger = front.program()
    answered = {"SAMLResponse": "r" * 100_000, "RelayState": "saml-idp-state-1"}
    back = await stranger.post("/oauth/callback/saml-idp", answered, Origin="https://idp.example.com")
    assert back.status == 303, "another site's form brings no cookie"
    assert there.asked[-1] == ("finish", (b"kept-saml-idp-state-1", answered, f"{front.url}/oauth/callback/saml-idp"))
    done = await browser.submit(await browser.get(back.value("location") or ""), ("decision", "approve"))
    assert done.status == 200
    issued = json.loads((await program.poll(device)).body)
    assert jwt.decode(issued["access_token"], options={"verify_signature": False})["sub"] == "urn:idp#u-1"
