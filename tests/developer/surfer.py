"""What a person does in the browser while a command waits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from tests.gateway.house import Answer, read_answer
from tests.signin.surfing import Form, Front


async def opened_page(notes: Path) -> str:
    """The page that a browser, which only notes down what it is to open, was sent to."""

    def look() -> str:
        return notes.read_text() if notes.exists() else ""

    async with asyncio.timeout(30):
        while not (page := look()).endswith("\n"):
            await asyncio.sleep(0.02)
    return page.strip()


async def decided(front: Front, page: str, decision: str = "approve") -> str:
    """Sign in at the page; gives where the browser is then led."""
    browser = front.browser()
    leaving = await browser.get(page)
    assert leaving.status == 303, leaving.body
    state = (leaving.value("location") or "").partition("state=")[2].partition("&")[0]
    back = await browser.get(f"/oauth/callback/company?state={state}&code=x")
    confirm = await browser.get(back.value("location") or "")
    return Form((await browser.submit(confirm, ("decision", decision))).body).onward


async def come_back(url: str, method: str = "GET") -> Answer:
    """Load a page of the loopback address."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"{method} {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    try:
        async with asyncio.timeout(10):
            return await read_answer(reader)
    finally:
        writer.close()
