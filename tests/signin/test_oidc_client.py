from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from maskproxy.gateway.credentials.secret_sources import EnvironmentSource
from maskproxy.signin.oidc_client import OidcClient

GOOD = OidcClient("company", "https://idp.example.com/realms/a", "maskproxy")


def test_what_an_id_token_must_say() -> None:
    client = replace(GOOD, groups_claim="a.b", algorithms=frozenset({"ES256"}), leeway_s=5)
    rules = client.rules
    assert (rules.issuer, rules.audience, rules.groups_claim) == (GOOD.issuer, "maskproxy", "a.b")
    assert rules.algorithms == {"ES256"}
    assert rules.leeway_s == 5


def test_no_secret_in_what_is_shown() -> None:
    secret = "hush" * 4
    assert secret not in repr(replace(GOOD, secret=EnvironmentSource("S", {"S": secret})))


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://idp.example.com"},
        {"issuer": "https://idp.example.com/?a=b"},
        {"issuer": "https://me@idp.example.com"},
        {"issuer": ""},
        {"client_id": ""},
        {"client_id": "a\nb"},
        {"client_id": "snöw"},
        {"scopes": ()},
        {"scopes": ("profile",)},
        {"scopes": ("openid", "a b")},
        {"scopes": ("openid", 'a"b')},
        {"scopes": ("openid", "")},
        {"prompt": "none"},
        {"prompt": ""},
        {"algorithms": frozenset()},
        {"algorithms": frozenset({"HS256"})},
    ],
    ids=str,
)
def test_what_no_provider_could_work_with_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        replace(GOOD, **change)


def test_a_developers_machine_needs_nothing_of_the_gateways_weight() -> None:
    heavy = {"hyperscan", "sqlalchemy", "prometheus_client", "maskproxy.masking", "maskproxy.recording"}
    script = f"import sys, maskproxy.signin.oidc_device, maskproxy.signin.oidc; print(sys.modules.keys() & {heavy})"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "set()\n"
    )
