"""From the configured identity providers to the objects that people sign in with, and their life.

Imported late, by gateways that have some; what reads SAML only where one speaks it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from maskproxy.config import model
from maskproxy.errors import StartFailed
from maskproxy.service.credentials import source_of
from maskproxy.service.logs import EventLog
from maskproxy.service.metrics import Metrics
from maskproxy.service.trust import client_context
from maskproxy.signin.oidc import OidcProvider
from maskproxy.signin.oidc_client import OidcClient
from maskproxy.signin.provider import Provider
from maskproxy.store.replays import StoredReplays
from maskproxy.store.store import Store

if TYPE_CHECKING:
    from maskproxy.signin.saml import SamlProvider
    from maskproxy.signin.saml_settings import SigningKey
    from maskproxy.signin.saml_threads import Threads


class Providers:
    """`start` them, give `by_name` to the sign-in server, `close` them behind it."""

    def __init__(self, configured: tuple[model.Provider, ...], store: Store, metrics: Metrics, log: EventLog) -> None:
        """Raises StartFailed for what cannot be used, in words."""
        self.oidc: list[OidcProvider] = []
        self._threads: Threads | None = None
        made: dict[str, Provider] = {}
        for one in configured:
            if one.oidc is not None:
                provider = _oidc(one.name, one.oidc, metrics)
                self.oidc.append(provider)
                made[one.name] = provider
            if one.saml is not None:
                made[one.name] = self._saml(one.name, one.saml, store, log)
        self.by_name: Mapping[str, Provider] = made
        """In the order in which people are offered them."""

    async def start(self) -> None:
        for provider in self.oidc:
            await provider.start()

    async def close(self) -> None:
        for provider in self.oidc:
            await provider.close()
        if self._threads is not None:
            self._threads.close()

    def _saml(self, name: str, saml: model.Saml, store: Store, log: EventLog) -> SamlProvider:
        from maskproxy.signin.saml_threads import Threads

        if self._threads is None:
            self._threads = Threads()
        provider = saml_provider(name, saml, StoredReplays(store, wall_ns=time.time_ns), self._threads)
        for warning in provider.warnings(time.time()):
            log("identity provider", provider=name, warning=warning)
        return provider


def _oidc(name: str, oidc: model.Oidc, metrics: Metrics) -> OidcProvider:
    client = OidcClient(
        name,
        oidc.issuer,
        oidc.client_id,
        secret=None if oidc.client_secret is None else source_of(oidc.client_secret),
        scopes=oidc.scopes,
        groups_claim=oidc.groups_claim,
        prompt=oidc.prompt,
        trust=None if oidc.issuer.startswith("http://") else client_context(oidc.trust),
        algorithms=oidc.algorithms,
        leeway_s=oidc.leeway_s,
    )
    return OidcProvider(client, alarm=lambda: metrics.alarm("identity"))


def saml_provider(name: str, saml: model.Saml, replays: StoredReplays, threads: Threads) -> SamlProvider:
    """Raises StartFailed where the metadata or the key cannot be used."""
    from maskproxy.signin.saml import SamlProvider
    from maskproxy.signin.saml_settings import SamlIdentityProvider, SamlService

    try:
        settings = SamlIdentityProvider(
            name,
            saml.metadata.read_bytes(),
            saml.idp_entity_id,
            groups_attribute=saml.groups_attribute,
            **{key: value for key in ("name_attributes", "email_attributes") if (value := getattr(saml, key))},
            name_id=saml.name_id,
            binding=saml.binding,
            signed=saml.signed,
            leeway_s=saml.leeway_s,
            longest_s=saml.longest,
        )
        return SamlProvider(settings, SamlService(saml.entity_id, _signing(saml)), replays, threads)
    except (OSError, ValueError) as fault:
        # The sentences are constant; nothing of the files is in them.
        reason = str(fault) if type(fault) is ValueError else "One of its files cannot be read."
        raise StartFailed(f"The identity provider {name} cannot be used: {reason}") from None


def _signing(saml: model.Saml) -> SigningKey | None:
    if saml.signing is None:
        return None
    from maskproxy.signin.saml_settings import SigningKey

    return SigningKey(saml.signing.key.read_bytes(), saml.signing.certificate.read_bytes())
