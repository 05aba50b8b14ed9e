"""Which route answers a host, which targets are tunnelled, and what is refused before any dial. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from maskproxy.bodies.results_url import Reached
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

    @property
    def origins(self) -> frozenset[str]:
        """The origins that this route answers for: its upstream's, and its hosts'."""
        hosts = {_origin("https", Authority(host, None)) for host in self.hosts}
        upstream = self.upstream
        return frozenset(
            hosts if upstream is None else {*hosts, _origin(upstream.scheme, Authority(upstream.host, upstream.port))}
        )


def reached(route: Route, target: Authority | None, host: Authority | None, *, secure: bool) -> Reached | None:
    """How a client reached the route: through a tunnel to `target`, or else by the `host` that it named."""
    if target is not None:
        return Reached(_origin("https", target), route.origins)
    return None if host is None else Reached(_origin("https" if secure else "http", host), route.origins)


def _origin(scheme: str, authority: Authority) -> str:
    if authority.port == (443 if scheme == "https" else 80):
        authority = Authority(authority.host, None)
    return f"{scheme}://{authority}"


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
