"""How commands ask the gateway, against a small server that says what a test wants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from maskproxy.cli.main import cli
from maskproxy.developer.gateway import Gateway
from maskproxy.developer.remembered import Places
from maskproxy.developer.sign_in import SignIn
from maskproxy.errors import Denied, MaskproxyError, NotFound, Unauthenticated, Unavailable

ENVIRON = dict.fromkeys(("MASKPROXY_URL", "ANTHROPIC_BASE_URL", "MASKPROXY_TOKEN", "ANTHROPIC_AUTH_TOKEN"))
FINDING = {
    "rule": "jwt", "placeholder": "MASKED_JWT_x", "place": "a\x1b[2J", "last_seen": "2026-01-01T00:00:00Z", "times": 2,
    "action": "mask", "session": "s1", "lift": "at_once", "allowed_until": None,
}  # fmt: skip


class Desk:
    """What is answered, and what was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: object = {"findings": []}
        self.fields: dict[str, str] = {}
        self.asked: list[tuple[str, str, str, bytes]] = []
        self.url = ""


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            desk.asked.append((self.command, self.path, self.headers["Authorization"], body))
            answer = desk.body if isinstance(desk.body, bytes) else json.dumps(desk.body).encode()
            self.send_response(desk.status)
            for name, value in {**desk.fields, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    desk.url = f"http://127.0.0.1:{server.server_port}"
    yield desk
    server.shutdown()
    thread.join()
    server.server_close()


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner(env={**ENVIRON, "XDG_STATE_HOME": "/nonexistent", **environ}).invoke(cli, arguments)


def test_the_gateway_and_the_token_come_from_options_then_our_names_then_claudes(desk: Desk, tmp_path: Path) -> None:
    claudes = {"ANTHROPIC_BASE_URL": desk.url, "ANTHROPIC_AUTH_TOKEN": "claudes"}
    assert run("findings", **claudes).exit_code == 0
    nowhere = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}
    run("findings", **claudes | nowhere | {"MASKPROXY_URL": desk.url + "/", "MASKPROXY_TOKEN": "ours"})
    (tmp_path / "token").write_text(" from-a-file\n")
    options = ("--gateway", desk.url, "--token-file", str(tmp_path / "token"), "--limit", "7")
    run("findings", *options, MASKPROXY_URL="http://127.0.0.1:1", MASKPROXY_TOKEN="ours")
    assert [(path, proof) for _, path, proof, _ in desk.asked] == [
        ("/maskproxy/v1/findings?limit=100", "Bearer claudes"),
        ("/maskproxy/v1/findings?limit=100", "Bearer ours"),
        ("/maskproxy/v1/findings?limit=7", "Bearer from-a-file"),
    ]


@pytest.mark.parametrize(
    ("arguments", "environ", "says"),
    [
        ([], {}, "Name the gateway"),
        (["--gateway", "http://gateway.example"], {"MASKPROXY_TOKEN": "t"}, "use https"),
        (["--gateway", "https://gateway.example/v1"], {"MASKPROXY_TOKEN": "t"}, "no path"),
        (["--gateway", "http://127.0.0.1:1"], {"MASKPROXY_TOKEN": "a\nb"}, "Hand over your token"),
        (["--gateway", "http://127.0.0.1:1", "--token-file", "/nowhere"], {}, "cannot be read"),
        (["--gateway", "https://127.0.0.1:1", "--ca", "/nowhere"], {"MASKPROXY_TOKEN": "t"}, "--ca"),
    ],
)
def test_what_is_missing_is_said(arguments: list[str], environ: dict[str, str], says: str) -> None:
    result = run("findings", *arguments, **environ)
    assert (result.exit_code, says in result.stderr) == (2, True)


@pytest.mark.parametrize("environ", [{}, {"ANTHROPIC_AUTH_TOKEN": "maskproxy"}])
def test_without_a_token_the_sign_in_counts(desk: Desk, tmp_path: Path, environ: dict[str, str]) -> None:
    environ = {**environ, "XDG_STATE_HOME": str(tmp_path)}
    result = run("findings", "--gateway", desk.url, **environ)
    assert isinstance(result.exception, Unauthenticated)
    assert "maskproxy login, or hand over a token: --token-file" in str(result.exception)
    places = Places(environ)
    gateway = Gateway.at(desk.url, None)
    now = time.time()
    places.session(gateway).keep(SignIn(desk.url, "signed-in", "", now, now + 900, "/t", "/r"))
    places.remember(gateway)
    assert run("findings", **environ).exit_code == 0
    assert desk.asked[0][2] == "Bearer signed-in"
    result = run("findings", "--gateway", "http://127.0.0.1:1", **environ)
    assert isinstance(result.exception, Unauthenticated), "a token is for the gateway that gave it"


