"""A loopback proxy made ready from a sign-in, and where other shells find the one that runs."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from maskproxy.developer.connect import Connect, Tokens
from maskproxy.developer.exports import Exports, for_proxy
from maskproxy.developer.previous import before, previous
from maskproxy.developer.private import read_private, write_private
from maskproxy.developer.remembered import Places
from maskproxy.developer.routed import routed
from maskproxy.developer.session import Session
from maskproxy.developer.trust import write_trust
from maskproxy.errors import Unavailable

_WAIT_S = 2.0


@dataclass(frozen=True)
class Running:
    url: str = field(repr=False)
    pid: int
    trust: Mapping[str, str]


@dataclass(frozen=True)
class Ready:
    connect: Connect
    trust: Mapping[str, str]
    before: Mapping[str, str]

    def exports(self, gateway: str) -> Exports:
        """Once it listens."""
        return for_proxy(gateway, self.connect.url, self.before, self.trust)


def make_ready(
    places: Places, session: Session, environ: Mapping[str, str], secret: str, say: Callable[[str], None]
) -> Ready:
    """Ask the gateway what is routed. Raises what that raises, and ValueError for a previous proxy of another kind."""
    earlier = previous(environ)
    first = session.fresh()
    hosts = routed(session.gateway, first.access_token)
    if hosts.ca is None:
        raise Unavailable("This gateway is no proxy, for lack of an interception CA. Use maskproxy exec --base-url.")
    url, named = session.gateway.url, before(environ)
    trust = write_trust(hosts.ca, named, places.of("extra.pem", url), places.of("roots.pem", url))
    connect = Connect(session.gateway, Tokens(session, first, say), hosts, earlier, secret, say)
    return Ready(connect, trust, named)


def lasting_secret(places: Places) -> str:
    """The same for every `connect` on this machine, so that open shells outlive a restart. Raises Unavailable."""
    data = read_private(places.secret)
    if data is None or len(data) < 32:
        data = secrets.token_urlsafe(24).encode()
        write_private(places.secret, data)
    return data.decode("ascii")


def tell_running(path: Path, ready: Ready) -> None:
    write_private(path, json.dumps(asdict(Running(ready.connect.url, os.getpid(), ready.trust))).encode())


def forget_running(path: Path) -> None:
    """Only what this process told: another may have begun since."""
    one = _read(path)
    if one is not None and one.pid == os.getpid():
        path.unlink(missing_ok=True)


def find_running(path: Path) -> Running | None:
    """One that was told of, and still answers."""
    one = _read(path)
    if one is None:
        return None
    try:
        os.kill(one.pid, 0)
        socket.create_connection(("127.0.0.1", urlsplit(one.url).port or 0), _WAIT_S).close()
    except (OSError, ValueError):
        return None
    return one


def _read(path: Path) -> Running | None:
    data = read_private(path)
    try:
        return None if data is None else Running(**json.loads(data))
    except (ValueError, TypeError):
        return None
