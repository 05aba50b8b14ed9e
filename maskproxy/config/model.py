"""The configuration's shape, as pydantic models: what every key is called, its type, its bounds and its default.

No behaviour lives here. What one field alone can get wrong is refused here; what takes two fields, or the disk, is in
`agreement` and `files`. Paths are absolute once `load` is done. Unknown keys are faults and nothing can be changed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints

from maskproxy.access.grants import Endpoint
from maskproxy.audit import EventName
from maskproxy.config.quantities import (
    AdminPlace,
    AnyUrl,
    ClaimTexts,
    Command,
    Duration,
    FilePath,
    Host,
    HoursOfWeek,
    ListenAddress,
    RuleSource,
    SafeEndpoint,
    SafeUrl,
    Seconds,
    Size,
    StoreUrl,
    SyslogAddress,
    Target,
)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$", to_lower=True)]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
CredentialName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")]
Action = Literal["mask", "block", "alert", "allow"]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Tls(Part):
    certificate: FilePath
    key: FilePath
    client_ca: FilePath | None = None
    """Callers must show a certificate of this authority."""


class Listener(Part):
    address: ListenAddress
    tls: Tls | None = None


class Admin(Part):
    address: AdminPlace


class KeyPair(Part):
    certificate: FilePath
    key: FilePath


class Interception(Part):
    ca: KeyPair


class SecretSource(Part):
    """Where a secret is read from; exactly one of the fields is set."""

    file: FilePath | None = None
    env: VariableName | None = None
    systemd: CredentialName | None = None
    """A name in systemd's credentials directory."""
    command: Command | None = None
    """A program and its arguments; no shell. What it prints is the secret."""


class OAuth2(Part):
    """Client credentials (RFC 6749, 4.4): the gateway's own non-human identity at an identity provider."""

    token_url: SafeEndpoint
    client_id: Text
    client_secret: SecretSource
    scope: Text | None = None
    audience: Text | None = None
    trust: FilePath | None = None


class CredentialSource(SecretSource):
    oauth2: OAuth2 | None = None


class Credential(Part):
    header: FieldName
    source: CredentialSource = Field(alias="from")


class Route(Part):
    name: Name
    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    upstream: SafeUrl | None = None
    refuse: Text | None = None
    """The sentence that every request is refused with; a route has this or `upstream`."""
    trust: FilePath | None = None
    base_url: bool = False
    api: Literal["anthropic", "generic"] = "generic"
    credential: Credential | None = None


def tunnel_from_text(value: object) -> object:
    return {"target": value} if isinstance(value, str) else value


class Tunnel(Part):
    target: Target
    private: bool = False
    """The target may be at a private, loopback or link-local address."""


class Issuer(Part):
    issuer: SafeEndpoint
    audience: Text
    groups_claim: Text = "groups"
    algorithms: frozenset[Literal["RS256", "ES256", "EdDSA"]] = frozenset({"RS256", "ES256", "EdDSA"})
    leeway_s: Annotated[float, Field(ge=0, le=300)] = 60
    trust: FilePath | None = None


class Tokens(Part):
    """Tokens of the gateway's own; with them it has a sign-in server."""

    audience: Text = "maskproxy"
    for_s: Annotated[Duration, Field(le=3600)] = Field(default=900.0, alias="for")
    refresh_for: Duration = 30 * 86400.0
    """How long somebody stays signed in at the most."""
    exchanged_for: Duration = 6 * 3600.0
    """The same, of a job that began with another issuer's token."""


class Oidc(Part):
    """The gateway's registration at an OpenID Connect provider."""

    issuer: SafeEndpoint
    client_id: Text
    client_secret: SecretSource | None = None
    """Not set: a public client, which PKCE alone protects."""
    scopes: Annotated[tuple[Text, ...], Field(min_length=1)] = ("openid", "profile", "email")
    groups_claim: Text = "groups"
    """A claim of the ID token, or else of userinfo."""
    prompt: Literal["login", "consent", "select_account"] | None = None
    algorithms: frozenset[Literal["RS256", "ES256", "EdDSA"]] = frozenset({"RS256", "ES256", "EdDSA"})
    leeway_s: Annotated[float, Field(ge=0, le=300)] = 60
    trust: FilePath | None = None


class Saml(Part):
    """A SAML 2.0 identity provider, and the gateway as its service provider."""

    metadata: FilePath
    """The identity provider's."""
    idp_entity_id: Text | None = None
    """Which of the metadata's entities; not set, the only one."""
    entity_id: Text
    """The gateway's own."""
    groups_attribute: Text = "groups"
    name_attributes: tuple[Text, ...] = ()
    email_attributes: tuple[Text, ...] = ()
    name_id: Literal["persistent", "email"] = "persistent"
    binding: Literal["redirect", "post"] = "redirect"
    signed: Literal["assertion", "response", "both"] = "assertion"
    signing: KeyPair | None = None
    """With which requests are signed."""
    leeway_s: Annotated[float, Field(ge=0, le=300)] = 60
    longest: Annotated[Duration, Field(le=86400)] = 12 * 3600.0


