"""What people do in the browser: type a code, choose a provider, come back, and confirm or deny.

    code or client's redirect -> (choice of provider) -> provider -> callback -> confirmation -> code approved

Every form is bound to the browser's cookie and to its purpose; what waits at a provider is bound to the browser too.
Tries of codes are rationed, for each address and for all together.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from maskproxy.errors import BadRequest, NotFound
from maskproxy.signin import pages, site, user_codes
from maskproxy.signin.asked import Asked, Parameters
from maskproxy.signin.attempts import Attempts, Goal, ToConfirm
from maskproxy.signin.browser import Browser, Browsers
from maskproxy.signin.codes import CHALLENGE, Codes
from maskproxy.signin.login import Login
from maskproxy.signin.oauth import CLI_CLIENT
from maskproxy.signin.pages import Page
from maskproxy.signin.provider import Begun, Provider
from maskproxy.signin.rates import Rate, network_of
from maskproxy.signin.sessions import Told
from maskproxy.signin.site import Site

ANSWER_BYTES = 1 << 20
"""A SAML response is a form of some size."""

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})/[a-z]{0,32}")
_STATE = re.compile(r"[\x20-\x7e]{0,512}")
_WRONG_CODE = (
    "Nobody waits for this code. Compare it with your terminal. Ten minutes after it was shown it is over: then start "
    "the sign-in there again."
)
_TOO_LATE = "The program that asked no longer waits. Start the sign-in there again."


class Shown(NamedTuple):
    """An answer to a browser: a page, or a way to go on."""

    page: Page | None = None
    location: str = ""
    browser: Browser | None = None
    """Gets its cookie with the answer."""
    status: int = 200


class Visits:
    def __init__(
        self,
        place: Site,
        codes: Codes,
        attempts: Attempts,
        browsers: Browsers,
        providers: Mapping[str, Provider],
        *,
        told: Told,
        wall_ns: Callable[[], int],
    ) -> None:
        self._site = place
        self._codes = codes
        self._attempts = attempts
        self._browsers = browsers
        self._providers = providers
        self._told = told
        self._wall_ns = wall_ns
        self._rate = Rate(240, 4, "Too many requests come from your address. Wait a minute, then load the page again.")
        self._begin_rate = Rate(60, 1, "Too many sign-ins begin at your address. Wait a minute, then start again.")
        wrong = "Too many wrong codes. Wait some minutes, then try again."
        self._wrong_here = Rate(20, 0.2, wrong)
        self._wrong_at_all = Rate(500, 5, wrong)

    # ---- before the provider

    async def code(self, asked: Asked) -> Shown:
        """GET: the page for a code. A code in the link is filled in; a person sends it."""
        self._visit(asked)
        typed = user_codes.read(asked.query.get("user_code")) or ""
        browser = self._known(asked) or self._browsers.new()
        return Shown(pages.code_page(browser.form_token("code"), typed), browser=browser)

    async def code_sent(self, asked: Asked) -> Shown:
        """POST: a code. Wrong ones are counted, and told what to do."""
        self._visit(asked)
        browser, form = await self._sent(asked, lambda _: "code")
        here, now_s = network_of(asked.peer), _now_s()
        self._wrong_here.check(here, now_s)
        self._wrong_at_all.check("", now_s)
        typed = form.get("user_code")
        row = await self._codes.waiting(typed)
        if row is None:
            self._wrong_here.take(here, now_s)
            self._wrong_at_all.take("", now_s)
            page = pages.code_page(browser.form_token("code"), typed, _WRONG_CODE)
            return Shown(page, browser=browser, status=400)
        code = user_codes.read(typed)
        assert code is not None
        goal = Goal("device", row.surface, row.peer, row.asked_us, user_code=code, code=row.code.hex())
        return await self._onward(asked, goal, browser, posted=True)

    async def authorize(self, asked: Asked) -> Shown:
        """GET: a client on this machine asks by a redirect (RFC 6749, 4.1.1; RFC 8252, 7.3; RFC 7636)."""
        self._visit(asked)
        query = asked.query
        redirect_uri = query.get("redirect_uri")
        match = _LOOPBACK.fullmatch(redirect_uri)
        if query.get("client_id") != CLI_CLIENT or match is None or int(match[1]) > 65535:
            raise BadRequest("This program is not known here, or does not wait at a loopback address.")
        challenge, state = query.get("code_challenge"), query.get("state")
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            raise BadRequest("Only the code flow with PKCE (S256) is spoken here. Update the program.")
        if not CHALLENGE.fullmatch(challenge) or not _STATE.fullmatch(state):
            raise BadRequest("The program's code_challenge or state cannot be read. Update the program.")
        goal = Goal(
            "redirect",
            CLI_CLIENT,
            network_of(asked.peer),
            self._wall_ns() // 1000,
            redirect_uri=redirect_uri,
            state=state,
            challenge=challenge,
        )
        return await self._onward(asked, goal, self._known(asked) or self._browsers.new(), posted=False)

    async def provider_chosen(self, asked: Asked) -> Shown:
        """POST: one of several providers. What for is in the form, and the form's token covers it."""
        self._visit(asked)
        browser, form = await self._sent(asked, lambda form: f"goal {form.get('goal')}")
        try:
            goal = Goal(**json.loads(base64.urlsafe_b64decode(form.get("goal"))))
        except (binascii.Error, ValueError, TypeError):
            raise BadRequest("The form cannot be read. Start again.") from None
        provider = self._providers.get(form.get("provider"))
        if provider is None:
            raise NotFound("There is no such provider here. Start again and choose one from the page.")
        return await self._begin(provider, goal, browser, network_of(asked.peer), posted=True)

    async def _onward(self, asked: Asked, goal: Goal, browser: Browser, *, posted: bool) -> Shown:
        if not self._providers:
            raise NotFound("Nobody can sign in here by a browser. Ask the gateway's operators for another way.")
        if len(self._providers) == 1:
            (provider,) = self._providers.values()
            return await self._begin(provider, goal, browser, network_of(asked.peer), posted=posted)
        written = base64.urlsafe_b64encode(json.dumps(asdict(goal)).encode()).decode()
        token = browser.form_token(f"goal {written}")
        return Shown(pages.providers_page(token, written, list(self._providers)), browser=browser)

    async def _begin(self, provider: Provider, goal: Goal, browser: Browser, peer: str, *, posted: bool) -> Shown:
        """Every attempt takes its place in the store until it is over, so they are rationed as well."""
        self._begin_rate.take(peer, _now_s())
        begun: Begun = await self._attempts.begin(provider, self._site.callback(provider.name), goal, browser.hashed)
        if begun.form is not None:
            return Shown(pages.post_page(begun.url, begun.form, provider.name), browser=browser)
        if posted:
            # A redirect after a form is held against its `form-action`; a page that leads on is not.
            return Shown(pages.leaving_page(begun.url, provider.name), browser=browser)
        return Shown(location=begun.url, browser=browser, status=303)

    # ---- back from the provider

    async def callback(self, asked: Asked) -> Shown:
        """GET with a query or POST with a form: what a provider answered.

        It may come without our cookie, since another site's form brought it: the page for which the browser is then
        sent on asks for that.
        """
        self._visit(asked)
        provider = self._providers.get(asked.head.path.removeprefix(site.CALLBACK))
        if provider is None:
            raise NotFound("There is no such provider here. Start again.")
        sent = await asked.form(ANSWER_BYTES) if asked.head.method == "POST" else asked.query
        name = await self._attempts.answered(provider, self._site.callback(provider.name), sent.all_once())
        return Shown(location=f"{self._site.at(site.CONFIRM)}?{urlencode({'id': name})}", status=303)

    async def confirm(self, asked: Asked) -> Shown:
        """GET: who lets what in."""
        self._visit(asked)
        name = asked.query.get("id")
        browser = self._known(asked)
        if browser is None:
            raise NotFound("There is nothing to confirm in this browser. Start again in the one that you began in.")
        goal, login = await self._attempts.to_confirm(name, browser.hashed, take=False)
        return Shown(pages.confirm_page(browser.form_token(f"confirm {name}"), name, goal, login))

    async def confirmed(self, asked: Asked) -> Shown:
        """POST: approved or denied, once."""
        self._visit(asked)
        browser, form = await self._sent(asked, lambda form: f"confirm {form.get('id')}")
        decision = form.get("decision")
        if decision not in {"approve", "deny"}:
            raise BadRequest("Approve or deny: press one of the two buttons.")
        told = await self._attempts.to_confirm(form.get("id"), browser.hashed, take=True)
        if decision == "deny":
            await self._tell("denied", told)
        return await (self._device if told.goal.kind == "device" else self._redirect)(told, decision == "approve")

    async def _device(self, told: ToConfirm, approved: bool) -> Shown:
        goal, login = told
        if not await self._codes.decide(goal.code_hash, login if approved else None):
            return Shown(pages.message_page("Too late", _TOO_LATE), status=400)
        if not approved:
            return Shown(pages.message_page("Denied", "The program was not let in. You may close this page."))
        await self._tell("approved", told)
        name = pages.surface_name(goal.surface)
        sentence = f"Go back to {name}: it goes on by itself. You may close this page."
        return Shown(pages.message_page("You are signed in", sentence))

    async def _redirect(self, told: ToConfirm, approved: bool) -> Shown:
        goal, login = told
        answer: dict[str, str] = {"error": "access_denied"}
        if approved:
            answer = {"code": await self._authorization(goal, login)}
            await self._tell("approved", told)
        if goal.state:
            answer["state"] = goal.state
        answer["iss"] = self._site.url
        return Shown(pages.leaving_page(f"{goal.redirect_uri}?{urlencode(answer)}", "the program that asked"))

    async def _authorization(self, goal: Goal, login: Login) -> str:
        return await self._codes.approved_redirect(login, goal.surface, goal.peer, goal.challenge, goal.redirect_uri)

    async def _tell(self, event: str, told: ToConfirm) -> None:
        goal, login = told
        who = {"person": f"{login.issuer}#{login.subject}", "person_name": login.name, "provider": login.provider}
        await self._told(event, {**who, "surface": goal.surface, "peer": goal.peer})

    # ---- parts

    def _visit(self, asked: Asked) -> None:
        self._rate.take(network_of(asked.peer), _now_s())

    def _known(self, asked: Asked) -> Browser | None:
        return self._browsers.known(asked.head.value("cookie"))

    async def _sent(self, asked: Asked, purpose: Callable[[Parameters], str]) -> tuple[Browser, Parameters]:
        """The browser and a form that it was given by us, for this purpose. Raises BadRequest."""
        origin = asked.head.value("origin")
        if origin is not None and not _same_origin(origin, self._site.url):
            raise BadRequest("This form was sent from another site. Open the page here and send it again.")
        browser, form = self._known(asked), await asked.form()
        if browser is None or not browser.sent(form.get("form"), purpose(form)):
            raise BadRequest("This page is too old, or cookies are off. Load the page again and send it once more.")
        return browser, form


def _same_origin(origin: str, url: str) -> bool:
    def parts(text: str) -> tuple[str, str | None, int | None]:
        split = urlsplit(text)
        return split.scheme, split.hostname, split.port or {"https": 443, "http": 80}.get(split.scheme)

    try:
        return parts(origin) == parts(url)
    except ValueError:
        return False


def _now_s() -> float:
    return asyncio.get_running_loop().time()
