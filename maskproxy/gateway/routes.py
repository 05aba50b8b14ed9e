"""Which route answers a host, which targets are tunnelled, and what is refused before any dial. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from maskproxy.errors import Denied
from maskproxy.gateway.credentials.credential import Credential
from maskproxy.gateway.heads import Authority
from maskproxy.gateway.upstream.pool import Origin


@dataclass(frozen=True, slots=True)
class Route:
    """A place that requests may go to, or (with `refuse`) a host that is always answered with that sentence."""

    name: str
    hosts: frozenset[str]
    upstream: Origin | None
    api: Literal["anthropic", "generic"]
    base_url: bool = False
    credential: Credential | None = None
    refuse: str | None = None


@dataclass(frozen=True, slots=True)
class TunnelTarget:
    """A CONNECT target that is passed through unread. `private` allows it to stand on a private or loopback address."""

    host: str
    port: int
    private: bool = False


class RouteTable:
    def __init__(self, routes: Iterable[Route], tunnels: Iterable[TunnelTarget]) -> None:
        self.routes = tuple(routes)
        self._by_host = {host: route for route in self.routes for host in route.hosts}
        self._base_url = next((r for r in self.routes if r.base_url), None)
        self._tunnels = {(t.host, t.port): t for t in tunnels}

    def intercepting(self, target: Authority) -> Route | None:
        """The route that answers for a CONNECT target, on any port: upstream is the configured one anyway."""
        return self._by_host.get(target.host)

    def tunnel(self, target: Authority) -> TunnelTarget:
        """The listed target, or `Denied`."""
        found = self._tunnels.get((target.host, target.port or 0))
        if found is None:
            raise Denied(
                f"{target} is not a host that this proxy reaches. Ask for it to be listed, or put it into NO_PROXY."
            )
        return found

    def direct(self, host: Authority | None) -> Route:
        """The route for a request outside a tunnel: its own host's, else the one for base-URL requests."""
        named = self._by_host.get(host.host) if host is not None else None
        route = named or self._base_url
        if route is None:
            raise Denied("No route answers base-URL requests here. Use this address as HTTPS_PROXY instead.")
        return route
