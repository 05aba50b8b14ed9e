"""A developer's commands as they are typed, against a whole gateway: from login to logout."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import signal
import sys
import time
from pathlib import Path

import jwt
import pytest
from click.testing import CliRunner

from maskproxy.cli.main import cli
from tests.developer.machine import Machine, StrictGateway
from tests.developer.surfer import come_back, decided, opened_page
from tests.gateway.house import HOST
from tests.signin.surfing import Front

PRINTS_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"
ASKS_CLAUDE = """
import json, os, ssl, urllib.request
body = json.dumps({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "hello"}]}).encode()
asked = urllib.request.Request("https://api.anthropic.com/v1/messages", body, {"Content-Type": "application/json"})
print(urllib.request.urlopen(asked, timeout=20).read().decode())
"""


async def test_from_login_to_logout(front: Front, tmp_path: Path) -> None:
    machine = Machine(tmp_path, front.url, tmp_path / "other.pem")
    notes, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" > {shlex.quote(str(notes))}\n')
    browser.chmod(0o700)
    child = await machine.start(
        "login", "--gateway", front.url, "--ca", str(tmp_path / "other.pem"), BROWSER=f"{browser} %s"
    )
    onward = await decided(front, await opened_page(notes))
    assert (await come_back(onward)).status == 200
    out, err = await child.communicate()
    assert (child.returncode, out) == (0, b"")
    kept = machine.places.of("json", machine.gateway.url)
    assert f"Signed in at {front.url} as ada@example.com. The token is kept in {kept}" in err.decode()
    assert kept.stat().st_mode & 0o777 == 0o600

    who = await machine.run("whoami", "--json")
    told = json.loads(who.out)
    assert (told["name"], told["groups"], told["provider"]) == ("Ada Lovelace", ["engineering"], "company")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["token_until"])
    token = (await machine.run("token")).out.strip()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["email"] == "ada@example.com"
    assert token not in who.out + err.decode()

    found = await machine.run("findings", "--json")
    assert (found.code, found.out) == (0, "[]\n"), "other commands use the sign-in too"

    done = await machine.run("logout")
    assert (done.code, done.out, done.err) == (0, "", f"Signed out at {front.url}.\n")
    for verb in ("token", "whoami", "env", "connect"):
        done = await machine.run(verb)
        assert (done.code, done.out, "Sign in: maskproxy login" in done.err) == (77, "", True), verb


async def test_login_by_a_code(front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskproxy.signin.codes.INTERVAL_S", 1)
    machine = Machine(tmp_path, front.url, tmp_path / "other.pem")
    child = await machine.start("login", "--gateway", front.url, "--ca", str(tmp_path / "other.pem"), "--device")
    assert child.stderr is not None
    said = ""
    async with asyncio.timeout(30):
        while "good for" not in said:
            said += (await child.stderr.readline()).decode()
    code = re.search(r"^    (\S+)$", said, re.MULTILINE)
    assert code is not None, said
    assert (await front.browser().approve(code[1])).status == 200
    _, err = await child.communicate()
    assert (child.returncode, b"Signed in at" in err) == (0, True)
    assert (await asyncio.to_thread(machine.session.kept)).claims["name"] == "Ada Lovelace"


async def test_exec_runs_a_command_that_knows_nothing(front: Front, machine: Machine) -> None:
    environ = {"ANTHROPIC_API_KEY": "theirs", "NO_PROXY": HOST, "HTTPS_PROXY": "http://127.0.0.1:1"}
    done = await machine.run("exec", "--", sys.executable, "-c", ASKS_CLAUDE, **environ)
    assert (done.code, json.loads(done.out)) == (0, {"ok": True}), done.err
    assert front.origin.received[0].value("x-api-key") is not None
    done = await machine.run("exec", sys.executable, "-c", PRINTS_ENVIRONMENT, **environ)
    seen = json.loads(done.out)
    token = machine.session.kept().access_token
    assert token not in done.out
    assert "ANTHROPIC_API_KEY" not in seen
    assert seen["MASKPROXY_PREVIOUS_HTTPS_PROXY"] == "http://127.0.0.1:1"
    assert seen["HTTPS_PROXY"] == seen["http_proxy"]
    assert HOST not in seen["NO_PROXY"]


async def test_exec_by_the_base_url_and_its_exit_codes(front: Front, machine: Machine) -> None:
    done = await machine.run("exec", "--base-url", "--", sys.executable, "-c", PRINTS_ENVIRONMENT)
    seen = json.loads(done.out)
    assert seen["ANTHROPIC_BASE_URL"] == front.url
    assert seen["ANTHROPIC_AUTH_TOKEN"] == machine.session.kept().access_token
    assert "HTTPS_PROXY" not in seen
    assert seen["NODE_EXTRA_CA_CERTS"].endswith("other.pem")
    assert (await machine.run("exec", "--", "sh", "-c", "exit 7")).code == 7
    assert (await machine.run("exec", "--", "sh", "-c", "kill -TERM $$")).code == 128 + signal.SIGTERM
    done = await machine.run("exec", "--", "/nowhere/at/all")
    assert (done.code, "cannot be started" in done.err) == (127, True)


async def test_a_signal_goes_on_to_the_command(machine: Machine) -> None:
    script = "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    child = await machine.start("exec", "--", "sh", "-c", script)
    assert child.stdout is not None
    async with asyncio.timeout(30):
        assert await child.stdout.readline() == b"ready\n"
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGTERM)
        out, _ = await child.communicate()
    assert (out, child.returncode) == (b"caught\n", 3)


async def test_connect_is_found_by_other_shells_until_it_ends(front: Front, machine: Machine) -> None:
    child = await machine.start("connect", NODE_EXTRA_CA_CERTS="/nowhere")
    assert child.stderr is not None
    async with asyncio.timeout(30):
        said = (await child.stderr.readline()).decode()
        await child.stderr.readline()
    assert said.startswith("127.0.0.1:")
    assert f"{HOST}, telemetry.example.com to {front.url}" in said
    environ = {"ANTHROPIC_API_KEY": "theirs", "https_proxy": "http://before.example.com:1"}
    printed = await machine.run("env", **environ)
    assert printed.code == 0
    token = machine.session.kept().access_token
    assert token not in printed.out + printed.err + said
    read = await asyncio.create_subprocess_exec(
        "sh", "-c", f'eval "$1"; exec {shlex.quote(sys.executable)} -c "$2"', "sh", printed.out, ASKS_CLAUDE,
        env=machine.environ | environ, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await read.communicate()
    assert json.loads(out) == {"ok": True}
    assert "unset ANTHROPIC_API_KEY\n" in printed.out
    assert "export MASKPROXY_PREVIOUS_HTTPS_PROXY=http://before.example.com:1\n" in printed.out
    by_url = await machine.run("env", "--base-url")
    assert f"export ANTHROPIC_BASE_URL={front.url}\n" in by_url.out
    assert f"export ANTHROPIC_AUTH_TOKEN={token}\n" in by_url.out
    assert "ends in 1" in by_url.err
    child.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        assert await child.wait() == 0
    assert not machine.places.of("connect", machine.gateway.url).exists()
    assert "ANTHROPIC_BASE_URL" in (await machine.run("env")).out


async def test_a_refused_refresh_leaves_with_77_and_an_absent_gateway_with_69(
    strict: StrictGateway, strict_machine: Machine
) -> None:
    strict.status = 503
    session = strict_machine.session
    strict_machine.let_go_stale()
    done = await strict_machine.run("token")
    assert (done.code, done.out) == (0, "access-0\n")
    one = session.kept()
    session.keep(type(one)(**{**vars(one), "ends_at": time.time() - 1}))
    done = await strict_machine.run("token")
    assert (done.code, done.out, "Come back later" in done.err) == (69, "", True)
    strict.status, strict.good = 200, "another"
    done = await strict_machine.run("token")
    assert (done.code, done.out, "maskproxy login" in done.err) == (77, "", True)
    assert "refresh-0" not in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("login",), "Name the gateway: --gateway URL, or one of MASKPROXY_URL"),
        (("login", "--gateway", "http://gateway.example"), "use https"),
        (("token", "--gateway", "https://a/b"), "no path"),
        (("token", "--gateway", "https://a", "--ca", "/nowhere"), "--ca"),
        (("exec", "--gateway", "https://a"), "Missing argument"),
        (("env", "--gateway", "https://a", "--grant", "g"), "--settings"),
    ],
)
def test_wrong_usage_is_2(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    result = CliRunner(env={"XDG_STATE_HOME": str(tmp_path), "MASKPROXY_URL": None}).invoke(cli, arguments)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr


async def test_the_gateway_is_named_by_an_option_then_by_the_environment(
    strict: StrictGateway, strict_machine: Machine
) -> None:
    assert (await strict_machine.run("token")).out == "access-0\n"
    done = await strict_machine.run("token", MASKPROXY_URL="https://another.example.com")
    assert (done.code, "https://another.example.com" in done.err) == (77, True)
    done = await strict_machine.run("token", "--gateway", strict.url, MASKPROXY_URL="https://another.example.com")
    assert done.out == "access-0\n"


async def test_a_state_folder_that_cannot_be_written_is_told(strict_machine: Machine) -> None:
    blocked = strict_machine.home / "file"
    blocked.write_text("")
    done = await strict_machine.run("logout", "--gateway", "http://127.0.0.1:1", XDG_STATE_HOME=str(blocked))
    assert (done.code, "XDG_STATE_HOME" in done.err) == (69, True)
