"""A gateway with a sign-in server, and who comes to it over TLS: programs, and people with browsers."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.gateway.house import Answer, House, read_answer
from tests.signin.desk import ScriptedProvider

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Front(House):
    """A house whose people sign in at `url`."""

    def __init__(self, directory: Path, **changes: Any) -> None:
        super().__init__(directory)
        self.port = free_port()
        self.host = f"localhost:{self.port}"
        self.url = f"https://{self.host}"
        self.provider = ScriptedProvider()
        self.providers = {"company": self.provider}
        tls = {"certificate": "tls.pem", "key": "tls.key"}
        self.tokens: dict[str, Any] = {}
        self.changes = {
            "public_url": self.url,
            "store": "sqlite:///state.db",
            "masking": {"key": {"file": "masking.key"}, "rules": ["builtin:cards"]},
            "listeners": [{"address": "127.0.0.1:0"}, {"address": f"127.0.0.1:{self.port}", "tls": tls}],
            **changes,
        }

    def _write_configuration(self) -> Path:
        identity = {"issuers": [{"issuer": self.issuer.url, "audience": "maskproxy"}], "tokens": self.tokens}
        self.changes.setdefault("identity", identity)
        return super()._write_configuration()

    @cached_property
    def trust(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.other.configure_trust(context)
        return context

    def program(self, port: int | None = None) -> Program:
        return Program(self, port)

    def browser(self, port: int | None = None) -> Surfer:
        return Surfer(self, port)


class Program:
    """Speaks HTTP over TLS, a connection for each request."""

    def __init__(self, front: Front, port: int | None) -> None:
        self.front = front
        self.port = port or front.port
        self.address = "127.0.0.1"
        """Where it comes from."""

    async def ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        local = (self.address, 0)
        reader, writer = await asyncio.open_connection("localhost", self.port, ssl=self.front.trust, local_addr=local)
        fields = {"Host": self.front.host, **(fields or {})}
        if body is not None:
            fields["Content-Length"] = str(len(body))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value)]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        try:
            async with asyncio.timeout(10):
                return await read_answer(reader)
        finally:
            writer.close()

    async def post(self, path: str, form: dict[str, str], **fields: str) -> Answer:
        head = {"Content-Type": "application/x-www-form-urlencoded", **fields}
        return await self.ask("POST", path, head, urlencode(form).encode())

    async def told(self, path: str, form: dict[str, str], status: int = 200) -> dict[str, Any]:
        """POST a form and read the JSON that comes back."""
        answer = await self.post(path, form)
        assert (answer.status, answer.value("cache-control")) == (status, "no-store"), answer.body
        document: dict[str, Any] = json.loads(answer.body)
        return document

    async def document(self, path: str, token: str = "") -> dict[str, Any]:
        answer = await self.ask("GET", path, {"Authorization": f"Bearer {token}"} if token else None)
        assert answer.status == 200, answer.body
        document: dict[str, Any] = json.loads(answer.body)
        return document

    async def device(self) -> dict[str, Any]:
        return await self.told("/oauth/device_authorization", {"surface": "claude_code"})

    async def poll(self, device: dict[str, Any]) -> Answer:
        return await self.post("/oauth/token", {"grant_type": DEVICE_CODE, "device_code": device["device_code"]})

    async def refresh(self, token: str) -> Answer:
        return await self.post("/oauth/token", {"grant_type": "refresh_token", "refresh_token": token})


class Form(HTMLParser):
    """What is in a page: its form, its links, what it leads on to."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []
        self.onward = ""
        self.tags: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "form":
            self.action = told["action"]
        elif tag == "input":
            self.fields[told["name"]] = told.get("value", "")
        elif tag == "button" and "name" in told:
            self.buttons.append((told["name"], told["value"]))
        elif tag == "meta" and told.get("http-equiv") == "refresh":
            self.onward = told["content"].removeprefix("0; url=")


class Surfer(Program):
    """A browser with a cookie jar. It follows no link by itself."""

    def __init__(self, front: Front, port: int | None) -> None:
        super().__init__(front, port)
        self.cookies: dict[str, str] = {}

    async def ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await super().ask(method, path, {"Cookie": cookie, **(fields or {})}, body)
        if set_cookie := answer.value("set-cookie"):
            name, _, value = set_cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    async def get(self, url: str) -> Answer:
        """A URL of ours, or a path."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" in {self.front.url, "://"}
        return await self.ask("GET", parts.path + (f"?{parts.query}" if parts.query else ""))

    async def submit(self, page: Answer, button: tuple[str, str] | None = None, **changes: str) -> Answer:
        """Fill in a page's form and send it."""
        form = Form(page.body)
        pressed = dict([button] if button else [])
        return await self.post(form.action, {**form.fields, **pressed, **changes}, Origin=self.front.url)

    async def to_provider(self, user_code: str) -> str:
        """Type a code; gives the state with which the provider would send the person back."""
        page = await self.get("/oauth/device")
        leaving = await self.submit(page, user_code=user_code)
        assert leaving.status == 200, leaving.body
        match = re.search(r"state=([a-z0-9-]+)", Form(leaving.body).onward)
        assert match is not None, leaving.body
        return match[1]

    async def to_confirm(self, user_code: str, provider: str = "company") -> Answer:
        """The same, and back again: gives the page to confirm."""
        state = await self.to_provider(user_code)
        back = await self.get(f"/oauth/callback/{provider}?state={state}&code=from-the-provider")
        assert back.status == 303, back.body
        return await self.get(back.value("location") or "")

    async def approve(self, user_code: str) -> Answer:
        return await self.submit(await self.to_confirm(user_code), ("decision", "approve"))


async def signed_in(front: Front) -> dict[str, Any]:
    """The whole way of a device; gives what its program got."""
    program = front.program()
    device = await program.device()
    assert (await front.browser().approve(device["user_code"])).status == 200
    answer = await program.poll(device)
    assert answer.status == 200, answer.body
    document: dict[str, Any] = json.loads(answer.body)
    return document


def error_of(answer: Answer) -> tuple[int, str]:
    return answer.status, str(json.loads(answer.body)["error"])
