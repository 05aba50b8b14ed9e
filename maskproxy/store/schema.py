"""The tables, as the newest migration leaves them. Times are microseconds since the epoch."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

vault = Table(
    "vault",
    metadata,
    Column("scope", LargeBinary(32), primary_key=True),
    Column("placeholder", String(96), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("digest", LargeBinary(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Index("vault_by_age", "seen_us", "size_bytes"),
    Index("vault_by_scope_and_age", "scope", "seen_us"),
    Index("vault_by_end", "expires_us"),
)
"""What placeholders stand for. `scope` is a keyed hash of whose it is; nothing is in clear but placeholder and rule.

`sealed` is empty where one placeholder was seen to stand for two texts: then it stands for neither.
"""

findings = Table(
    "findings",
    metadata,
    Column("person", LargeBinary(32), primary_key=True),
    Column("placeholder", String(96), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("place", String(256), nullable=False),
    Column("action", String(8), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("session", String(64), nullable=False),
    Column("exchange", String(40), nullable=False),
    Column("fingerprint", LargeBinary(16), nullable=False),
    Column("lift", Integer, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("first_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Index("findings_by_age", "seen_us"),
    Index("findings_by_person_and_age", "person", "seen_us"),
)
"""What was found for whom; `person` is a keyed hash. Where it was last seen counts: place, session and exchange."""

allowances = Table(
    "allowances",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("person", LargeBinary(32), nullable=False),
    Column("person_key", String(1100), nullable=False),
    Column("person_name", String(512), nullable=False),
    Column("placeholder", String(96), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("fingerprint", LargeBinary(16), nullable=False),
    Column("reach", Integer, nullable=False),
    Column("reason", String(512), nullable=False),
    Column("state", String(8), nullable=False),
    Column("for_us", BigInteger, nullable=False),
    Column("asked_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Index("allowances_by_person", "person", "asked_us"),
    Index("allowances_by_state", "state", "expires_us"),
)
"""What people may have as it is. `reach` is the most that it lifts; `expires_us` is 0 for as long as it waits."""

allowance_events = Table(
    "allowance_events",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("allowance", String(24), ForeignKey("allowances.id", ondelete="CASCADE"), nullable=False),
    Column("event", String(8), nullable=False),
    Column("by", String(600), nullable=False),
    Column("reason", String(512), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("told", Boolean, nullable=False),
    Index("allowance_events_by_allowance", "allowance"),
    Index("allowance_events_by_told", "told"),
    sqlite_autoincrement=True,
)
"""Who did what to an allowance, when and why. The highest number ever tells whether anything changed."""

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("signs_from_us", BigInteger, nullable=False),
    Column("signs_until_us", BigInteger, nullable=False),
    Column("ends_us", BigInteger, nullable=False),
)
"""What tokens of ours are signed with. Nothing is believed of a row but what its seal binds."""

signin_attempts = Table(
    "signin_attempts",
    metadata,
    Column("state", LargeBinary(32), primary_key=True),
    Column("browser", LargeBinary(32), nullable=False),
    Column("stage", String(8), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Index("signin_attempts_by_end", "expires_us"),
)
"""People who are at an identity provider, or back and about to confirm. `state` and `browser` are hashes."""

code_grants = Table(
    "code_grants",
    metadata,
    Column("code", LargeBinary(32), primary_key=True),
    Column("user_code", LargeBinary(32), unique=True),
    Column("kind", String(8), nullable=False),
    Column("surface", String(64), nullable=False),
    Column("peer", String(64), nullable=False),
    Column("bound", String(512), nullable=False),
    Column("state", String(8), nullable=False),
    Column("interval_us", BigInteger, nullable=False),
    Column("polled_us", BigInteger, nullable=False),
    Column("asked_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("session", String(32), nullable=False),
    Index("code_grants_by_end", "expires_us"),
)
"""What a client trades for tokens once a person has approved: a device code, or an authorization code. Hashes only."""

signin_sessions = Table(
    "signin_sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_key", String(1100), nullable=False),
    Column("person_name", String(512), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("surface", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("began_us", BigInteger, nullable=False),
    Column("refreshed_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=False),
    Column("ended_why", String(16), nullable=False),
    Index("signin_sessions_by_person", "person_key", "expires_us"),
    Index("signin_sessions_by_end", "expires_us"),
    Index("signin_sessions_by_ended", "ended_us"),
)
"""Who is signed in where. `ended_us` is 0 until it was ended before its time."""

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token", LargeBinary(32), primary_key=True),
    Column("session", String(32), ForeignKey("signin_sessions.id", ondelete="CASCADE"), nullable=False),
    Column("used_us", BigInteger, nullable=False),
    Index("refresh_tokens_by_session", "session"),
)
"""By their hashes, all that a session ever had; one of them at most has not been used."""

replays = Table(
    "replays",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),
    Column("until_us", BigInteger, nullable=False),
    Index("replays_by_end", "until_us"),
)
"""Hashes of what may be used once, for as long as it could be used again."""
