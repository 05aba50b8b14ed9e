"""What two places in the file must agree on: unique names and hosts, grants that name routes, listeners with TLS.

Works on the plain document and skips what has the wrong shape (the model reports that), so that one run of
`maskproxy check` tells every fault, whatever else is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from maskproxy.config.document import Faults, join
from maskproxy.origins import Address, is_loopback, parse_address, parse_host, parse_url

Part = dict[str, object]
T = TypeVar("T")


def part(document: Part, name: str) -> Part:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def parts(document: Part, name: str) -> Iterator[tuple[str, Part]]:
    value = document.get(name)
    for i, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, dict):
            yield join(name, i), item


def texts(item: Part, name: str) -> list[tuple[str, str]]:
    value = item.get(name)
    return [(join(name, i), v) for i, v in enumerate(value if isinstance(value, list) else []) if isinstance(v, str)]


def disagreements(document: Part) -> Faults:
    """Every fault that takes more than one field to see."""
    return [fault for check in CHECKS for fault in check(document)]


def repeated(document: Part) -> Iterator[tuple[str, str]]:
    for section, key in (("routes", "name"), ("grants", "name"), ("listeners", "address")):
        seen: dict[str, str] = {}
        for path, item in parts(document, section):
            value = item.get(key)
            if not isinstance(value, str) or value.endswith(":0"):
                continue
            if value in seen:
                yield join(path, key), f"{seen[value]} has the same {key}."
            seen.setdefault(value, path)
    for section in ("dictionaries", "protected"):
        names: dict[str, str] = {}
        for path, item in parts(part(document, "masking"), section):
            name = item.get("name")
            if isinstance(name, str) and name in names:
                yield f"masking.{path}.name", f"{names[name]} has the same name."
            if isinstance(name, str):
                names.setdefault(name, f"masking.{path}")
    seen = {}
    for path, item in parts(part(document, "identity"), "issuers"):
        issuer = item.get("issuer")
        if isinstance(issuer, str) and issuer in seen:
            yield join(f"identity.{path}", "issuer"), f"{seen[issuer]} has the same issuer."
        if isinstance(issuer, str):
            seen.setdefault(issuer, f"identity.{path}")


def route_hosts(document: Part) -> dict[str, str]:
    """Each host to the first place that names it."""
    found: dict[str, str] = {}
    for path, item in parts(document, "routes"):
        for place, text in texts(item, "hosts"):
            host = lenient(parse_host, text)
            if host is not None:
                found.setdefault(host, f"{path}.{place}")
    return found


def lenient(parse: Callable[[object], T], value: object) -> T | None:
    try:
        return parse(value)
    except ValueError:
        return None


def shared_hosts(document: Part) -> Iterator[tuple[str, str]]:
    first = route_hosts(document)
    for path, item in parts(document, "routes"):
        for place, text in texts(item, "hosts"):
            host = lenient(parse_host, text)
            if host is not None and first[host] != f"{path}.{place}":
                yield f"{path}.{place}", f"{first[host]} names the same host; one host belongs to one route."
    tunnels = document.get("tunnels")
    for i, item in enumerate(tunnels if isinstance(tunnels, list) else []):
        address = lenient(parse_address, item.get("target") if isinstance(item, dict) else item)
        if address is not None and address.port == 443 and address.host in first:
            yield join("tunnels", i), f"{first[address.host]} intercepts this host; it cannot also pass unread."


def routes(document: Part) -> Iterator[tuple[str, str]]:
    base_url: str | None = None
    for path, item in parts(document, "routes"):
        if ("upstream" in item) == ("refuse" in item):
            yield path, "Give the route either upstream or refuse."
        for key in ("base_url", "credential", "trust"):
            if "refuse" in item and item.get(key):
                yield join(path, key), "A route that refuses has no use for this."
        upstream = item.get("upstream")
        if item.get("trust") and isinstance(upstream, str) and upstream.startswith("http:"):
            yield join(path, "trust"), "An http upstream shows no certificate to trust."
        if item.get("base_url") is True:
            if base_url is not None:
                yield join(path, "base_url"), f"{base_url} already answers base-URL requests; only one route can."
            base_url = base_url or path
        elif not document.get("interception"):
            yield join(path, "hosts"), "Without interception.ca only the base_url route can be reached."


def sources(document: Part) -> Iterator[tuple[str, str]]:
    for path, item in parts(document, "routes"):
        source = part(item, "credential").get("from")
        if not isinstance(source, dict):
            continue
        place = f"{path}.credential.from"
        if len(source) != 1:
            yield place, "Name exactly one of file, env, systemd, command and oauth2."
        secret = part(source, "oauth2").get("client_secret")
        if isinstance(secret, dict) and len(secret) != 1:
            yield f"{place}.oauth2.client_secret", "Name exactly one of file, env, systemd and command."


def dictionaries(document: Part) -> Iterator[tuple[str, str]]:
    for path, item in parts(part(document, "masking"), "dictionaries"):
        if ("file" in item) == ("command" in item):
            yield f"masking.{path}", "Give the dictionary either file or command."


def providers(document: Part) -> Iterator[tuple[str, str]]:
    """Whom people sign in with."""
    identity = part(document, "identity")
    if "identity" in document and not identity.get("issuers") and not identity.get("providers"):
        yield "identity", "Give issuers, whose tokens count, or providers, with whom people sign in."
    seen: dict[str, str] = {}
    for path, item in parts(identity, "providers"):
        if ("oidc" in item) == ("saml" in item):
            yield f"identity.{path}", "Give the provider either oidc or saml."
        provider = item.get("name")
        if isinstance(provider, str) and provider in seen:
            yield f"identity.{path}.name", f"{seen[provider]} has the same name."
        if isinstance(provider, str):
            seen.setdefault(provider, f"identity.{path}")
    if seen and "tokens" not in identity:
        yield (
            "identity.tokens",
            "Who signs in here gets a token of the gateway's own: give this; {} will do.",
        )


def sign_in(document: Part) -> Iterator[tuple[str, str]]:
    """What tokens of our own need beside them: a name under which they are given out, and somewhere to keep keys."""
    identity, claude_code = part(document, "identity"), part(document, "claude_code")
    if "tokens" not in identity:
        if claude_code:
            yield "claude_code", "This needs identity.tokens: only then people sign in here."
        return
    url = lenient(parse_url, document.get("public_url"))
    if "public_url" not in document:
        yield "identity.tokens", "Tokens need public_url, under which they are issued."
    elif url is not None and url.scheme == "http" and not is_loopback(url.host):
        yield "public_url", "People sign in over https; plain http is for a loopback address only."
    if "store" not in document:
        yield "identity.tokens", "Tokens need a store, for their keys and for who is signed in."
    for path, item in parts(identity, "issuers"):
        if url is not None and item.get("issuer") in {str(url), f"{url}/"}:
            yield f"identity.{path}.issuer", "This is public_url, whose tokens are the gateway's own."
    names: dict[str, str] = {}
    for path, item in parts(claude_code, "managed_settings"):
        name = item.get("name")
        if isinstance(name, str) and name in names:
            yield f"claude_code.{path}.name", f"{names[name]} has the same name."
        if isinstance(name, str):
            names.setdefault(name, f"claude_code.{path}")


def listeners(document: Part) -> Iterator[tuple[str, str]]:
    for path, item in parts(document, "listeners"):
        address: Address | None = lenient(parse_address, item.get("address"))
        if address is not None and not address.loopback and not item.get("tls"):
            yield path, "A listener that others can reach needs tls; without it, listen on 127.0.0.1."


def grants(document: Part) -> Iterator[tuple[str, str]]:
    names = {name for _, item in parts(document, "routes") if isinstance(name := item.get("name"), str)}
    generic = [
        item.get("name")
        for _, item in parts(document, "routes")
        if item.get("api") != "anthropic" and "refuse" not in item
    ]
    for path, item in parts(document, "grants"):
        if not item.get("groups") and not item.get("claims"):
            yield path, "Say whom it is for: name groups, claims, or both."
        if item.get("approval") and not document.get("store"):
            yield f"{path}.approval", "Approvals are kept in a store, and store is not set."
        if item.get("reason") and not item.get("approval"):
            yield f"{path}.reason", "A reason is asked for with approval, which is not set."
        for place, text in texts(item, "routes"):
            if text not in names:
                yield f"{path}.{place}", "No route has this name."
            elif text in generic and item.get("models"):
                yield f"{path}.{place}", "With models a grant is for routes with api: anthropic only: no other is read."
            elif text in generic and part(item, "limits").get("tokens_per_day"):
                yield f"{path}.{place}", "Tokens are counted on routes with api: anthropic only."


def maskings(document: Part) -> Iterator[tuple[str, Part]]:
    """The section `masking`, and what grants have of their own."""
    yield "masking", part(document, "masking")
    for path, item in parts(document, "grants"):
        yield f"{path}.masking", part(item, "masking")


def actions(document: Part) -> Iterator[tuple[str, str]]:
    for place, masking in maskings(document):
        for path, item in parts(masking, "actions"):
            if item.get("request") is None and item.get("answer") is None:
                yield f"{place}.{path}", "Give the rules an action for request, for answer, or for both."


def audit(document: Part) -> Iterator[tuple[str, str]]:
    section = part(document, "audit")
    if "audit" in document and not any(section.get(sink) for sink in ("file", "stdout", "syslog", "webhooks")):
        yield "audit", "Say where events go: file, stdout, syslog or webhooks."
    syslog = part(section, "syslog")
    address = syslog.get("address")
    if syslog.get("trust") and isinstance(address, str) and not address.startswith("tls:"):
        yield "audit.syslog.trust", "Only a tls:// server shows a certificate to trust."
    names: dict[str, str] = {}
    for path, item in parts(section, "webhooks"):
        secret, name = item.get("secret"), item.get("name")
        if isinstance(secret, dict) and len(secret) != 1:
            yield f"audit.{path}.secret", "Name exactly one of file, env, systemd and command."
        if isinstance(name, str) and name in names:
            yield f"audit.{path}.name", f"{names[name]} has the same name."
        if isinstance(name, str):
            names.setdefault(name, f"audit.{path}")


CHECKS: tuple[Callable[[Part], Iterator[tuple[str, str]]], ...] = (
    repeated,
    shared_hosts,
    routes,
    sources,
    dictionaries,
    listeners,
    providers,
    sign_in,
    grants,
    actions,
    audit,
)
