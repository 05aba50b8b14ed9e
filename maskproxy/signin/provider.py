"""What the sign-in server asks of an identity provider, whichever protocol it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from maskproxy.signin.login import Login


@dataclass(frozen=True)
class Begun:
    """Where the browser goes next, and what comes back of it."""

    url: str
    state: str = field(repr=False)
    """Comes back with the answer, and belongs to this attempt alone. At least 128 random bits."""
    kept: bytes = field(repr=False)
    """What the provider needs to read the answer. It is kept sealed until then."""
    form: Mapping[str, str] | None = field(default=None, repr=False)
    """Posted to `url` by the browser, where the protocol wants that instead of a redirect."""


class Provider(Protocol):
    """One identity provider. Each has a callback URL of its own, so that no answer is taken for another's."""

    @property
    def name(self) -> str:
        """The name that the configuration gives it."""
        ...

    async def begin(self, callback_url: str, now: float) -> Begun:
        """Raises Unavailable."""
        ...

    async def finish(self, kept: bytes, answer: Mapping[str, str], callback_url: str, now: float) -> Login:
        """Read what came back: a redirect's query, or a form. Raises Unauthenticated, BadRequest and Unavailable."""
        ...

    async def again(self, login: Login, now: float) -> Login:
        """Look the person up anew, with the login's refresh token.

        Raises Unauthenticated when the person is gone, and Unavailable when the provider cannot be asked now.
        """
        ...


@runtime_checkable
class Described(Protocol):
    """A provider that is told about us by a document (SAML metadata)."""

    def metadata(self, callback_url: str) -> bytes:
        """XML, for whoever asks."""
        ...
