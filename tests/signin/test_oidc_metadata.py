from __future__ import annotations

from typing import Any

import pytest

from maskproxy.signin.oidc_metadata import Metadata, read_metadata

ISSUER = "https://idp.example.com"
LEAST = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example.com/authorize?tenant=a",
    "token_endpoint": f"{ISSUER}/token",
}


def test_what_a_provider_need_not_say() -> None:
    assert read_metadata(LEAST, ISSUER) == Metadata(
        authorization_endpoint="https://login.example.com/authorize?tenant=a",
        token_endpoint=f"{ISSUER}/token",
        userinfo_endpoint=None,
        device_authorization_endpoint=None,
        tells_issuer=False,
        auth_methods=frozenset({"client_secret_basic"}),
    )


def test_what_it_may_say() -> None:
    said = {
        "userinfo_endpoint": f"{ISSUER}/me",
        "device_authorization_endpoint": f"{ISSUER}/device",
        "authorization_response_iss_parameter_supported": True,
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }
    metadata = read_metadata(LEAST | said, ISSUER)
    assert (metadata.userinfo_endpoint, metadata.device_authorization_endpoint) == (f"{ISSUER}/me", f"{ISSUER}/device")
    assert metadata.tells_issuer
    assert metadata.auth_methods == {"client_secret_post", "private_key_jwt"}


def test_an_issuer_on_loopback_may_do_without_tls() -> None:
    local = "http://127.0.0.1:8080"
    said = {"authorization_endpoint": f"{local}/a", "token_endpoint": f"{local}/t"}
    assert read_metadata(said, local).token_endpoint == f"{local}/t"
    with pytest.raises(ValueError, match="without TLS"):
        read_metadata(said, ISSUER)
    with pytest.raises(ValueError, match="not a safe URL"):
        read_metadata(said | {"token_endpoint": "http://192.0.2.1/t"}, local)


@pytest.mark.parametrize(
    "change",
    [
        {"authorization_endpoint": None},
        {"token_endpoint": None},
        {"token_endpoint": ""},
        {"token_endpoint": "https://me@idp.example.com/token"},
        {"token_endpoint": ["https://idp.example.com/token"]},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://idp.example.com/a#b"},
        {"authorization_endpoint": "http://localhost/authorize"},
        {"userinfo_endpoint": "http://localhost/me"},
        {"userinfo_endpoint": 5},
        {"device_authorization_endpoint": "file:///etc/passwd"},
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": []},
        {"code_challenge_methods_supported": "S256"},
        {"token_endpoint_auth_methods_supported": "client_secret_basic"},
        {"token_endpoint_auth_methods_supported": [5]},
        {"authorization_response_iss_parameter_supported": "true"},
    ],
    ids=str,
)
def test_what_cannot_be_understood_is_not_taken_for_absent(change: dict[str, Any]) -> None:
    document = {name: value for name, value in (LEAST | change).items() if value is not None}
    with pytest.raises(ValueError, match=r"discovery document|PKCE|neither true nor false"):
        read_metadata(document, ISSUER)
