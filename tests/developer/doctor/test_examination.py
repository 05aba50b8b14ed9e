"""Each fault by itself, on a machine that is otherwise well, against a whole gateway."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from maskproxy.developer.doctor import trust
from maskproxy.developer.doctor.check import Check
from maskproxy.developer.doctor.examination import address, examine
from maskproxy.developer.exports import for_proxy
from maskproxy.developer.trust import write_trust
from maskproxy.origins import Url, parse_url
from tests.developer.machine import Machine, at_work
from tests.gateway.house import HOST
from tests.signin.surfing import Front


@pytest.fixture
async def machine(tmp_path: Path, front: Front) -> AsyncIterator[Machine]:
    machine = await at_work(tmp_path, front)
    machine.environ |= {"NODE_EXTRA_CA_CERTS": str(tmp_path / "other.pem"), "PATH": put_node(tmp_path, "trusted")}
    yield machine
    await machine.close()


Clock = Callable[[], float]


async def looked(
    machine: Machine, environ: Mapping[str, str] | None = None, *, url: str = "", clock: Clock = time.time
) -> list[Check]:
    at, around = machine.gateway, {**machine.environ, **(environ or {})}
    return await asyncio.to_thread(
        lambda: list(examine(url or str(at.url), at.ca, machine.places.session, around, clock))
    )


async def fault(
    machine: Machine, environ: Mapping[str, str] | None = None, *, url: str = "", clock: Clock = time.time
) -> Check:
    """The only one."""
    (one,) = [check for check in await looked(machine, environ, url=url, clock=clock) if check.is_fault]
    return one


async def test_a_machine_that_is_well_has_none(machine: Machine) -> None:
    checks = await looked(machine, {"PATH": os.environ["PATH"]})
    assert [check for check in checks if check.is_fault] == []
    told = {check.name: check.told for check in checks}
    assert list(told) == [
        "address", "trust: this command", "clock", "sign-in", "token", "trust: Node", "environment",
    ]  # fmt: skip
    assert "14 min" in told["sign-in"] or "15 min" in told["sign-in"]
    by_url = await looked(machine, {"ANTHROPIC_BASE_URL": str(machine.gateway.url)})
    assert [check for check in by_url if check.is_fault] == []


async def test_what_is_no_address(machine: Machine) -> None:
    one = await fault(machine, url="http://gateway.example.com")
    assert ("use https" in one.told, one.fix) == (True, "Name another: --gateway URL")


async def test_nobody_answers_there(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        one = await fault(machine, url=f"https://127.0.0.1:{unused.getsockname()[1]}")
    assert (one.name, "ConnectionRefusedError" in one.told, "VPN" in one.fix) == ("address", True, True)

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "create_connection", unknown)
    assert "is not known here" in address(parse_url("https://gone.example.com")).told


async def test_an_authority_that_this_command_does_not_know(front: Front, machine: Machine, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "wrong.pem"))
    machine.gateway = replace(machine.gateway, ca=tmp_path / "wrong.pem")
    one = await fault(machine)
    assert (one.name, one.told) == ("trust: this command", "The gateway's certificate is not trusted.")
    assert "--ca FILE" in one.fix
    machine.gateway = replace(machine.gateway, ca=None)
    assert (await fault(machine)).told == one.told, "nor is it of the system's"
    (tmp_path / "wrong.pem").write_text("nothing")
    machine.gateway = replace(machine.gateway, ca=tmp_path / "wrong.pem")
    assert "no certificate in PEM" in (await fault(machine)).told


DAY = timedelta(days=1)
CERTIFICATES = [
    ("another.example.com", 0 * DAY, 9 * DAY, "for another name than localhost"),
    ("localhost", -9 * DAY, -DAY, "has expired"),
    ("localhost", DAY, 9 * DAY, "is not valid yet"),
]


@pytest.mark.parametrize(("name", "begins", "ends", "says"), CERTIFICATES)
async def test_certificates_that_nobody_should_trust(
    tmp_path: Path, name: str, begins: timedelta, ends: timedelta, says: str
) -> None:
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    now = datetime.now(UTC)
    ca.issue_cert(name, not_before=now + begins, not_after=now + ends).configure_cert(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def closed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(closed, "127.0.0.1", 0, ssl=context)
    async with server:
        url = Url("https", "localhost", server.sockets[0].getsockname()[1])
        one = await asyncio.to_thread(trust.by_system, url, tmp_path / "ca.pem")
    assert says in one.told
    assert one.is_fault
    assert "--ca" not in one.fix, "another authority would not help"


async def test_a_port_without_tls(front: Front) -> None:
    one = await asyncio.to_thread(trust.by_system, Url("https", "127.0.0.1", front.ports[0]), None)
    assert "Check the port" in one.fix


async def test_a_clock_that_is_off(machine: Machine) -> None:
    for ahead_s, says in ((200.0, "200 s ahead of"), (-200.0, "200 s behind")):
        one = await fault(machine, clock=lambda ahead_s=ahead_s: time.time() + ahead_s)  # type: ignore[misc]
        assert one.name == "clock"
        assert says.split(" ", 1)[1] in one.told
        assert abs(int(one.told.split()[3]) - 200) <= 2
        assert "NTP" in one.fix


async def test_who_is_not_signed_in(front: Front, machine: Machine) -> None:
    await asyncio.to_thread(machine.session.end)
    one = await fault(machine)
    assert (one.name, one.fix) == ("sign-in", "maskproxy login")


async def test_a_token_that_the_gateway_refuses(front: Front, machine: Machine) -> None:
    one = machine.session.kept()
    machine.session.keep(replace(one, access_token=front.token(exp=1)))
    found = await fault(machine)
    assert (found.name, "maskproxy login" in found.fix) == ("token", True)


async def test_a_file_of_tokens_that_others_may_read(machine: Machine) -> None:
    machine.places.of("json", machine.gateway.url).chmod(0o644)
    one = await fault(machine)
    assert (one.name, "Others than you" in one.told) == ("sign-in", True)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
async def test_python_has_other_roots(machine: Machine, tmp_path: Path, variable: str) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "wrong.pem"))
    one = await fault(machine, {variable: str(tmp_path / "wrong.pem")})
    assert (one.name, variable in one.fix) == (f"trust: Python by {variable}", True)
    one = await fault(machine, {variable: "/nowhere"})
    assert (f"unset {variable}" in one.fix, "without certificates" in one.told) == (True, True)
    well = await looked(machine, {variable: str(tmp_path / "other.pem")})
    assert [check for check in well if check.is_fault] == []


def put_node(directory: Path, says: str) -> str:
    """A node that says what it is told to; gives the PATH to it."""
    node = directory / "bin" / "node"
    node.parent.mkdir(exist_ok=True)
    node.write_text(f'#!/bin/sh\n[ "$1" = -e ] && [ "$4" = localhost ] && echo "{says}"\n')
    node.chmod(0o700)
    return str(node.parent)


async def test_node_has_other_roots(machine: Machine, tmp_path: Path) -> None:
    one = await fault(machine, {"PATH": put_node(tmp_path, "UNABLE_TO_VERIFY_LEAF_SIGNATURE")})
    assert (one.name, "NODE_EXTRA_CA_CERTS=FILE" in one.fix) == ("trust: Node", True)
    assert "(UNABLE_TO_VERIFY_LEAF_SIGNATURE)" in one.told
    assert "(failed)" in (await fault(machine, {"PATH": put_node(tmp_path, "\x1b[2J")})).told
    put_node(tmp_path, "trusted")
    one = await fault(machine, {"NODE_EXTRA_CA_CERTS": "/nowhere"})
    assert "Node passes over it" in one.told
    told = {check.name: check.told for check in await looked(machine, {"PATH": "/nowhere"})}
    assert told["trust: Node"] == "Not looked at: no node in PATH."


@pytest.mark.parametrize(
    ("environ", "name", "fix"),
    [
        ({"ANTHROPIC_API_KEY": "a-key-of-mine"}, "environment", "unset ANTHROPIC_API_KEY"),
        ({"CLAUDE_CODE_USE_VERTEX": "1"}, "environment", "unset CLAUDE_CODE_USE_VERTEX"),
        ({"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:1"}, "environment", "Set both alike"),
    ],
)
async def test_traps_of_the_environment(machine: Machine, environ: dict[str, str], name: str, fix: str) -> None:
    one = await fault(machine, environ)
    assert (one.name, fix in one.fix) == (name, True)
    assert "a-key-of-mine" not in one.told + one.fix


async def test_by_url_another_proxy_is_in_the_way(machine: Machine) -> None:
    environ = {"ANTHROPIC_BASE_URL": str(machine.gateway.url), "HTTPS_PROXY": "http://proxy.example.com:1"}
    found = [check for check in await looked(machine, environ) if check.is_fault]
    assert {check.name for check in found} == {"NO_PROXY"}
    assert "Add localhost to NO_PROXY" in found[0].fix
    well = await looked(machine, {**environ, "NO_PROXY": "localhost", "no_proxy": "localhost"})
    assert [check for check in well if check.is_fault] == []


async def test_the_gateway_itself_as_the_proxy(machine: Machine, tmp_path: Path) -> None:
    url = machine.gateway.url
    environ = {"HTTPS_PROXY": f"https://me:a-token@{url.host}:{url.port}"}
    found = await fault(machine, environ)
    assert (found.name, "interception CA" in found.told) == ("trust: Node", True)
    assert "a-token" not in found.told + found.fix
    well = await looked(machine, {**environ, "NODE_EXTRA_CA_CERTS": str(tmp_path / "ca" / "ca.pem")})
    assert [check for check in well if check.is_fault] == []


async def test_through_our_proxy(front: Front, machine: Machine, tmp_path: Path) -> None:
    ca = (tmp_path / "ca" / "ca.pem").read_text()
    files = tmp_path / "extra.pem", tmp_path / "whole.pem"
    given = {"SSL_CERT_FILE": str(tmp_path / "other.pem")}
    proxy = socket.create_server(("127.0.0.1", 0))
    port = proxy.getsockname()[1]
    url = f"http://maskproxy:secret@127.0.0.1:{port}"
    environ = dict(for_proxy(str(machine.gateway.url), url, {}, write_trust(ca, given, *files)).put)
    with proxy:
        assert [check for check in await looked(machine, environ) if check.is_fault] == []
        found = await fault(machine, {**environ, "NO_PROXY": f"localhost,{HOST}"})
        assert (found.name, HOST in found.told) == ("NO_PROXY", True)
        found = await fault(machine, {**environ, "ANTHROPIC_BASE_URL": "https://elsewhere.example.com"})
        assert found.fix == "unset ANTHROPIC_BASE_URL"
        found = await fault(machine, {**environ, "NODE_EXTRA_CA_CERTS": str(tmp_path / "other.pem")})
        assert (found.name, "interception CA" in found.told) == ("trust: Node", True)
        found = await fault(machine, {**environ, "SSL_CERT_FILE": str(tmp_path / "other.pem")})
        assert found.name == "trust: Python by SSL_CERT_FILE"
    found = await fault(machine, environ)
    assert found.fix == f"maskproxy connect --port {port}"


async def test_the_command_tells_all_of_it(machine: Machine) -> None:
    done = await machine.run("doctor")
    assert (done.code, "FAULT" in done.out, done.err) == (0, False, "")
    done = await machine.run("doctor", ANTHROPIC_API_KEY="a-key-of-mine")
    assert done.code == 1
    assert "FAULT  environment: ANTHROPIC_API_KEY is set" in done.out
    assert "       do: unset ANTHROPIC_API_KEY\n" in done.out
    done = await machine.run("doctor", "--json", "--gateway", "https://127.0.0.1:1")
    (first, *_) = json.loads(done.out)
    assert (done.code, first["check"], first["fault"], bool(first["fix"])) == (1, "address", True, True)
