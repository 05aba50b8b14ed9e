"""Signing in at the real sign-in server, by a browser that comes back and by a code."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from maskproxy.developer import oauth, signing_in
from maskproxy.developer.gateway import Gateway
from maskproxy.errors import Denied, Unauthenticated, Unavailable
from tests.developer.surfer import come_back, decided
from tests.gateway.test_exchange import messages
from tests.signin.surfing import Front


@pytest.fixture
async def gateway(front: Front, tmp_path: Path) -> Gateway:
    return Gateway.at(front.url, tmp_path / "other.pem")


class Screen:
    """Keeps what is shown; a test waits for it from the loop."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self.said: list[str] = []
        self._shown = threading.Event()
        self.closed = threading.Event()

    def show(self, url: str) -> bool:
        """As browsers that stay in the foreground."""
        self.pages.append(url)
        self._shown.set()
        return self.closed.wait(30)

    def say(self, text: str) -> None:
        self.said.append(text)

    async def page(self) -> str:
        assert await asyncio.to_thread(self._shown.wait, 10)
        return self.pages[0]


async def test_a_browser_comes_back_with_a_code(front: Front, gateway: Gateway) -> None:
    screen = Screen()
    endpoints = await asyncio.to_thread(oauth.discover, gateway)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(
            asyncio.to_thread(signing_in.by_browser, gateway, endpoints, screen.show, screen.say)
        )
        page = await screen.page()
        onward = await decided(front, page)
        assert (await come_back(onward.replace("state=", "state=x"))).status == 404
        assert (await come_back(onward.replace("iss=", "iss=x"))).status == 404
        assert (await come_back(onward, "POST")).status == 404
        answer = await come_back(onward)
        assert (answer.status, b"Go back to your terminal" in answer.body) == (200, True)
        assert answer.value("cache-control") == "no-store"
    one = waiting.result()
    assert (one.claims["name"], one.claims["groups"]) == ("Ada Lovelace", ["engineering"])
    assert (await front.post("/v1/messages", messages("hello"), one.access_token)).status == 200
    assert page in screen.said[0]
    assert not screen.closed.is_set(), "the browser is open still"
    screen.closed.set()
    assert one.access_token not in repr(one)


async def test_who_denies_is_not_signed_in(front: Front, gateway: Gateway) -> None:
    screen = Screen()
    endpoints = await asyncio.to_thread(oauth.discover, gateway)

    async def deny() -> None:
        await come_back(await decided(front, await screen.page(), "deny"))
        screen.closed.set()

    outcome, _ = await asyncio.gather(
        asyncio.to_thread(signing_in.by_browser, gateway, endpoints, screen.show, screen.say),
        deny(),
        return_exceptions=True,
    )
    assert isinstance(outcome, Denied)


async def test_nobody_who_comes_back_is_told(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "BROWSER_S", 0.1)
    endpoints = await asyncio.to_thread(oauth.discover, gateway)
    with pytest.raises(Unauthenticated, match="--device"):
        await asyncio.to_thread(signing_in.by_browser, gateway, endpoints, lambda _: False, lambda _: None)


async def test_a_code_is_typed_elsewhere(front: Front, gateway: Gateway) -> None:
    screen = Screen()
    naps: list[float] = []
    loop = asyncio.get_running_loop()
    endpoints = await asyncio.to_thread(oauth.discover, gateway)

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            code = screen.said[0].split("\n\n")[1].strip()
            answer = asyncio.run_coroutine_threadsafe(front.browser().approve(code), loop).result(10)
            assert answer.status == 200

    one = await asyncio.to_thread(signing_in.by_device, gateway, endpoints, screen.say, sleep)
    assert one.claims["email"] == "ada@example.com"
    assert naps == [5.0, 5.0, 10.0], "it was told to slow down"
    assert f"{front.url}/oauth/device" in screen.said[0]


async def test_a_code_that_is_denied_or_too_late(front: Front, gateway: Gateway) -> None:
    screen = Screen()
    loop = asyncio.get_running_loop()
    endpoints = await asyncio.to_thread(oauth.discover, gateway)

    async def deny(code: str) -> None:
        browser = front.browser()
        await browser.submit(await browser.to_confirm(code), ("decision", "deny"))

    def sleep(_: float) -> None:
        code = screen.said[-1].split("\n\n")[1].strip()
        asyncio.run_coroutine_threadsafe(deny(code), loop).result(10)

    with pytest.raises(Denied, match="denied in the browser"):
        await asyncio.to_thread(signing_in.by_device, gateway, endpoints, screen.say, sleep)


async def test_another_address_of_the_gateway_is_named(front: Front, tmp_path: Path) -> None:
    by_number = Gateway.at(f"https://127.0.0.1:{front.port}", tmp_path / "other.pem")
    with pytest.raises(Unavailable, match=front.url):
        await asyncio.to_thread(oauth.discover, by_number)


async def test_an_untrusted_gateway_is_asked_nothing(front: Front) -> None:
    with pytest.raises(Unavailable, match="--ca"):
        await asyncio.to_thread(oauth.discover, Gateway.at(front.url, None))
