"""From a configuration to running objects: the one place that knows both.

`build` starts everything that the gateway needs, or raises and leaves nothing running. With `keep`, as for a reload,
what holds connections or files open (the upstream pool, the recorder, the store, the worker threads) is taken over.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from maskproxy.access.grants import ENDPOINTS, Approval, Grant
from maskproxy.access.limits import GrantLimits
from maskproxy.access.patterns import ClaimRule
from maskproxy.access.tokens import IssuerRules
from maskproxy.bodies.masks import BodyPolicy
from maskproxy.config import model
from maskproxy.gateway.credentials.credential import Credential
from maskproxy.gateway.identity.authenticator import Authenticator
from maskproxy.gateway.identity.keys import KeyDirectory, TrustedIssuer
from maskproxy.gateway.interception.certificates import CertificateAuthority
from maskproxy.gateway.maskings import Maskings
from maskproxy.gateway.memory import MemoryBudget
from maskproxy.gateway.routes import Route, RouteTable, TunnelTarget
from maskproxy.gateway.standings import Standings
from maskproxy.gateway.state import Gateway, Handling, Limits, Recording
from maskproxy.gateway.turns import Counters, MemoryCounters, Turns
from maskproxy.gateway.upstream.pool import Origin, UpstreamPool
from maskproxy.masking import CompanyPrints, PlaceholderKey, SealKey
from maskproxy.recording.frames import Frame
from maskproxy.recording.recorder import Recorder
from maskproxy.service.auditing.audit import Audit, close_all
from maskproxy.service.auditing.configured import node_name, opened
from maskproxy.service.auditing.outbox import Outbox
from maskproxy.service.credentials import build_credential
from maskproxy.service.dictionaries import configured_dictionaries
from maskproxy.service.logs import EventLog, Net
from maskproxy.service.masking_key import masking_key
from maskproxy.service.metrics import Metrics
from maskproxy.service.protection import configured_protection
from maskproxy.service.rules import ConfiguredRules, lifts
from maskproxy.service.trust import client_context

if TYPE_CHECKING:
    from maskproxy.service.signing_in import SigningIn
    from maskproxy.signin.provider import Provider
    from maskproxy.store.access import Access
    from maskproxy.store.allowances import Allowances
    from maskproxy.store.owners import Owners
    from maskproxy.store.sealed_vault import SealedVault
    from maskproxy.store.store import Store


class NoRecorder:
    """Where the configuration has no `recording`: frames are dropped, as it says."""

    failed = False

    def offer(self, frame: Frame) -> bool:  # noqa: ARG002 - the recorder's shape
        return True

    async def append(self, frame: Frame) -> None:
        """Never needed: `offer` takes all."""


@dataclass(slots=True)
class Parts:
    """What runs: the gateway and what must be closed behind it."""

    gateway: Gateway
    log: EventLog
    net: Net
    metrics: Metrics
    audit: Audit
    keys: KeyDirectory
    pool: UpstreamPool
    workers: ThreadPoolExecutor
    quick_workers: ThreadPoolExecutor
    recorder: Recorder | NoRecorder
    store: Store | None = None
    vault: SealedVault | None = None
    allowances: Allowances | None = None
    signing_in: SigningIn | None = None
    credentials: list[Credential] = field(default_factory=list)
    outboxes: list[Outbox] = field(default_factory=list)

    @property
    def recorder_failed(self) -> bool:
        return self.recorder.failed

    @property
    def store_state(self) -> str:
        if self.store is None:
            return "none"
        return "failed" if self.store.failed else "working"

    async def retire(self) -> None:
        """Close what a reload has replaced; the rest lives on in the new parts."""
        await self.keys.close()
        if self.signing_in is not None:
            await self.signing_in.close()
        if self.allowances is not None:
            await self.allowances.close()
        for credential in self.credentials:
            await credential.close()
        await close_all(self.outboxes)

    async def close(self) -> None:
        await self.retire()
        if self.gateway.access is not None:
            await self.gateway.access.close()
        await self.pool.close()
        self.workers.shutdown(wait=False, cancel_futures=True)
        self.quick_workers.shutdown(wait=False, cancel_futures=True)
        self.gateway.turns.give_back()
        if self.store is not None:
            await self.store.close()
        if isinstance(self.recorder, Recorder):
            await self.recorder.close()


async def build(
    config: model.Config,
    log: EventLog,
    net: Net,
    *,
    keep: Parts | None = None,
    providers: Mapping[str, Provider] | None = None,
) -> Parts:
    """`providers`: by name, with whom people sign in instead of those that the configuration names.

    Raises `StartFailed`, `RuleRefused` or `ConfigurationFault`; then nothing is left running.
    """
    metrics = keep.metrics if keep is not None else Metrics(CollectorRegistry())
    audit = keep.audit if keep is not None else Audit(net)
    async with AsyncExitStack() as undo:
        outboxes, webhook_secrets = await opened(config.audit, metrics, log)
        undo.push_async_callback(close_all, outboxes)
        issuers = [_issuer(issuer) for issuer in config.identity.issuers]
        handling, own_handling = _handlings(config)
        dictionaries = await configured_dictionaries(config.masking, log)
        credentials: list[Credential] = []
        routes = [_route(route, metrics, credentials) for route in config.routes]
        workers = keep.workers if keep is not None else ThreadPoolExecutor(2, thread_name_prefix="masking")
        quick_workers = keep.quick_workers if keep is not None else ThreadPoolExecutor(2, thread_name_prefix="quick")
        pool = keep.pool if keep is not None else _pool(config.limits)
        key = masking_key(config.masking.key.file, make=True)
        store, vault = await _store(config, key, metrics, log, keep)
        if store is not None and keep is None:
            undo.push_async_callback(store.close)
        recorder = keep.recorder if keep is not None else await _recorder(config.recording, metrics, log)
        if keep is None and isinstance(recorder, Recorder):
            undo.push_async_callback(recorder.close)
        allowances = await _allowances(store, key, metrics, log, recorder, audit, keep)
        if allowances is not None:
            undo.push_async_callback(allowances.close)
        signing_in = await _signing_in(config, store, key, providers, metrics, log, audit)
        if signing_in is not None:
            undo.push_async_callback(signing_in.close)
        keys, authenticator = _identity(issuers, signing_in)
        await keys.start()
        undo.push_async_callback(keys.close)
        access = keep.gateway.access if keep is not None else await _access(store, metrics, log, recorder, audit)
        if access is not None and keep is None:
            undo.push_async_callback(access.close)
        standings = keep.gateway.standings if keep is not None else Standings(access)
        standings.sign_ins = signing_in.endings if signing_in is not None else None
        if signing_in is not None:
            signing_in.sessions.is_revoked = standings.is_revoked
        turns = keep.gateway.turns if keep is not None else Turns(_counters(store, key), time.time_ns)
        gateway = Gateway(
            routes=RouteTable(routes, [_tunnel(tunnel) for tunnel in config.tunnels]),
            authenticator=authenticator,
            grants=tuple(_grant(grant) for grant in config.grants),
            certificates=_authority(config.interception),
            maskings=Maskings(PlaceholderKey(key), SealKey(key), dictionaries),
            scope=config.masking.scope,
            handling=handling,
            own_handling=own_handling,
            recorder=_as_recording(recorder),
            stored_vault=vault,
            allowances=allowances,
            longest_allowance_s=config.masking.allow.longest,
            turns=turns,
            standings=standings,
            access=access,
            owners=_owners(store, key),
            protection=configured_protection(config.masking, key),
            pool=pool,
            budget=MemoryBudget(config.limits.memory_bytes),
            limits=_limits(config.limits),
            meters=metrics,
            log=log,
            audit=audit,
            company_prints=CompanyPrints(key),
            workers=_as_executor(workers),
            quick_workers=_as_executor(quick_workers),
            wall_ns=time.time_ns,
            mono_ns=time.monotonic_ns,
            sign_in=signing_in.server if signing_in is not None else None,
        )
        undo.pop_all()
    audit.use(outboxes, node_name(config.audit))
    knowing = [credential.known_secrets for credential in credentials]
    if signing_in is not None:
        knowing += [provider.known_secrets for provider in signing_in.knowing]
    net.follow(lambda: [*webhook_secrets, *(secret.decode("latin-1") for known in knowing for secret in known())])
    running = (
        metrics,
        audit,
        keys,
        pool,
        workers,
        quick_workers,
        recorder,
        store,
        vault,
        allowances,
        signing_in,
        credentials,
        outboxes,
    )
    return Parts(gateway, log, net, *running)


def _as_recording(recorder: Recorder | NoRecorder) -> Recording:
    return recorder


def _as_executor(workers: ThreadPoolExecutor) -> Executor:
    return workers


def _handlings(config: model.Config) -> tuple[Handling, dict[str, Handling]]:
    """What `masking` says, and by grant what those have that say something of their own."""
    rules = ConfiguredRules()

    def handling(masking: model.Masking) -> Handling:
        restore = masking.restore
        policy = BodyPolicy(
            media=masking.media, restore_tools=restore.tools, restore_new=restore.model_made == "restore"
        )
        treatments = rules.treatments(masking)
        return Handling(treatments, policy, *lifts(treatments, masking.allow))

    masking, nothing = config.masking, model.GrantMasking()
    own = {grant.name: masking.under(grant.masking) for grant in config.grants if grant.masking != nothing}
    return handling(masking), {name: handling(one) for name, one in own.items()}


def _issuer(issuer: model.Issuer) -> TrustedIssuer:
    rules = IssuerRules(
        issuer=issuer.issuer,
        audience=issuer.audience,
        groups_claim=issuer.groups_claim,
        algorithms=frozenset(issuer.algorithms),
        leeway_s=issuer.leeway_s,
    )
    return TrustedIssuer(rules, None if issuer.issuer.startswith("http://") else client_context(issuer.trust))


def _identity(issuers: list[TrustedIssuer], signing_in: SigningIn | None) -> tuple[KeyDirectory, Authenticator]:
    """Whose tokens count: the company's issuers', whose keys are fetched, and our own."""
    if signing_in is None:
        keys = KeyDirectory(issuers)
        return keys, Authenticator(keys, issuers)
    own = signing_in.issuer
    keys = KeyDirectory(issuers, own={own.rules.issuer: signing_in.keys})
    return keys, Authenticator(keys, [*issuers, own], is_over=signing_in.endings.is_over)


def _grant(grant: model.Grant) -> Grant:
    endpoints = grant.endpoints
    if endpoints is None:
        endpoints = frozenset(ENDPOINTS) - ({"other"} if grant.models else frozenset())
    approval = None
    if grant.approval is not None:
        approval = Approval(grant.approval.approvers, grant.approval.longest, grant.reason)
    return Grant(
        name=grant.name,
        groups=grant.groups,
        routes=grant.routes,
        for_s=grant.for_s,
        mode=grant.mode,
        mcp_tokens=grant.mcp_tokens,
        claims=tuple(ClaimRule(claim, patterns) for claim, patterns in grant.claims.items()),
        models=grant.models or (),
        endpoints=endpoints,
        hours=grant.hours,
        limits=GrantLimits(**grant.limits.model_dump()),
        approval=approval,
    )


def _route(route: model.Route, metrics: Metrics, credentials: list[Credential]) -> Route:
    upstream = None
    if route.upstream is not None:
        url = route.upstream
        context = client_context(route.trust) if url.scheme == "https" else None
        upstream = Origin("https" if url.scheme == "https" else "http", url.host, url.port, context)
    credential = None
    if route.credential is not None:
        credential = build_credential(route.credential, alarm=lambda: metrics.alarm("credential"))
        credentials.append(credential)
    return Route(route.name, frozenset(route.hosts), upstream, route.api, route.base_url, credential, route.refuse)


def _tunnel(tunnel: model.Tunnel) -> TunnelTarget:
    """An address that is written as such is meant; a name that turns out to be private needs `private`."""
    host = tunnel.target.host
    literal = host == "localhost" or ":" in host or host.replace(".", "").isdigit()
    return TunnelTarget(host, tunnel.target.port, tunnel.private or literal)


def _authority(interception: model.Interception | None) -> CertificateAuthority | None:
    if interception is None:
        return None
    return CertificateAuthority.load(interception.ca.certificate, interception.ca.key)


def _pool(limits: model.Limits) -> UpstreamPool:
    return UpstreamPool(
        connect_timeout_s=limits.upstream_connect_s,
        head_timeout_s=limits.upstream_head_s,
        idle_read_s=limits.upstream_idle_s,
    )


async def _recorder(recording: model.Recording | None, metrics: Metrics, log: EventLog) -> Recorder | NoRecorder:
    if recording is None:
        log("no recording is configured")
        return NoRecorder()

    def alarm(*, failed: bool, sentence: str) -> None:
        if failed:
            metrics.alarm("recording")
        log("recording failed" if failed else "recording works again", reason=sentence)

    recorder = Recorder(
        recording.directory,
        rotate_bytes=recording.rotate.size,
        rotate_age_s=recording.rotate.age,
        keep_s=recording.keep,
        alarm=alarm,
    )
    await recorder.start()
    metrics.watch("recorder_queue_bytes", "Masked bytes taken and not yet on disk.", lambda: recorder.held_bytes)
    metrics.watch("recorder_failed", "1 while the recording cannot be written.", lambda: float(recorder.failed))
    return recorder


async def _store(
    config: model.Config, key: bytes, metrics: Metrics, log: EventLog, keep: Parts | None
) -> tuple[Store | None, SealedVault | None]:
    """The store, and this configuration's view of its vault. A store that comes or goes needs a restart."""
    store = keep.store if keep is not None else None
    if store is None and (config.store is None or keep is not None):
        return None, None
    # Imported late: a gateway without a store starts without SQLAlchemy.
    from maskproxy.service.storing import open_store, sealed_vault

    if store is None:
        assert config.store is not None
        store = await open_store(config.store, metrics, log)
    return store, sealed_vault(store, key, config.masking, metrics, log)


