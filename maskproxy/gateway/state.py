"""Everything that the gateway's parts share. Built by the service from the configuration; replaced whole on reload."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from maskproxy.access.grants import Admission, Grant
from maskproxy.audit import AuditEvent
from maskproxy.bodies.masks import BodyPolicy
from maskproxy.gateway.identity.authenticator import Authenticator
from maskproxy.gateway.interception.certificates import CertificateAuthority
from maskproxy.gateway.maskings import Maskings
from maskproxy.gateway.memory import MemoryBudget
from maskproxy.gateway.routes import RouteTable
from maskproxy.gateway.standings import Standings
from maskproxy.gateway.turns import Turns
from maskproxy.gateway.upstream.pool import UpstreamPool
from maskproxy.masking import CompanyPrints, Known, Lift, Treatments
from maskproxy.protected import Protection
from maskproxy.recording.frames import Frame

if TYPE_CHECKING:
    from aiohttp import web

    from maskproxy.gateway.connection import Connection
    from maskproxy.store.access import Access
    from maskproxy.store.allowances import Allowances
    from maskproxy.store.owners import Owners


class Meters(Protocol):
    """What the gateway counts. Labels hold names from the configuration, never a person's data."""

    def exchange_ended(self, route: str, outcome: str, status: int) -> None: ...
    def masked(self, rule: str, direction: str, admission: Admission) -> None: ...
    def blocked(self, rule: str, direction: str, admission: Admission) -> None: ...
    def alerted(self, rule: str, direction: str, admission: Admission) -> None: ...
    def lifted(self, rule: str, direction: str, admission: Admission) -> None: ...
    def upstream(self, route: str, seconds: float) -> None: ...
    def unread(self, route: str, count_bytes: int) -> None: ...
    def refused(self, reason: str) -> None: ...
    def alarm(self, kind: str) -> None: ...
    def recalled(self, found: int, lost: int) -> None: ...
    def connections(self, change: int) -> None: ...
    def exchanges(self, change: int) -> None: ...


class Recording(Protocol):
    """The recorder, as the exchange knows it: both raise `RecordingFailed` when frames cannot be kept."""

    def offer(self, frame: Frame) -> bool: ...
    async def append(self, frame: Frame) -> None: ...


class Audit(Protocol):
    """The audit trail. It holds nobody up for longer than a moment, and raises nothing."""

    async def tell(self, event: AuditEvent) -> None: ...


class StoredVault(Protocol):
    """What placeholders stand for, beyond an exchange; by scope, which is a person or a session."""

    def remember(self, scope: str, secrets: Sequence[Known]) -> None: ...
    async def recall(self, scope: str, placeholders: Sequence[bytes]) -> list[Known]:
        """Raises `StoreFailed`, at its own deadline too."""
        ...


class SignInServer(Protocol):
    """Answers the paths at which people and programs sign in."""

    def takes(self, gateway: Gateway, request: web.BaseRequest, connection: Connection) -> bool: ...
    async def answer(self, gateway: Gateway, request: web.BaseRequest, connection: Connection) -> web.Response: ...


class EventLog(Protocol):
    """A structured log. Values are masked by whoever writes them out; none of them may be a body or a credential."""

    def __call__(self, event: str, **fields: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes that bound what a client may take. `body_s` is granted on top of one second per 64 KiB.

    `write_s` is how long a client may leave some 100 KiB of its answer unread.
    """

    handshake_s: float = 10
    head_s: float = 30
    body_s: float = 60
    write_s: float = 60
    idle_s: float = 75
    connections: int = 10_000
    messages_bytes: int = 32 << 20
    batches_bytes: int = 256 << 20
    files_bytes: int = 500 << 20
    generic_bytes: int = 64 << 20
    answer_bytes: int = 1 << 30
    whole_answer_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Handling:
    """What is looked for in bodies and heads, what is done where it is found, and which tools get secrets back."""

    treatments: Treatments
    body_policy: BodyPolicy
    lifts: Mapping[str, Lift]
    """What it takes to lift what a rule finds, by its id."""
    other_lift: Lift
    """The same, of what the configuration does not name."""

    def takes(self, rule: str) -> Lift:
        return self.lifts.get(rule, self.other_lift)


@dataclass(slots=True)
class Gateway:
    routes: RouteTable
    authenticator: Authenticator
    grants: tuple[Grant, ...]
    certificates: CertificateAuthority | None
    maskings: Maskings
    scope: str
    handling: Handling
    """For whoever has no grant, and for grants that say nothing of their own."""
    own_handling: Mapping[str, Handling]
    """By the names of grants that do."""
    recorder: Recording
    stored_vault: StoredVault | None
    allowances: Allowances | None
    """Where there is a store: what was found for people, and what they may have as it is."""
    longest_allowance_s: float
    turns: Turns
    standings: Standings
    access: Access | None
    """Where there is a store: grants that people asked for, and what was revoked."""
    owners: Owners | None
    """Where there is a store: whose files and batches are."""
    protection: Protection
    pool: UpstreamPool
    budget: MemoryBudget
    limits: Limits
    meters: Meters
    log: EventLog
    audit: Audit
    company_prints: CompanyPrints
    workers: Executor
    quick_workers: Executor
    wall_ns: Callable[[], int]
    mono_ns: Callable[[], int]
    sign_in: SignInServer | None = None
    draining: bool = False
    open_connections: int = 0
    sessions_told: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def handling_under(self, grant: Grant | None) -> Handling:
        return self.handling if grant is None else self.own_handling.get(grant.name, self.handling)

    def handles_alike(self, one: Grant, other: Grant) -> bool:
        """Tell whether it makes no difference to a body under which of two grants it was masked."""
        same = self.handling_under(one) is self.handling_under(other)
        return same and (one.mode, one.mcp_tokens) == (other.mode, other.mcp_tokens)

    @property
    def now(self) -> float:
        """Wall time in seconds, for tokens and grants."""
        return self.wall_ns() / 1e9