class Provider(Part):
    """Whom people sign in with; exactly one of `oidc` and `saml` is set."""

    name: Name
    oidc: Oidc | None = None
    saml: Saml | None = None


class Identity(Part):
    issuers: tuple[Issuer, ...] = ()
    """Whose tokens count as they are."""
    providers: tuple[Provider, ...] = ()
    tokens: Tokens | None = None


class ManagedSettings(Part):
    name: Name
    groups: frozenset[Text] = frozenset()
    """Whose they are; not set, everybody's."""
    settings: dict[str, JsonValue]


class Telemetry(Part):
    collector: SafeUrl
    """Takes OTLP/HTTP, such as http://127.0.0.1:4318."""
    trust: FilePath | None = None


class ClaudeCode(Part):
    """What Claude Code asks of a gateway that it signs in to, beside messages."""

    managed_settings: tuple[ManagedSettings, ...] = ()
    """The first that fits a person is theirs."""
    models: Literal["pass", "hide"] = "pass"
    telemetry: Telemetry | None = None
    """Where it goes, masked; not set, it is dropped."""
    login_notice: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,500}$")] | None = None


class RuleActions(Part):
    rules: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Ids of rules, `*` and `?` for any characters."""
    request: Action | None = None
    answer: Action | None = None


class GrantRestore(Part):
    tools: frozenset[Text] | None = None
    model_made: Literal["mask", "restore"] | None = None


class GrantMasking(Part):
    """What is looked for and done under one grant; what is not set is as `masking` has it."""

    rules: Annotated[tuple[RuleSource, ...], Field(min_length=1)] | None = None
    actions: tuple[RuleActions, ...] | None = None
    restore: GrantRestore = GrantRestore()


class Approval(Part):
    """The grant is open only where somebody of these groups has approved it for a person."""

    approvers: Annotated[frozenset[Text], Field(min_length=1)]
    longest: Duration = 8 * 3600.0


class GrantLimits(Part):
    """Of one person, under one grant."""

    requests_per_minute: Annotated[int, Field(gt=0, le=1_000_000)] | None = None
    tokens_per_day: Annotated[int, Field(gt=0, le=1 << 40)] | None = None
    """Input, what is written to the cache, and output, by the API's own `usage`."""
    streams: Annotated[int, Field(gt=0, le=100_000)] = 32
    """Requests that run at a time, on each node."""
    body_bytes: Size | None = None


class Grant(Part):
    name: Name
    groups: Annotated[frozenset[Text], Field(min_length=1)] = frozenset()
    """One of them must be the person's. A grant has groups, claims, or both, and then takes both."""
    claims: Annotated[dict[Text, ClaimTexts], Field(min_length=1)] = {}
    """By a claim's name, or a dotted path, the patterns of which it must fit one; every claim must."""
    routes: Annotated[frozenset[Name], Field(min_length=1)]
    models: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    """Patterns (`*`) of the models that requests may name."""
    endpoints: Annotated[frozenset[Endpoint], Field(min_length=1)] | None = None
    """Not set: all; with `models`, all but `other`, where models are not read."""
    hours: HoursOfWeek = ()
    """When it is open; not set, always."""
    for_s: Duration | None = Field(default=None, alias="for")
    mode: Literal["enforce", "observe"] = "enforce"
    limits: GrantLimits = GrantLimits()
    approval: Approval | None = None
    reason: bool = False
    """Who asks for approval must say why."""
    mcp_tokens: bool = False
    """Requests may hold people's own tokens for MCP servers (`mcp_servers[].authorization_token`)."""
    masking: GrantMasking = GrantMasking()


class MaskingKey(Part):
    file: FilePath


class Restore(Part):
    tools: frozenset[Text] = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
    model_made: Literal["mask", "restore"] = "mask"
    keep: Duration = 7 * 86400.0
    """How long the store remembers a secret that is not sent or used again."""


class Allow(Part):
    """What people may let pass for themselves (`maskproxy allow`)."""

    longest: Duration = 7 * 86400.0
    generic: Literal["at_once", "approval", "never"] = "at_once"
    """Of rules that say `lift: at_once`."""
    vendor: Literal["approval", "never"] = "approval"
    """Of all others, and wherever a rule blocks or alerts."""


DictionaryAction = Literal["mask", "block", "alert"]


