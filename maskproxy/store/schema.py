"""The tables, as the newest migration leaves them. Times are microseconds since the epoch."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

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
