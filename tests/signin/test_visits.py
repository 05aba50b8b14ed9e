"""What the pages withstand: other sites, other browsers, other hosts, guesses, floods, odd answers."""

from __future__ import annotations

import base64
import json
import re

import pytest

from maskproxy.signin.rates import Rate
from tests.gateway.house import Answer
from tests.signin.conftest import Start
from tests.signin.desk import ScriptedProvider
from tests.signin.surfing import DEVICE_CODE, Form, Front, Surfer, error_of


def words(answer: Answer) -> str:
    return re.sub(r"<style>.*</style>|<[^>]*>", " ", answer.body.decode())


async def page_for(browser: Surfer) -> Answer:
    return await browser.get("/oauth/device")


async def test_pages_hold_no_script_and_say_what_browsers_may_do_with_them(front: Front) -> None:
    browser = front.browser()
    device = await front.program().device()
    code = await page_for(browser)
    confirm = await browser.to_confirm(device["user_code"])
    done = await browser.submit(confirm, ("decision", "approve"))
    for page in (code, confirm, done, await browser.get("/oauth/confirm?id=x")):
        policy = page.value("content-security-policy") or ""
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.value("x-frame-options") == "DENY"
        assert page.value("x-content-type-options") == "nosniff"
        assert page.value("cache-control") == "no-store"
        assert page.value("referrer-policy") == "same-origin"
        html = page.body.decode()
        style = re.search("<style>(.*)</style>", html)
        assert style is not None
        form = Form(page.body)
        assert not {"script", "iframe", "img", "link"} & set(form.tags)
        assert not re.search(r"\son\w+=|style=|javascript:", html)
        assert '<html lang="en">' in html
        assert form.tags.count("h1") == form.tags.count("title") == form.tags.count("main") == 1
    assert 'label for="code"' in code.body.decode()


async def test_a_cookie_is_for_this_site_over_tls_and_no_script(front: Front) -> None:
    answer = await front.browser().get("/oauth/device")
    cookie = answer.value("set-cookie") or ""
    assert cookie.startswith("__Host-maskproxy-signin=")
    assert cookie.partition("; ")[2] == "Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"


async def test_what_a_provider_says_is_text_and_never_markup(front: Front) -> None:
    front.provider.who = front.provider.who.__class__(
        **{**vars(front.provider.who), "name": '<script>alert("x")</script>', "email": "a&b@example.com"}
    )
    device = await front.program().device()
    page = await front.browser().to_confirm(device["user_code"])
    assert "script" not in Form(page.body).tags
    assert "&lt;script&gt;alert(&quot;x&quot;)" in page.body.decode()
    assert "a&amp;b@example.com" in page.body.decode()


async def test_a_wrong_code_is_told_with_what_to_do_and_shown_again(front: Front) -> None:
    browser = front.browser()
    page = await browser.submit(await page_for(browser), user_code='"><b>nonsense')
    assert page.status == 400
    assert "Compare it with your terminal" in words(page)
    form = Form(page.body)
    assert form.fields["user_code"] == '"><b>nonsense'
    assert "b" not in form.tags
    device = await front.program().device()
    typed = device["user_code"].lower().replace("-", "  ")
    assert (await browser.submit(page, user_code=typed)).status == 200


async def test_no_form_of_another_site_browser_or_purpose_counts(front: Front) -> None:
    program, ada, eve = front.program(), front.browser(), front.browser()
    device = await program.device()
    code = device["user_code"]
    good, strange = Form((await page_for(ada)).body).fields, Form((await page_for(eve)).body).fields
    form = {**good, "user_code": code}
    refused = [
        await ada.post("/oauth/device", {"user_code": code}),
        await ada.post("/oauth/device", {**strange, "user_code": code}),
        await ada.post("/oauth/device", {**form, "form": "é"}),
        await ada.post("/oauth/device", form, Origin="https://evil.example.com"),
        await ada.post("/oauth/device", form, Origin="null"),
        await ada.post("/oauth/device", form, Origin=front.url + "0"),
        await ada.post("/oauth/device", form, Origin=f"http://{front.host}"),
        await ada.post("/oauth/device", form, Cookie=""),
        await program.post("/oauth/device", form),
    ]
    (name, value), *_ = ada.cookies.items()
    changed = ("B" if value[0] == "A" else "A") + value[1:]
    both = f"{value}; {name}={next(iter(eve.cookies.values()))}"
    refused += [
        await program.post("/oauth/device", form, Cookie=f"{name}={forged}")
        for forged in (changed, value.partition(".")[0], both)
    ]
    assert [answer.status for answer in refused] == [400] * len(refused)
    assert front.provider.asked == []
    assert (await ada.post("/oauth/device", form, Origin=front.url)).status == 200
    assert (await ada.post("/oauth/device", form)).status == 200, "not every browser says Origin"


async def test_only_the_browser_that_began_can_confirm_and_but_once(front: Front) -> None:
    program, ada, eve = front.program(), front.browser(), front.browser()
    device = await program.device()
    confirm = await ada.to_confirm(device["user_code"])
    name = Form(confirm.body).fields["id"]
    await page_for(eve)
    assert (await eve.get(f"/oauth/confirm?id={name}")).status == 404
    assert (await program.ask("GET", f"/oauth/confirm?id={name}")).status == 404
    stolen = await eve.post("/oauth/confirm", {**Form(confirm.body).fields, "decision": "approve"})
    assert stolen.status == 400
    unsure = await ada.submit(confirm)
    assert unsure.status == 400
    assert (await ada.submit(confirm, ("decision", "approve"))).status == 200
    assert (await ada.submit(confirm, ("decision", "approve"))).status == 404
    assert (await program.poll(device)).status == 200