class DictionarySource(Part):
    """Exact values that are secrets; exactly one of `file` and `command` is set."""

    name: Name
    file: FilePath | None = None
    command: Command | None = None
    """A program and its arguments; no shell. What it prints are the values."""
    format: Literal["lines", "env"] = "lines"
    action: DictionaryAction = "mask"


class ProtectedSource(Part):
    name: Name
    file: FilePath
    """Fingerprints, made by `maskproxy rules protect`."""
    lines: Annotated[int, Field(ge=5, le=1_000_000)] = 20
    """So many lines of it in one request are too many."""
    action: Literal["block", "alert"] = "block"


class Masking(Part):
    key: MaskingKey
    rules: Annotated[tuple[RuleSource, ...], Field(min_length=1)] = ("builtin:default",)
    actions: tuple[RuleActions, ...] = ()
    """What happens where rules find something, instead of what the rules themselves say; a later entry wins."""
    scope: Literal["person", "session"] = "person"
    restore: Restore = Restore()
    media: Literal["pass", "refuse"] = "pass"
    allow: Allow = Allow()
    dictionaries: tuple[DictionarySource, ...] = ()
    protected: tuple[ProtectedSource, ...] = ()

    def under(self, grant: GrantMasking) -> Masking:
        """What holds under a grant: each key that it sets, and of `restore` each key there, replaces ours."""
        own = {"rules": grant.rules, "actions": grant.actions}
        restore = {"tools": grant.restore.tools, "model_made": grant.restore.model_made}
        said = {name: value for name, value in own.items() if value is not None}
        put_back = {name: value for name, value in restore.items() if value is not None}
        return self.model_copy(update={**said, "restore": self.restore.model_copy(update=put_back)})


class Rotate(Part):
    size: Size = 256 << 20
    age: Duration = 3600.0


class Recording(Part):
    directory: FilePath
    rotate: Rotate = Rotate()
    keep: Duration | None = None


WhenFull = Literal["wait", "drop"]
"""What becomes of an event when its sink is full: it waits a moment for room, or is dropped at once, with an alarm."""


class Syslog(Part):
    address: SyslogAddress
    facility: Literal[
        "user", "daemon", "auth", "authpriv", "audit",
        "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ] = "local0"  # fmt: skip
    trust: FilePath | None = None
    when_full: WhenFull = "drop"


class Webhook(Part):
    """Chosen events, each as a signed POST."""

    name: Name
    url: SafeEndpoint
    secret: SecretSource
    events: Annotated[tuple[EventName, ...], Field(min_length=1)] = ("finding", "block")
    trust: FilePath | None = None
    when_full: WhenFull = "drop"


class Audit(Part):
    """Who did what, when and why, beside the recording."""

    file: FilePath | None = None
    fsync: bool = True
    """Each batch is on the disk before it counts as written."""
    stdout: bool = False
    syslog: Syslog | None = None
    webhooks: tuple[Webhook, ...] = ()
    when_full: WhenFull = "wait"
    """Of `file` and `stdout`."""
    queue: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Events that may wait for each of them."""
    node: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")] | None = None
    """How this node is named; else by the machine's name."""


class BodyLimits(Part):
    messages: Size = 32 << 20
    batches: Size = 256 << 20
    files: Size = 500 << 20
    generic: Size = 64 << 20


class Limits(Part):
    handshake_s: Seconds = 10
    head_s: Seconds = 30
    body_s: Seconds = 60
    """How long a request body may take to arrive in all, on top of one second for each 64 KiB received."""
    write_s: Seconds = 60
    """How long a client may take nothing of its answer."""
    idle_s: Seconds = 75
    """How long a kept-alive connection may wait for its next request."""
    drain_s: Seconds = 30
    """How long running exchanges may go on after SIGTERM."""
    upstream_connect_s: Seconds = 10
    upstream_head_s: Seconds = 600
    upstream_idle_s: Seconds = 300
    body_bytes: BodyLimits = BodyLimits()
    memory_bytes: Size = 1 << 30
    """For bodies that are held whole, over all exchanges."""
    connections: Annotated[int, Field(gt=0, le=1_000_000)] = 10_000


class Log(Part):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"


class Config(Part):
    public_url: AnyUrl | None = None
    listeners: Annotated[tuple[Listener, ...], Field(min_length=1)]
    admin: Admin | None = None
    interception: Interception | None = None
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    tunnels: tuple[Annotated[Tunnel, BeforeValidator(tunnel_from_text)], ...] = ()
    identity: Identity
    claude_code: ClaudeCode | None = None
    grants: tuple[Grant, ...] = ()
    masking: Masking
    recording: Recording | None = None
    audit: Audit | None = None
    store: StoreUrl | None = None
    """A database's file, or where PostgreSQL has one."""
    limits: Limits = Limits()
    log: Log = Log()
