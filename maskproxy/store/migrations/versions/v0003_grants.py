"""What people have had of their limits."""

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
