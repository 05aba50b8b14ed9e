"""Which hosts belong to the gateway, as it says itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from maskproxy.developer.gateway import Gateway
from maskproxy.errors import NotFound, Unavailable
from maskproxy.origins import parse_host

PATH = "/maskproxy/v1/routes"


@dataclass(frozen=True)
class Routed:
    hosts: frozenset[str]
    base_url: bool
    """Whether the gateway also answers as a base URL."""
    ca: str | None
    """Whom programs must trust to be answered by the gateway in these hosts' names, in PEM."""

    def takes(self, host: str) -> bool:
        return host in self.hosts


def routed(gateway: Gateway, token: str) -> Routed:
    """Raises Unauthenticated, Denied and Unavailable."""
    try:
        document = gateway.get(PATH, token).told()
    except NotFound:
        raise Unavailable(
            "This gateway does not tell which hosts belong to it. Ask its operators to update it."
        ) from None
    return read(document)


def read(document: Mapping[str, object]) -> Routed:
    """Raises Unavailable for what is not understood whole: a host that is passed over would go past the gateway."""
    hosts, base_url, ca = document.get("hosts"), document.get("base_url"), document.get("ca")
    fits = isinstance(base_url, bool) and (ca is None or isinstance(ca, str))
    try:
        names = frozenset(parse_host(host) for host in hosts) if isinstance(hosts, list) else frozenset()
    except ValueError:
        names = frozenset()
    if not names or not fits:
        raise Unavailable("What the gateway says of its hosts cannot be read. Update maskproxy on this machine.")
    assert isinstance(base_url, bool)
    return Routed(names, base_url, ca if isinstance(ca, str) else None)
