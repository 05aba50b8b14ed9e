"""Where the sign-in server is: its paths, its absolute URLs and the host that it is asked by. Pure.

Absolute URLs come from the configuration alone: what a request says of its host is believed by nobody.
"""

from __future__ import annotations

from maskproxy.errors import Misdirected
from maskproxy.gateway.heads import Authority

HELLO = "/api/hello"
DISCOVERY = "/.well-known/oauth-authorization-server"
JWKS = "/.well-known/jwks.json"
DEVICE_AUTHORIZATION = "/oauth/device_authorization"
TOKEN = "/oauth/token"  # noqa: S105 - a path
REVOKE = "/oauth/revoke"
AUTHORIZE = "/oauth/authorize"
DEVICE = "/oauth/device"
PROVIDER = "/oauth/provider"
CONFIRM = "/oauth/confirm"
CALLBACK = "/oauth/callback/"
METADATA = "/oauth/metadata/"
SETTINGS = "/managed/settings"
TELEMETRY = ("/v1/metrics", "/v1/logs", "/v1/traces")
MODELS = "/v1/models"
USAGE = "/api/oauth/usage"


class Site:
    """`public_url` names an origin."""

    def __init__(self, public_url: str, authority: Authority) -> None:
        self.url = public_url
        self._authority = authority

    @property
    def is_secure(self) -> bool:
        return self.url.startswith("https:")

    def at(self, path: str) -> str:
        return self.url + path

    def callback(self, provider: str) -> str:
        """Each provider has one of its own (RFC 9700, 4.4.2.2)."""
        return self.at(CALLBACK + provider)

    def check_host(self, host: Authority | None) -> None:
        """Raises Misdirected for a name that is not ours, lest a page of ours be shown under another's."""
        default = 443 if self.is_secure else 80
        ours = (self._authority.host, self._authority.port or default)
        if host is None or (host.host, host.port or default) != ours:
            raise Misdirected(f"Sign-in is at {self.url} alone. Open it there.")
