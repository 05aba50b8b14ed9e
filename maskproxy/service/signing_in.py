"""The sign-in server in a running daemon: its parts, from the configuration, and their life.

Imported late by whoever needs it: a gateway without tokens of its own starts without SQLAlchemy.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maskproxy.audit import AuditEvent, Who
from maskproxy.config import model
from maskproxy.gateway.heads import Authority
from maskproxy.gateway.identity.keys import TrustedIssuer
from maskproxy.gateway.state import Audit
from maskproxy.gateway.upstream.pool import Origin
from maskproxy.service.logs import EventLog
from maskproxy.service.metrics import Metrics
from maskproxy.service.providers import Providers
from maskproxy.service.trust import client_context
from maskproxy.signin.attempts import Attempts
from maskproxy.signin.browser import Browsers
from maskproxy.signin.codes import Codes
from maskproxy.signin.endings import Endings
from maskproxy.signin.managed import ManagedSettings
from maskproxy.signin.oauth import OAuth
from maskproxy.signin.oidc import OidcProvider
from maskproxy.signin.provider import Provider
from maskproxy.signin.server import SignIn
from maskproxy.signin.sessions import Sessions, SessionTimes
from maskproxy.signin.signing_keys import KeyRing
from maskproxy.signin.site import Site
from maskproxy.signin.telemetry import Telemetry
from maskproxy.signin.tokens import TokenRules
from maskproxy.signin.visits import Visits
from maskproxy.store.store import Store


@dataclass(frozen=True, slots=True)
class SigningIn:
    """`start` it, give `server` to the gateway, `close` it behind it."""

    server: SignIn
    keys: KeyRing
    endings: Endings
    sessions: Sessions
    codes: Codes
    issuer: TrustedIssuer
    providers: Providers | None = None
    """Those that the configuration names; they end with it."""

    @property
    def knowing(self) -> Sequence[OidcProvider]:
        """Who knows secrets that must not be seen in a log."""
        return () if self.providers is None else self.providers.oidc

    async def start(self) -> None:
        if self.providers is not None:
            await self.providers.start()
        await self.keys.start()
        await self.endings.start()

    async def close(self) -> None:
        await self.sessions.close()
        await self.endings.close()
        await self.keys.close()
        if self.providers is not None:
            await self.providers.close()

    async def prune(self) -> None:
        """Forget what is over. Raises StoreFailed."""
        await self.sessions.prune()
        await self.codes.prune()


def signing_in(
    config: model.Config,
    tokens: model.Tokens,
    store: Store,
    key: bytes,
    metrics: Metrics,
    log: EventLog,
    audit: Audit,
    *,
    others: Mapping[str, Provider] | None,
) -> SigningIn:
    """`others`: by their names, with whom people sign in instead of those that the configuration names.

    Raises StartFailed where a provider cannot be used.
    """
    assert config.public_url is not None
    own = Providers(config.identity.providers, store, metrics, log) if others is None else None
    providers = own.by_name if own is not None else others or {}

    async def told(event: str, more: Mapping[str, object]) -> None:
        metrics.sign_in(event)
        log(f"sign-in: {event}", **more)
        said = {name: str(value) for name, value in more.items()}
        who = Who(said.pop("person", ""), said.pop("person_name", ""))
        await audit.tell(AuditEvent("sign_in", event, who, more=said))

    def unforeseen(error: Exception) -> None:
        metrics.alarm("internal")
        log("sign-ins could not be followed", error=type(error).__name__)

    def tampered(rows: int) -> None:
        metrics.alarm("store")
        log("signing keys in the store are not what was sealed", rows=rows)

    url, clock = config.public_url, time.time_ns
    place = Site(str(url), Authority(url.host, url.port))
    claude_code = config.claude_code or model.ClaudeCode()
    matched = [path for grant in config.grants for path in grant.claims]
    carried = frozenset({*matched, *(path.partition(".")[0] for path in matched)})
    rules = TokenRules(place.url, tokens.audience, tokens.for_s, carried)
    keys = KeyRing(store, key, wall_ns=clock, tampered=tampered, unforeseen=unforeseen)
    endings = Endings(store, rules.life_s, wall_ns=clock, unforeseen=unforeseen)
    sessions = Sessions(
        store,
        key,
        keys,
        rules,
        providers=providers,
        wall_ns=clock,
        told=told,
        endings=endings,
        times=SessionTimes(tokens.refresh_for, tokens.exchanged_for),
    )
    codes = Codes(store, key, sessions, endings, wall_ns=clock)
    browsers = Browsers(key, secure=place.is_secure)
    oauth = OAuth(
        place,
        codes,
        sessions,
        jwks=keys.jwks,
        interactive=bool(providers),
        login_notice=claude_code.login_notice,
        wall_ns=clock,
    )
    attempts = Attempts(store, key, wall_ns=clock)
    visits = Visits(place, codes, attempts, browsers, providers, told=told, wall_ns=clock)
    server = SignIn(
        place,
        oauth,
        visits,
        browsers,
        providers=providers,
        policies=[ManagedSettings(one.name, one.groups, one.settings) for one in claude_code.managed_settings],
        telemetry=Telemetry(_collector(claude_code.telemetry)),
        hides_models=claude_code.models == "hide",
    )
    return SigningIn(server, keys, endings, sessions, codes, TrustedIssuer(rules.verified_by()), own)


def _collector(telemetry: model.Telemetry | None) -> Origin | None:
    if telemetry is None:
        return None
    url = telemetry.collector
    context = client_context(telemetry.trust) if url.scheme == "https" else None
    return Origin("https" if url.scheme == "https" else "http", url.host, url.port, context)
