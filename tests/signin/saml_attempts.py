"""One attempt to sign in at a made-up identity provider, begun and ready to be answered."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography import x509

from maskproxy.signin.login import Login
from maskproxy.signin.provider import Begun
from maskproxy.signin.saml import SamlProvider
from maskproxy.signin.saml_settings import SamlIdentityProvider, SamlService
from maskproxy.signin.saml_threads import Threads
from tests import fakes_saml as saml
from tests.fakes_saml import Says
from tests.signin.oracle_saml import Asked

NOW = 1_800_000_000.0
DAY_S = 86400


def certificate(name: str = "idp", begins_s: float = -DAY_S, ends_s: float = 365 * DAY_S) -> x509.Certificate:
    return saml.certificate(name, int(NOW + begins_s), int(NOW + ends_s))


class Used(dict[str, float]):
    """Replays in memory."""

    async def first(self, id: str, until: float) -> bool:  # noqa: A002 - the protocol's word
        return self.setdefault(id, until) is until


@dataclass
class Attempt:
    provider: SamlProvider
    begun: Begun
    says: Says
    asked: Asked
    replays: Used = field(default_factory=Used)

    async def finish(self, data: bytes, *, now: float = NOW, state: str | None = None, acs: str = saml.ACS) -> Login:
        answer = {"SAMLResponse": base64.b64encode(data).decode(), "RelayState": state or self.begun.state}
        return await self.provider.finish(self.begun.kept, answer, acs, now)


@asynccontextmanager
async def attempt(
    *,
    certificates: list[x509.Certificate] | None = None,
    replays: Used | None = None,
    service: SamlService | None = None,
    **settings: object,
) -> AsyncIterator[Attempt]:
    held = certificates or [certificate()]
    used = Used() if replays is None else replays
    threads = Threads()
    try:
        provider = SamlProvider(
            SamlIdentityProvider("company", **{"metadata": saml.metadata(held), **settings}),  # type: ignore[arg-type]
            service or SamlService(saml.ENTITY_ID),
            used,
            threads,
        )
        begun = await provider.begin(saml.ACS, NOW)
        request = json.loads(begun.kept)[0]
        format_ = saml.PERSISTENT
        asked = Asked(
            held,
            saml.IDP,
            saml.ENTITY_ID,
            saml.ACS,
            request,
            format_,
            NOW,
            signed=str(settings.get("signed", "assertion")),
        )
        yield Attempt(provider, begun, Says(request, NOW), asked, used)
    finally:
        threads.close()
