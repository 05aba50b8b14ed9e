"""A browser with a cookie jar that goes where pages, redirects and forms send it, over whichever hosts.

It keeps to what a browser keeps to by itself: SameSite of cookies, their hosts and paths, the Origin of a form, and a
page's `form-action`, against which strict browsers hold also what a form's target redirects to.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import NamedTuple, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from lxml import etree
from yarl import URL

_MOST_HOPS = 20


class Cookie(NamedTuple):
    value: str
    same_site: str


class Form(NamedTuple):
    action: str
    fields: dict[str, str]


class Browser:
    def __init__(self, trust: ssl.SSLContext) -> None:
        self.url = ""
        self.status = 0
        self.text = ""
        self._form_action: frozenset[str] | None = None
        self.went: list[str] = []
        """Every address, in order."""
        self._trust = trust
        self._cookies: dict[tuple[str, str, str], Cookie] = {}
        self._left_by_page = True
        """Whether a page was shown last, and no redirect."""
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=30)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def form(self) -> Form:
        """The page's one form to be sent, with what stands in it."""
        forms = [form for form in self._page.iter("form") if form.get("method", "get").lower() == "post"]
        assert len(forms) == 1, f"{self.url} shows {len(forms)} forms: {self.words}"
        fields = {
            name: field.get("value", "")
            for field in forms[0].iter("input")
            if (name := field.get("name")) and field.get("type") not in {"submit", "checkbox"}
        }
        return Form(urljoin(self.url, forms[0].get("action", "")), fields)

    @property
    def words(self) -> str:
        """What a person reads."""
        body = self._page.find("body")
        return " ".join(" ".join(map(str, (self._page if body is None else body).itertext())).split())

    async def open(self, url: str) -> None:
        """Type an address."""
        await self._go("GET", url, None, self._site(url))

    async def send(self, button: Mapping[str, str] | None = None, /, **typed: str) -> None:
        """Fill in the page's form, and press a button of it."""
        form = self.form
        assert typed.keys() <= form.fields.keys(), f"{self.url} asks for {sorted(form.fields)}"
        await self.post(form.action, {**form.fields, **typed, **(button or {})})

    async def post(self, url: str, fields: Mapping[str, str]) -> None:
        """As a form on the page does."""
        await self._go("POST", url, fields, self._site(self.url))

    async def click(self, words: str) -> None:
        """Follow the link that reads so."""
        links = [link.get("href", "") for link in self._page.iter("a") if words in "".join(map(str, link.itertext()))]
        assert len(links) == 1, f"{self.url} has {len(links)} such links"
        await self._go("GET", urljoin(self.url, links[0]), None, self._site(self.url))

    async def _go(self, method: str, url: str, fields: Mapping[str, str] | None, began_at: str) -> None:
        allowed = self._form_action if method == "POST" else None
        page = self.url
        for _ in range(_MOST_HOPS):
            assert allowed is None or allowed & _sources(url, page), f"{page} lets no form go to {url}"
            onward = await self._ask(method, url, fields, began_at)
            if not onward:
                return
            if self._left_by_page:
                began_at, allowed = self._site(url), None
            method, url, fields = "GET", urljoin(url, onward), None
        raise AssertionError(f"{self.host} sends a browser in circles")

    async def _ask(self, method: str, url: str, fields: Mapping[str, str] | None, began_at: str) -> str:
        """One request; gives where to go on to."""
        same = began_at == self._site(url)
        head = {"Cookie": self._sent(method, url, same=same)}
        if method == "POST":
            parts = urlsplit(self.url)
            head["Origin"] = f"{parts.scheme}://{parts.netloc}"
        async with self._session.request(
            method, URL(url, encoded=True), data=fields, headers=head, ssl=self._trust, allow_redirects=False
        ) as answer:
            self.url, self.status, self.text = url, answer.status, await answer.text()
            self.went.append(url)
            for name, morsel in answer.cookies.items():
                where = (self.host, morsel["path"] or "/", name)
                self._cookies[where] = Cookie(morsel.value, (morsel["samesite"] or "lax").lower())
                if not morsel.value or morsel["max-age"] == "0":
                    del self._cookies[where]
            self._left_by_page = answer.status not in {301, 302, 303}
            if not self._left_by_page:
                return answer.headers["Location"]
            self._form_action = _form_action(answer.headers.getall("Content-Security-Policy", []))
        for meta in self._page.iter("meta"):
            if meta.get("http-equiv") == "refresh":
                return meta.get("content", "").partition("url=")[2]
        return ""

    def _sent(self, method: str, url: str, *, same: bool) -> str:
        parts = urlsplit(url)
        return "; ".join(
            f"{name}={cookie.value}"
            for (host, path, name), cookie in self._cookies.items()
            if host == parts.hostname
            and (path == "/" or f"{parts.path}/".startswith(f"{path.rstrip('/')}/"))
            and (same or cookie.same_site == "none" or (cookie.same_site == "lax" and method == "GET"))
        )

    @property
    def _page(self) -> etree._Element:
        page = etree.fromstring(self.text or "<html/>", etree.HTMLParser())
        assert page is not None
        return page

    @staticmethod
    def _site(url: str) -> str:
        return urlsplit(url).hostname or ""


def _form_action(policies: list[str]) -> frozenset[str] | None:
    """Where a page's forms may go. None: anywhere."""
    found = [rule.split() for policy in policies for rule in policy.split(";")]
    named = [rule[1:] for rule in found if rule and rule[0] == "form-action"]
    return frozenset(named[0]) if named else None


def _sources(url: str, page: str) -> frozenset[str]:
    """What allows a form on `page` to go to `url`."""
    there, here = urlsplit(url), urlsplit(page)
    same = (there.scheme, there.netloc) == (here.scheme, here.netloc)
    return frozenset({f"{there.scheme}://{there.netloc}", f"{there.scheme}:"} | ({"'self'"} if same else set()))
