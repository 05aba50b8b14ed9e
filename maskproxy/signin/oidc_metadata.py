"""What a provider's discovery document says that we need (OpenID Connect Discovery 1.0, RFC 8414, 8628, 9207). Pure.

Promises: no endpoint without TLS but on loopback, and none at all without it when the issuer has it; what is there but
cannot be understood is a fault, and never taken for absent. Every fault is a `ValueError` with a constant sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from maskproxy.gateway.fetch import is_safe

_DEFAULT_METHODS = ["client_secret_basic"]


@dataclass(frozen=True)
class Metadata:
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str | None
    device_authorization_endpoint: str | None
    tells_issuer: bool
    """True: every redirect from it carries `iss`, so that one without it is not from it."""
    auth_methods: frozenset[str]
    """How clients may show who they are at the token endpoint."""


def read_metadata(document: Mapping[str, object], issuer: str) -> Metadata:
    authorization, token = (_endpoint(document, f"{name}_endpoint", issuer) for name in ("authorization", "token"))
    if authorization is None or token is None:
        raise ValueError("the discovery document names no authorization_endpoint or no token_endpoint")
    tells_issuer = document.get("authorization_response_iss_parameter_supported", False)
    if not isinstance(tells_issuer, bool):
        raise ValueError("authorization_response_iss_parameter_supported is neither true nor false")
    # A provider that is silent about PKCE may do it all the same, and one that cannot ignores it: then the nonce holds.
    if "S256" not in _words(document, "code_challenge_methods_supported", ["S256"]):
        raise ValueError("the provider says that it does PKCE, but not with S256")
    return Metadata(
        authorization_endpoint=authorization,
        token_endpoint=token,
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint", issuer),
        device_authorization_endpoint=_endpoint(document, "device_authorization_endpoint", issuer),
        tells_issuer=tells_issuer,
        auth_methods=_words(document, "token_endpoint_auth_methods_supported", _DEFAULT_METHODS),
    )


def _endpoint(document: Mapping[str, object], name: str, issuer: str) -> str | None:
    place = document.get(name)
    if place is None:
        return None
    if not isinstance(place, str) or not is_safe(place):
        raise ValueError(f"the discovery document's {name} is not a safe URL")
    if issuer.startswith("https:") and not place.startswith("https:"):
        raise ValueError(f"the discovery document of an https issuer names a {name} without TLS")
    return place


def _words(document: Mapping[str, object], name: str, unsaid: list[str]) -> frozenset[str]:
    words = document.get(name, unsaid)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"the discovery document's {name} is not a list of words")
    return frozenset(words)
