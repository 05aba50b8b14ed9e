"""The real Claude Code signs in to the gateway by itself, on a machine with the company's managed settings alone."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clients.desk import CLAUDE, ended
from tests.clients.script import Script, said
from tests.clients.stand_in import StandIn
from tests.clients.terminal import ENTER, UP, WAIT_S, Terminal, in_machine, machine
from tests.gateway.house import SERVICE_KEY
from tests.signin.surfing import Front


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    assert CLAUDE.exists(), "The clients are not installed. Run `make test-clients`."
    front = Front(tmp_path)
    settings = {"env": {"CLAUDE_CODE_GATEWAY_HINT_HEADERS": "1"}, "cleanupPeriodDays": 17}
    policy = {"name": "everybody", "settings": settings}
    front.changes["claude_code"] = {"managed_settings": [policy], "login_notice": "Company use only."}
    front.tokens = {"for": "10s"}
    await front.start()
    yield front
    await front.close()


def environment(front: Front) -> dict[str, str]:
    """Of somebody whose browser is told where to go, and asks us."""
    home = front.directory / "home"
    home.mkdir()
    browser = home / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {home}/url.new && mv {home}/url.new {home}/url\n')
    browser.chmod(0o755)
    authority = str(front.directory / "other.pem")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "BROWSER": str(browser),
        "NODE_EXTRA_CA_CERTS": authority,
        "SSL_CERT_FILE": authority,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }


async def url_opened(front: Front) -> str:
    place = front.directory / "home" / "url"
    async with asyncio.timeout(WAIT_S):
        while not place.exists():
            await asyncio.sleep(0.1)
    return place.read_text().strip()


async def run(front: Front, etc: Path, environ: dict[str, str], *arguments: str) -> tuple[bytes, bytes, int]:
    process = await asyncio.create_subprocess_exec(
        *in_machine(etc, *arguments),
        cwd=front.directory / "home",
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    return await ended(process)


async def test_claude_code_signs_in_works_and_signs_out(front: Front) -> None:
    etc = machine(front.directory, json.dumps({"forceLoginMethod": "gateway", "forceLoginGatewayUrl": front.url}))
    environ = environment(front)
    async with Terminal(in_machine(etc, "auth", "login"), environ, front.directory / "home") as terminal:
        await terminal.shows("Entertoconnect")
        await terminal.press(ENTER)
        await terminal.shows("trustthisgateway")
        await terminal.press(UP, ENTER)
        await terminal.shows("Companyuseonly.")
        url, _, user_code = (await url_opened(front)).partition("?user_code=")
        assert url == f"{front.url}/oauth/device"
        assert (await front.browser().approve(user_code)).status == 200
        await terminal.shows("SignedintoCloudgatewayasada@example.com")
        await terminal.press(UP, ENTER)
        await terminal.shows("ConnectedtoCloudgateway")
    stand_in = StandIn(Script(lambda _: [said("Hello from the stand-in.")]))
    front.origin.reply = stand_in.reply
    out, errors, code = await run(front, etc, environ, "-p", "Say hello.", "--output-format", "json")
    assert (code, json.loads(out)["result"]) == (0, "Hello from the stand-in."), errors
    (received,) = [one for one in front.origin.received if one.line.startswith("POST /v1/messages?")]
    assert received.value("x-api-key") == SERVICE_KEY
    assert received.value("authorization") is None
    (exchange,) = [frame for frame in await front.frames() if frame.kind == "request"]
    assert exchange.data["person"] == "https://idp.example.com#u-1"
    credentials = json.loads((front.directory / "home" / ".claude" / ".credentials.json").read_text())
    token = credentials["enterpriseGateway"]["jwt"]
    settings = await front.program().document("/managed/settings", token)
    assert received.value("x-claude-code-managed-settings-checksum") == settings["checksum"], "as the client reckons it"
    assert "again" in [event for event, _ in front.provider.asked], "it refreshed a token that was about to end"
    _, errors, code = await run(front, etc, environ, "auth", "logout")
    assert code == 0, errors
    assert (await front.program().ask("GET", "/managed/settings", {"Authorization": f"Bearer {token}"})).status == 401
    assert front.measured("maskproxy_sign_ins_total", event="signed out") == 1
    for secret in (token, credentials["enterpriseGateway"]["idpRefreshToken"]):
        assert secret not in front.log.getvalue()
