"""The whole examination, from the address to the token. What hangs on something that failed is left out."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path

from maskproxy.developer.doctor import environment, trust
from maskproxy.developer.doctor.check import Check
from maskproxy.developer.gateway import Gateway
from maskproxy.developer.oauth import DISCOVERY
from maskproxy.developer.routed import Routed, routed
from maskproxy.developer.session import Session
from maskproxy.errors import Denied, MaskproxyError, Unauthenticated
from maskproxy.origins import Url, safe_url

WAIT_S = 10.0
_SKEW_S = 60.0
_LOGIN = "maskproxy login"


def examine(
    url: str,
    ca: Path | None,
    session: Callable[[Gateway], Session],
    environ: Mapping[str, str],
    clock: Callable[[], float] = time.time,
) -> Iterator[Check]:
    """Every look, in order. Raises nothing for what may be wrong on a machine."""
    try:
        origin = safe_url(url)
    except ValueError as error:
        yield Check("address", f"The gateway's URL cannot be used. {error}", "Name another: --gateway URL")
        return
    hosts: Routed | None = None
    reached = address(origin)
    yield reached
    if not reached.is_fault:
        hosts = yield from _beyond(origin, ca, session, clock)
        if origin.scheme == "https":
            yield from _trust_of_others(origin, environ, hosts)
    yield from _surroundings(environ, origin, hosts)


def _beyond(
    origin: Url, ca: Path | None, session: Callable[[Gateway], Session], clock: Callable[[], float]
) -> Generator[Check, None, Routed | None]:
    if origin.scheme == "https":
        trusted = trust.by_system(origin, ca)
        yield trusted
        if trusted.is_fault:
            return None
    gateway = Gateway.at(str(origin), ca)
    yield clocks(gateway, clock)
    return (yield from token(gateway, session, clock))


def address(url: Url) -> Check:
    try:
        socket.create_connection((url.host, url.port), WAIT_S).close()
    except socket.gaierror:
        return Check("address", f"The name {url.host} is not known here.", "Check the URL, the VPN and the DNS.")
    except OSError as error:
        return Check(
            "address",
            f"{url.host} does not answer at port {url.port} ({type(error).__name__}).",
            "Check the URL, the VPN and the firewall, and whether the gateway is up.",
        )
    return Check("address", f"{url} answers.")


def clocks(gateway: Gateway, clock: Callable[[], float]) -> Check:
    begun = clock()
    try:
        theirs = parsedate_to_datetime(gateway.get(DISCOVERY).date).timestamp()
    except (MaskproxyError, ValueError, TypeError):
        return Check("clock", "Not looked at: the gateway did not tell its time.")
    # The gateway's is cut to the second, and told somewhere between.
    skew_s = (begun + clock()) / 2 - theirs - 0.5
    if abs(skew_s) > _SKEW_S:
        ahead = "ahead of" if skew_s > 0 else "behind"
        return Check("clock", f"This clock is {abs(skew_s):.0f} s {ahead} the gateway's.", "Set it, or switch NTP on.")
    return Check("clock", "This clock and the gateway's agree.")


def token(
    gateway: Gateway, session: Callable[[Gateway], Session], clock: Callable[[], float]
) -> Generator[Check, None, Routed | None]:
    """Gives what the gateway says of its hosts to who is signed in."""
    try:
        one = session(gateway)
        fresh = one.fresh()
    except Unauthenticated as error:
        yield Check("sign-in", str(error), _LOGIN)
        return None
    except MaskproxyError as error:
        yield Check("sign-in", str(error), f"Try again later, or: {_LOGIN}")
        return None
    minutes = (fresh.ends_at - clock()) / 60
    yield Check("sign-in", f"Your token is kept in {one.keeper.where}, and lasts {minutes:.0f} min more.")
    try:
        hosts = routed(gateway, fresh.access_token)
    except (Unauthenticated, Denied) as error:
        yield Check("token", f"The gateway refuses your token. {error}", f"{_LOGIN}, or ask the gateway's operators")
        return None
    except MaskproxyError as error:
        yield Check("token", f"The gateway does not answer. {error}", "Tell the gateway's operators.")
        return None
    yield Check("token", "The gateway takes your token.")
    return hosts


def _trust_of_others(origin: Url, environ: Mapping[str, str], hosts: Routed | None) -> Iterator[Check]:
    ca = None
    if environment.way(environ, origin) == "proxy":
        if hosts is None or hosts.ca is None:
            yield Check("trust: others", "Not looked at: the gateway's interception CA is not known.")
            return
        ca = hosts.ca
    yield from trust.by_python(origin, environ, ca)
    yield trust.by_node(origin, environ, ca)


def _surroundings(environ: Mapping[str, str], origin: Url, hosts: Routed | None) -> Iterator[Check]:
    going = environment.way(environ, origin)
    told = {
        "proxy": "Programs of this shell go through a proxy that leads to the gateway.",
        "base_url": "Claude's clients of this shell go to the gateway by ANTHROPIC_BASE_URL.",
        "none": "Nothing in this shell leads to the gateway; `maskproxy env` and `maskproxy exec` do.",
    }
    yield Check("environment", told[going])
    port = environment.own_proxy(environ)
    if port is not None:
        try:
            socket.create_connection(("127.0.0.1", port), WAIT_S).close()
        except OSError:
            yield Check("environment", "maskproxy's loopback proxy has ended.", f"maskproxy connect --port {port}")
    yield from environment.traps(environ, origin, hosts.hosts if hosts is not None else frozenset())
