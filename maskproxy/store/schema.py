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

counters = Table(
    "counters",
    metadata,
    Column("person", LargeBinary(32), primary_key=True),
    Column("grant", String(64), primary_key=True),
    Column("counted", String(8), primary_key=True),
    Column("window_s", BigInteger, primary_key=True),
    Column("total", BigInteger, nullable=False),
    Index("counters_by_age", "window_s"),
)
"""What people have had of their limits, in a window that begins at `window_s`; `person` is a keyed hash."""

access_requests = Table(
    "access_requests",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("person_key", String(1100), nullable=False),
    Column("person_name", String(512), nullable=False),
    Column("grant", String(64), nullable=False),
    Column("reason", String(512), nullable=False),
    Column("state", String(8), nullable=False),
    Column("for_us", BigInteger, nullable=False),
    Column("asked_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Index("access_requests_by_person", "person_key", "asked_us"),
    Index("access_requests_by_state", "state", "expires_us"),
)
"""Grants that people asked for. `expires_us` is 0 for as long as one waits."""

revocations = Table(
    "revocations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("target", String(1100), nullable=False),
    Column("person_key", String(1100), nullable=False),
    Column("by", String(1100), nullable=False),
    Column("reason", String(512), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Index("revocations_by_end", "expires_us"),
)
"""What counts no more. `person_key` is whose grant was revoked, or empty for everybody's."""

access_events = Table(
    "access_events",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("subject", String(32), nullable=False),
    Column("event", String(8), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("target", String(1100), nullable=False),
    Column("grant", String(64), nullable=False),
    Column("person_key", String(1100), nullable=False),
    Column("person_name", String(512), nullable=False),
    Column("by", String(1100), nullable=False),
    Column("reason", String(512), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("told", Boolean, nullable=False),
    Index("access_events_by_told", "told"),
    sqlite_autoincrement=True,
)
"""Who decided what about access, when and why. The highest number ever tells whether anything changed."""

owners = Table(
    "owners",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("id", String(256), primary_key=True),
    Column("person", LargeBinary(32), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Index("owners_by_age", "kind", "made_us"),
)
"""Whose files and batches are; `person` is a keyed hash, `tokens` what was counted of a batch's results."""
