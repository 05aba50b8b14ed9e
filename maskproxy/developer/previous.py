"""The proxy that this machine used before, and whom it trusted: HTTPS_PROXY, NO_PROXY and the like. Pure.

Where these are ours, as in a shell that `maskproxy env` was read into, what stood there before is in
MASKPROXY_PREVIOUS_..., lest a proxy of ours lead to one that has ended, or to itself.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from maskproxy.origins import is_loopback, parse_host

USER = "maskproxy"
"""The user's name in the URL of a proxy of ours."""
KEPT = "MASKPROXY_PREVIOUS_"
NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
"""Most programs read lower case first."""
TRUST = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    host: str
    port: int
    secure: bool
    authorization: str = field(default="", repr=False)
    """The value of Proxy-Authorization, or no text."""


@dataclass(frozen=True)
class Previous:
    https: Proxy | None = None
    http: Proxy | None = None
    except_for: tuple[str, ...] = ()

    def towards(self, host: str, port: int, *, secure: bool) -> Proxy | None:
        proxy = self.https if secure else self.http
        return None if proxy is None or matches(self.except_for, host, port) else proxy


def before(environ: Mapping[str, str]) -> dict[str, str]:
    """What the environment said of proxies and trust before ours, by upper-case names."""
    named = {name: environ.get(name.lower()) or environ.get(name) or "" for name in NAMES}
    named |= {name: environ.get(name, "") for name in TRUST}
    if is_ours(named["HTTPS_PROXY"]) or is_ours(named["HTTP_PROXY"]):
        named = {name: environ.get(KEPT + name, "") for name in named}
    return {name: value for name, value in named.items() if value}


def previous(environ: Mapping[str, str]) -> Previous:
    """Raises ValueError for a proxy that is no HTTP proxy."""
    named = before(environ)
    others = named.get("ALL_PROXY", "")
    return Previous(
        _proxy(named.get("HTTPS_PROXY") or others),
        _proxy(named.get("HTTP_PROXY") or others),
        exceptions(named.get("NO_PROXY", "")),
    )


def is_ours(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.username == USER and is_loopback(parts.hostname or "")
    except ValueError:
        return False


def _proxy(url: str) -> Proxy | None:
    if not url:
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parse_host(parts.hostname), parts.port
    except ValueError:
        raise ValueError("HTTPS_PROXY or HTTP_PROXY cannot be read. Write http://host:port.") from None
    if parts.scheme not in _PORTS:
        raise ValueError("The proxy of HTTPS_PROXY or ALL_PROXY is no HTTP proxy, and no other kind is spoken here.")
    secret = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        secret = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(host, port or _PORTS[parts.scheme], parts.scheme == "https", secret)


def exceptions(text: str) -> tuple[str, ...]:
    return tuple(entry.lower() for entry in text.replace(",", " ").split())


def matches(entries: tuple[str, ...], host: str, port: int) -> bool:
    """As most programs read NO_PROXY: a name is also for what is below it; networks, ports and `*` are understood."""
    host = host.lower().rstrip(".")
    return any(_matches(entry, host, port) for entry in entries)


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, _, number = entry.rpartition(":")
    if number.isdigit() and ("]" in name or ":" not in name):
        if int(number) != port:
            return False
        entry = name
    entry = entry.removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = entry.removeprefix("*").removeprefix(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
