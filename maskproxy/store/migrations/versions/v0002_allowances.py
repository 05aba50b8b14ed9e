"""What was found for people, and what they may have as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "findings",
        sa.Column("person", sa.LargeBinary(32), primary_key=True),
        sa.Column("placeholder", sa.String(96), primary_key=True),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("place", sa.String(256), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("exchange", sa.String(40), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
        sa.Column("lift", sa.Integer, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("first_us", sa.BigInteger, nullable=False),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
    )
    op.create_index("findings_by_age", "findings", ["seen_us"])
    op.create_index("findings_by_person_and_age", "findings", ["person", "seen_us"])
    op.create_table(
        "allowances",
        sa.Column("id", sa.String(24), primary_key=True),
        sa.Column("person", sa.LargeBinary(32), nullable=False),
        sa.Column("person_key", sa.String(1100), nullable=False),
        sa.Column("person_name", sa.String(512), nullable=False),
        sa.Column("placeholder", sa.String(96), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
        sa.Column("reach", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("for_us", sa.BigInteger, nullable=False),
        sa.Column("asked_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
    )
    op.create_index("allowances_by_person", "allowances", ["person", "asked_us"])
    op.create_index("allowances_by_state", "allowances", ["state", "expires_us"])
    op.create_table(
        "allowance_events",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("allowance", sa.String(24), sa.ForeignKey("allowances.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.String(8), nullable=False),
        sa.Column("by", sa.String(600), nullable=False),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("allowance_events_by_allowance", "allowance_events", ["allowance"])
    op.create_index("allowance_events_by_told", "allowance_events", ["told"])