def test_a_token_is_no_option() -> None:
    assert run("findings", "--token", "secret").exit_code == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, Unauthenticated), (403, Denied), (404, NotFound), (429, Unavailable), (503, Unavailable)],
)
def test_refusals_become_errors_with_the_gateways_words(desk: Desk, status: int, error: type[MaskproxyError]) -> None:
    desk.status, desk.body = status, {"type": "error", "error": {"message": "Not so.\x1b[31m"}}
    result = run("findings", MASKPROXY_URL=desk.url, MASKPROXY_TOKEN="t")
    assert type(result.exception) is error
    assert str(result.exception) == "Not so.\\x1b[31m"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff"])
def test_what_is_no_gateway_is_told(desk: Desk, body: bytes) -> None:
    desk.body = body
    assert "no gateway" in str(run("findings", MASKPROXY_URL=desk.url, MASKPROXY_TOKEN="t").exception)


def test_a_token_follows_no_redirect(desk: Desk) -> None:
    desk.status, desk.fields, desk.body = 302, {"Location": desk.url + "/elsewhere"}, b""
    assert isinstance(run("findings", MASKPROXY_URL=desk.url, MASKPROXY_TOKEN="t").exception, Unavailable)
    assert len(desk.asked) == 1


def test_one_that_is_not_there_is_told_without_the_token() -> None:
    result = run("findings", MASKPROXY_URL="http://127.0.0.1:1", MASKPROXY_TOKEN="a-token-of-mine")
    assert isinstance(result.exception, Unavailable)
    assert "a-token-of-mine" not in f"{result.exception} {result.exception.detail} {result.output}"


def test_findings_are_a_table_fit_for_a_terminal_or_json(desk: Desk) -> None:
    environ = {"MASKPROXY_URL": desk.url, "MASKPROXY_TOKEN": "t"}
    assert "Nothing was masked" in run("findings", **environ).stderr
    desk.body = {"findings": [FINDING, FINDING | {"allowed_until": "2026-01-02T00:00:00Z"}]}
    result = run("findings", **environ)
    head, first, second = result.stdout.splitlines()
    assert head.startswith("to pass")
    assert first.startswith("at once ")
    assert second.startswith("until 2026-01-02")
    assert "\x1b" not in result.stdout
    assert json.loads(run("findings", "--json", **environ).stdout) == desk.body["findings"]


def test_what_is_asked_for_is_sent_and_told(desk: Desk) -> None:
    environ = {"MASKPROXY_URL": desk.url, "MASKPROXY_TOKEN": "t"}
    arguments = ("MASKED_X", "--for", "1h30m", "--reason", "why not")
    desk.body = {"allowance": {"id": "a1", "state": "active", "expires": "2026-01-02"}}
    for order in (arguments, (*arguments[1:], arguments[0])):
        assert run("allow", *order, **environ).stdout == "It passes for you until 2026-01-02 (a1).\n"
    desk.body = {"allowance": {"id": "a1", "state": "pending"}}
    assert "waits for approval as a1" in run("allow", *arguments, **environ).stdout
    assert {(method, path) for method, path, _, _ in desk.asked} == {("POST", "/maskproxy/v1/allowances")}
    assert json.loads(desk.asked[0][3]) == {"placeholder": "MASKED_X", "for_s": 5400.0, "reason": "why not"}
    assert run("allow", "MASKED_X", "--for", "soon", "--reason", "x", **environ).exit_code == 2
    assert run("allow", "MASKED_X", "--for", "1h", **environ).exit_code == 2
    desk.status, desk.body = 400, {"error": {"message": "An allowance lasts less."}}
    result = run("allow", *arguments, **environ)
    assert (result.exit_code, "lasts less" in result.stderr) == (2, True)


def test_the_list_of_ones_own(desk: Desk) -> None:
    desk.body = {"allowances": [{"id": "a1", "state": "expired", "expires": None, "rule": "jwt", "reason": "why"}]}
    environ = {"MASKPROXY_URL": desk.url, "MASKPROXY_TOKEN": "t"}
    assert "a1  expired" in run("allow", "list", **environ).stdout
    assert json.loads(run("allow", "list", "--json", **environ).stdout) == desk.body["allowances"]
    assert run("allow", "--help").exit_code == 0
    assert run("allow").exit_code == 2
