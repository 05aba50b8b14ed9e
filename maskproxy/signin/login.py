"""What an identity provider vouched for, however it was asked: by OIDC or by SAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Login:
    """Somebody who proved just now who they are. Times are seconds since the epoch."""

    provider: str
    """The name that the configuration gives the provider."""
    issuer: str
    """The OIDC issuer, or the SAML entity id."""
    subject: str
    """Unique within the issuer, and lasting."""
    name: str
    email: str
    groups: frozenset[str]
    claims: Mapping[str, object] = field(repr=False, compare=False)
    signed_in_at: float
    ends_at: float | None = None
    """When it is over at the latest, as the provider said. None: it did not say."""
    refresh_token: str | None = field(default=None, repr=False)
    """With which the provider can be asked again."""
