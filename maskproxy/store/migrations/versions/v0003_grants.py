"""What people have had of their limits, the grants that they asked for, what was revoked, and whose files are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("person", sa.LargeBinary(32), primary_key=True),
        sa.Column("grant", sa.String(64), primary_key=True),
        sa.Column("counted", sa.String(8), primary_key=True),
        sa.Column("window_s", sa.BigInteger, primary_key=True),
        sa.Column("total", sa.BigInteger, nullable=False),
    )
    op.create_index("counters_by_age", "counters", ["window_s"])
    op.create_table(
        "access_requests",
        sa.Column("id", sa.String(24), primary_key=True),
        sa.Column("person_key", sa.String(1100), nullable=False),
        sa.Column("person_name", sa.String(512), nullable=False),
        sa.Column("grant", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("for_us", sa.BigInteger, nullable=False),
        sa.Column("asked_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
    )
    op.create_index("access_requests_by_person", "access_requests", ["person_key", "asked_us"])
    op.create_index("access_requests_by_state", "access_requests", ["state", "expires_us"])
    op.create_table(
        "revocations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("target", sa.String(1100), nullable=False),
        sa.Column("person_key", sa.String(1100), nullable=False),
        sa.Column("by", sa.String(1100), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
    )
    op.create_index("revocations_by_end", "revocations", ["expires_us"])
    op.create_table(
        "access_events",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("event", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("target", sa.String(1100), nullable=False),
        sa.Column("grant", sa.String(64), nullable=False),
        sa.Column("person_key", sa.String(1100), nullable=False),
        sa.Column("person_name", sa.String(512), nullable=False),
        sa.Column("by", sa.String(1100), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("access_events_by_told", "access_events", ["told"])
    op.create_table(
        "owners",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("id", sa.String(256), primary_key=True),
        sa.Column("person", sa.LargeBinary(32), nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
    )
    op.create_index("owners_by_age", "owners", ["kind", "made_us"])
