"""The environment's traps: variables by which programs go past the gateway, or not through to it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import urlsplit

from maskproxy.developer.doctor.check import Check
from maskproxy.developer.previous import exceptions, is_ours, matches
from maskproxy.origins import Url, parse_url

Way = Literal["proxy", "base_url", "none"]
_CLOUDS = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
_ENV = 'eval "$(maskproxy env)"'


def way(environ: Mapping[str, str], gateway: Url) -> Way:
    """How this environment's programs come to the gateway."""
    if is_ours(_proxy(environ)) or _leads_to(_proxy(environ), gateway):
        return "proxy"
    try:
        named = parse_url(environ.get("ANTHROPIC_BASE_URL", ""))
    except ValueError:
        return "none"
    return "base_url" if named == gateway else "none"


def _leads_to(proxy: str, gateway: Url) -> bool:
    """Tell whether a proxy is the gateway itself, as in https://me:TOKEN@gateway."""
    try:
        parts = urlsplit(proxy)
        return (parts.scheme, parts.hostname, parts.port or 443) == (gateway.scheme, gateway.host, gateway.port)
    except ValueError:
        return False


def _proxy(environ: Mapping[str, str]) -> str:
    return environ.get("https_proxy") or environ.get("HTTPS_PROXY") or ""


def own_proxy(environ: Mapping[str, str]) -> int | None:
    """The port of the loopback proxy that programs are sent to, if it is one of ours."""
    url = _proxy(environ)
    try:
        return urlsplit(url).port if is_ours(url) else None
    except ValueError:
        return None


def traps(environ: Mapping[str, str], gateway: Url, hosts: frozenset[str]) -> Iterator[Check]:
    """`hosts` are the gateway's routes'."""
    going = way(environ, gateway)
    if environ.get("ANTHROPIC_API_KEY"):
        yield Check(
            "environment", "ANTHROPIC_API_KEY is set: Claude Code sends it past the gateway.", "unset ANTHROPIC_API_KEY"
        )
    for name in _CLOUDS:
        if environ.get(name):
            yield Check("environment", f"{name} is set: Claude Code goes past the gateway.", f"unset {name}")
    if going == "proxy" and environ.get("ANTHROPIC_BASE_URL"):
        yield Check(
            "environment",
            "ANTHROPIC_BASE_URL is set beside the proxy: Claude Code goes to that address.",
            "unset ANTHROPIC_BASE_URL",
        )
    upper, lower = environ.get("HTTPS_PROXY"), environ.get("https_proxy")
    if upper and lower and upper != lower:
        yield Check(
            "environment", "HTTPS_PROXY and https_proxy differ, and programs read either.", f"Set both alike: {_ENV}"
        )
    yield from _no_proxy(environ, going, gateway, hosts)


def _no_proxy(environ: Mapping[str, str], going: Way, gateway: Url, hosts: frozenset[str]) -> Iterator[Check]:
    for name in ("NO_PROXY", "no_proxy"):
        entries = exceptions(environ.get(name, ""))
        past = sorted(host for host in hosts if matches(entries, host, 443))
        if going == "proxy" and past:
            yield Check(
                "NO_PROXY", f"{name} lets {', '.join(past)} go past the gateway.", f"Take it out of {name}, or: {_ENV}"
            )
        elif going == "base_url" and _proxy(environ) and not matches(entries, gateway.host, gateway.port):
            yield Check(
                "NO_PROXY",
                f"{name} does not name the gateway, so requests for it go to another proxy.",
                f"Add {gateway.host} to {name}, or: {_ENV}",
            )
