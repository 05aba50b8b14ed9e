"""Hosts, addresses and origins as people write them.

Each has one parser that raises ValueError with a sentence to show. No sentence repeats the value: it may have come
from the environment. Nothing of ours is imported, so that commands that run often start quickly.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_HOST_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


@dataclass(frozen=True, order=True)
class Address:
    """A TCP address to listen on or to dial. `host` has no brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """True for 127.0.0.0/8, ::1 and the name localhost; no name is resolved."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_host(value: object) -> str:
    """A host name or an IP address, in lower case and without a port, a trailing dot or a wildcard."""
    sentence = "Write a host name or an IP address, without a port or a wildcard."
    if not isinstance(value, str):
        raise ValueError(sentence)
    host = value.lower()
    try:
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    labels = host.split(".")
    if len(host) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueError(sentence)
    return host


def parse_address(value: object) -> Address:
    """`host:port` or `[v6]:port`. Port 0 asks the system for a free one."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:]+):(\d{1,5})", value) if isinstance(value, str) else None
    if match is None or int(match[2]) > 65535:
        raise ValueError("Write an address as host:port, such as 127.0.0.1:8080 or [::1]:8080.")
    return Address(parse_host(match[1]), int(match[2]))


@dataclass(frozen=True)
class Url:
    """An http or https URL that names an origin and nothing more."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        default = {"https": 443, "http": 80}[self.scheme]
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == default else f":{self.port}")


def parse_url(value: object) -> Url:
    """`https://host[:port]`, and `http://` too. No path, query, fragment or user-info."""
    sentence = "Write an origin, such as https://api.example.com, with no path, query or user name."
    if not isinstance(value, str):
        raise ValueError(sentence)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(sentence) from None
    extras = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc or not parts.hostname
    if parts.scheme not in {"https", "http"} or extras or port == 0:
        raise ValueError(sentence)
    default = 443 if parts.scheme == "https" else 80
    return Url(parts.scheme, parse_host(parts.hostname), default if port is None else port)


def safe_url(value: object) -> Url:
    """`parse_url`, with http only where nothing can listen in: on loopback."""
    url = parse_url(value)
    if url.scheme == "http" and not is_loopback(url.host):
        raise ValueError("Plain http is allowed only to a loopback address; use https.")
    return url