async def test_a_confirmation_that_comes_too_late_is_told(front: Front) -> None:
    program, ada = front.program(), front.browser()
    device = await program.device()
    first = await ada.to_confirm(device["user_code"])
    second = await ada.to_confirm(device["user_code"])
    assert (await ada.submit(first, ("decision", "deny"))).status == 200
    late = await ada.submit(second, ("decision", "approve"))
    assert (late.status, "no longer waits" in words(late)) == (400, True)
    assert error_of(await program.poll(device)) == (400, "access_denied")


async def test_an_answer_that_nobody_asked_for_or_a_second_one_is_refused(started: Start) -> None:
    here, there = ScriptedProvider("company"), ScriptedProvider("other")
    front = await started({"company": here, "other": there})
    browser = front.browser()
    device = await front.program().device()
    choice = await browser.submit(await page_for(browser), user_code=device["user_code"])
    await browser.submit(choice, ("provider", "company"))
    state = "company-state-1"
    for path in (
        "/oauth/callback/company?code=x",
        "/oauth/callback/company?state=&code=x",
        "/oauth/callback/company?state=company-state-2&code=x",
        f"/oauth/callback/company?state={state}&state={state}",
        f"/oauth/callback/other?state={state}&code=x",
    ):
        assert (await browser.get(path)).status == 400
    assert (await browser.get(f"/oauth/callback/nobody?state={state}")).status in {401, 404}
    assert [event for event, _ in here.asked + there.asked] == ["begin"]
    assert (await browser.get(f"/oauth/callback/company?state={state}&code=x")).status == 303
    assert (await browser.get(f"/oauth/callback/company?state={state}&code=x")).status == 400
    assert [event for event, _ in here.asked] == ["begin", "finish"]


async def test_the_goal_in_the_choice_of_providers_cannot_be_changed(started: Start) -> None:
    front = await started({"company": ScriptedProvider("company"), "other": ScriptedProvider("other")})
    program, ada = front.program(), front.browser()
    device, victim = await program.device(), await program.device()
    mine = await ada.submit(await page_for(ada), user_code=device["user_code"])
    theirs = await ada.submit(await page_for(ada), user_code=victim["user_code"])
    goal = json.loads(base64.urlsafe_b64decode(Form(mine.body).fields["goal"]))
    forged = base64.urlsafe_b64encode(json.dumps({**goal, "surface": "maskproxy-cli"}).encode()).decode()
    assert (await ada.submit(mine, ("provider", "company"), goal=forged)).status == 400
    assert (await ada.submit(mine, ("provider", "company"), goal=Form(theirs.body).fields["goal"])).status == 400
    assert (await ada.submit(mine, ("provider", "nobody"))).status == 404
    assert (await ada.submit(mine, ("provider", "company"))).status == 200


async def test_another_host_s_name_gets_none_of_it(front: Front) -> None:
    program = front.program()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for host in ("evil.example.com", "localhost", f"localhost:{front.port + 1}", "localhost.evil.example.com"):
        for method, path in (("GET", "/oauth/device"), ("POST", "/oauth/token"), ("GET", "/oauth/confirm?id=x")):
            answer = await program.ask(method, path, {"Host": host, **form}, b"" if method == "POST" else None)
            assert answer.status == 421
            assert front.url in answer.body.decode()
            assert "evil" not in answer.body.decode()
        found = await program.ask("GET", "/.well-known/oauth-authorization-server", {"Host": host})
        assert (found.status, error_of(found)[1]) == (421, "invalid_request")
    assert (await program.ask("GET", "/oauth/device", {"Host": front.host.upper()})).status == 200
    assert (await program.ask("GET", "/oauth/device", {"Host": "a b"})).status == 400


async def test_guesses_at_codes_end_soon_for_one_address(front: Front) -> None:
    browser = front.browser()
    device = await front.program().device()
    page = await page_for(browser)
    tried = 0
    while (await browser.submit(page, user_code="BBBB-BBBB")).status == 400 and tried < 60:
        tried += 1
    assert 20 <= tried < 60
    blocked = await browser.submit(page, user_code=device["user_code"])
    assert (blocked.status, "Wait some minutes" in words(blocked)) == (429, True)
    assert blocked.value("retry-after") == "5"
    browser.address = "127.0.0.2"
    assert (await browser.submit(page, user_code=device["user_code"])).status == 200, "others are let alone"


async def test_floods_from_one_address_are_stopped(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    program = front.program()
    monkeypatch.setattr(Rate, "_now_left", lambda self, name, now_s: 0.0)
    answer = await program.post("/oauth/device_authorization", {})
    assert error_of(answer) == (429, "temporarily_unavailable")
    assert error_of(await program.post("/oauth/token", {"grant_type": DEVICE_CODE}))[0] == 429
    assert (await program.ask("GET", "/oauth/device")).status == 429


async def test_one_address_does_not_fill_the_store_with_attempts(front: Front) -> None:
    browser = front.browser()
    query = "response_type=code&client_id=maskproxy-cli&redirect_uri=http://127.0.0.1:4711/&code_challenge_method=S256"
    asked = f"/oauth/authorize?{query}&code_challenge={'c' * 43}"
    begun = 0
    while (await browser.get(asked)).status == 303 and begun < 200:
        begun += 1
    assert 60 <= begun < 200
    browser.address = "127.0.0.3"
    assert (await browser.get(asked)).status == 303


async def test_nobody_is_led_to_a_page_that_cannot_go_on(started: Start) -> None:
    front = await started({})
    program = front.program()
    found = await program.document("/.well-known/oauth-authorization-server")
    assert "device_authorization_endpoint" not in found
    assert error_of(await program.post("/oauth/device_authorization", {})) == (400, "invalid_request")
