"""From a configured credential to the object that reads it."""

from __future__ import annotations

import os
from collections.abc import Callable

from maskproxy.config import model
from maskproxy.gateway.credentials.client_credentials import ClientCredentials
from maskproxy.gateway.credentials.credential import Credential
from maskproxy.gateway.credentials.secret_sources import (
    CommandSource,
    EnvironmentSource,
    FileSource,
    SecretSource,
    SystemdSource,
)
from maskproxy.service.trust import client_context


def build_credential(credential: model.Credential, *, alarm: Callable[[], None]) -> Credential:
    """Nothing is read yet."""
    return Credential(credential.header, source_of(credential.source), alarm=alarm)


def source_of(source: model.SecretSource) -> SecretSource:
    """Nothing is read yet."""
    if isinstance(source, model.CredentialSource) and source.oauth2 is not None:
        oauth2 = source.oauth2
        return ClientCredentials(
            oauth2.token_url,
            oauth2.client_id,
            source_of(oauth2.client_secret),
            scope=oauth2.scope,
            audience=oauth2.audience,
            trust=None if oauth2.token_url.startswith("http://") else client_context(oauth2.trust),
        )
    if source.file is not None:
        return FileSource(source.file, os.environ)
    if source.env is not None:
        return EnvironmentSource(source.env, os.environ)
    if source.systemd is not None:
        return SystemdSource(source.systemd, os.environ)
    assert source.command is not None
    return CommandSource(source.command)
