"""By which origin a client reached a route, and which origins stand for what the route reaches."""

from __future__ import annotations

import pytest

from maskproxy.gateway.heads import Authority
from maskproxy.gateway.routes import Route, reached
from maskproxy.gateway.upstream.pool import Origin


def route(upstream: Origin | None) -> Route:
    return Route("claude", frozenset({"api.anthropic.com"}), upstream, "anthropic")


@pytest.mark.parametrize(
    ("upstream", "origin"),
    [
        (Origin("https", "api.example.com", 443), "https://api.example.com"),
        (Origin("https", "api.example.com", 80), "https://api.example.com:80"),
        (Origin("http", "127.0.0.1", 9000), "http://127.0.0.1:9000"),
        (Origin("http", "localhost", 80), "http://localhost"),
        (Origin("https", "::1", 9443), "https://[::1]:9443"),
    ],
)
def test_a_route_answers_for_its_upstream_and_its_hosts(upstream: Origin, origin: str) -> None:
    assert route(upstream).origins == {origin, "https://api.anthropic.com"}
    assert route(None).origins == {"https://api.anthropic.com"}


@pytest.mark.parametrize(
    ("target", "host", "scheme", "own"),
    [
        (("api.anthropic.com", 443), ("api.anthropic.com", None), "http", "https://api.anthropic.com"),
        (("api.anthropic.com", 8443), ("api.anthropic.com", 8443), "http", "https://api.anthropic.com:8443"),
        (None, ("maskproxy.corp.example", 8443), "https", "https://maskproxy.corp.example:8443"),
        (None, ("maskproxy.corp.example", 443), "https", "https://maskproxy.corp.example"),
        (None, ("127.0.0.1", 8080), "http", "http://127.0.0.1:8080"),
        (None, ("localhost", 80), "http", "http://localhost"),
        (None, ("::1", 8443), "https", "https://[::1]:8443"),
        (None, ("gateway", None), "https", "https://gateway"),
    ],
)
def test_how_it_was_reached(
    target: tuple[str, int] | None, host: tuple[str, int | None], scheme: str, own: str
) -> None:
    there = Authority(*target) if target else None
    found = reached(route(None), there, Authority(*host), secure=scheme == "https")
    assert found is not None
    assert found.own == own


def test_a_client_that_names_no_host_has_reached_nothing_to_name() -> None:
    assert reached(route(None), None, None, secure=True) is None
