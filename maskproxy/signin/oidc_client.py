"""What we are to an OpenID Connect provider: the relying party's registration, as the configuration tells it."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field

from maskproxy.access.tokens import ALGORITHMS, IssuerRules
from maskproxy.gateway.credentials.secret_sources import SecretSource
from maskproxy.gateway.fetch import is_safe

PROMPTS = frozenset({"login", "consent", "select_account"})

_SCOPE = re.compile(r"[!#-\[\]-~]+")
_VISIBLE = re.compile(r"[ -~]{1,512}")


@dataclass(frozen=True)
class OidcClient:
    """Raises `ValueError` for what no provider could work with."""

    name: str
    issuer: str
    """Compared exactly with what discovery, the redirect and every token say."""
    client_id: str
    secret: SecretSource | None = field(default=None, repr=False)
    """None: a public client, which PKCE alone protects."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = "groups"
    """A claim's name or a dotted path, looked for in the ID token and then in userinfo."""
    prompt: str | None = None
    """Some providers give a refresh token only where `consent` is asked for (OpenID Connect Core, 11)."""
    trust: ssl.SSLContext | None = None
    """None means the system's roots."""
    algorithms: frozenset[str] = ALGORITHMS
    leeway_s: float = 60

    def __post_init__(self) -> None:
        if not is_safe(self.issuer) or "?" in self.issuer:
            raise ValueError("issuer must be an https URL, or http on loopback, without a query")
        if not _VISIBLE.fullmatch(self.client_id):
            raise ValueError("client_id must be a short line of visible ASCII")
        if "openid" not in self.scopes or not all(_SCOPE.fullmatch(scope) for scope in self.scopes):
            raise ValueError("scopes must hold openid, and each must be a word of visible ASCII without quotes")
        if self.prompt is not None and self.prompt not in PROMPTS:
            raise ValueError("prompt must be login, consent or select_account")
        _ = self.rules

    @property
    def rules(self) -> IssuerRules:
        """What an ID token must say that is meant for us."""
        return IssuerRules(self.issuer, self.client_id, self.groups_claim, self.algorithms, self.leeway_s)