async def _allowances(
    store: Store | None,
    key: bytes,
    metrics: Metrics,
    log: EventLog,
    recorder: Recorder | NoRecorder,
    audit: Audit,
    keep: Parts | None,
) -> Allowances | None:
    """What people may have as it is, as this configuration's key knows them."""
    if store is None:
        return None
    from maskproxy.service.storing import allowances

    made = allowances(store, key, metrics, log, recorder, audit)
    await made.start(keep.allowances if keep is not None else None)
    return made


async def _signing_in(
    config: model.Config,
    store: Store | None,
    key: bytes,
    providers: Mapping[str, Provider] | None,
    metrics: Metrics,
    log: EventLog,
    audit: Audit,
) -> SigningIn | None:
    """The sign-in server, where there are tokens of our own. A store that comes by a reload needs a restart."""
    if config.identity.tokens is None or store is None:
        return None
    from maskproxy.service.signing_in import signing_in

    made = signing_in(config, config.identity.tokens, store, key, metrics, log, audit, others=providers)
    await made.start()
    return made


async def _access(
    store: Store | None, metrics: Metrics, log: EventLog, recorder: Recorder | NoRecorder, audit: Audit
) -> Access | None:
    """Approvals and revocations, followed from now on."""
    if store is None:
        return None
    from maskproxy.service.storing import access

    made = access(store, metrics, log, recorder, audit)
    await made.start()
    return made


def _owners(store: Store | None, key: bytes) -> Owners | None:
    if store is None:
        return None
    from maskproxy.store.owners import Owners

    return Owners(store, key, time.time_ns)


def _counters(store: Store | None, key: bytes) -> Counters:
    """What everybody's limits are counted by: with the other nodes where there is a store."""
    if store is None:
        return MemoryCounters()
    from maskproxy.store.counters import StoredCounters

    return StoredCounters(store, key, time.time_ns)


def _limits(limits: model.Limits) -> Limits:
    body = limits.body_bytes
    return Limits(
        handshake_s=limits.handshake_s,
        head_s=limits.head_s,
        body_s=limits.body_s,
        write_s=limits.write_s,
        idle_s=limits.idle_s,
        connections=limits.connections,
        messages_bytes=body.messages,
        batches_bytes=body.batches,
        files_bytes=body.files,
        generic_bytes=body.generic,
    )
