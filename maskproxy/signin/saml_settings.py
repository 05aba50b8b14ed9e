"""What the configuration says of a SAML identity provider, and of us as its service provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Signed = Literal["assertion", "response", "both"]
"""What must bear a signature. Whatever else bears one must bear one that holds."""

NAME_ID_FORMATS = {
    "persistent": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "email": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
}
"""Names that last. A transient one is another each time, and `unspecified` promises nothing."""

_NAMES = (
    "displayName",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
)
_EMAILS = (
    "email",
    "mail",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)


@dataclass(frozen=True)
class SamlIdentityProvider:
    """One identity provider, as its metadata and the configuration describe it.

    An attribute is found by its Name, or else by its FriendlyName.
    """

    name: str
    metadata: bytes = field(repr=False)
    """The content of the metadata file."""
    entity_id: str | None = None
    """Which of the metadata's entities. None: the only one."""
    groups_attribute: str = "groups"
    name_attributes: Sequence[str] = _NAMES
    """The first that the assertion has is shown to people."""
    email_attributes: Sequence[str] = _EMAILS
    name_id: Literal["persistent", "email"] = "persistent"
    """What the subject is."""
    binding: Literal["redirect", "post"] = "redirect"
    """How our request gets there."""
    signed: Signed = "assertion"
    leeway_s: float = 60
    """By how much the two clocks may differ."""
    longest_s: float = 12 * 3600
    """After this a sign-in is over, since SAML cannot say that somebody left."""

    def __post_init__(self) -> None:
        if not 0 <= self.leeway_s <= 300:
            raise ValueError("leeway_s must be between 0 and 300")
        if not 0 < self.longest_s <= 24 * 3600:
            raise ValueError("longest_s must be at most 24 hours")


@dataclass(frozen=True)
class SigningKey:
    """With which we sign requests. Both in PEM; the certificate only carries the public key."""

    key: bytes = field(repr=False)
    certificate: bytes = field(repr=False)


@dataclass(frozen=True)
class SamlService:
    """Us, as the identity provider knows us."""

    entity_id: str
    signing: SigningKey | None = None


class Replays(Protocol):
    """What was used once, remembered over restarts and nodes."""

    async def first(self, id: str, until: float) -> bool:  # noqa: A002 - the store's own word
        """True the first time that `id` is seen; it is remembered until `until`. Raises StoreFailed."""
        ...
