"""The sealed vault."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "vault",
        sa.Column("scope", sa.LargeBinary(32), primary_key=True),
        sa.Column("placeholder", sa.String(96), primary_key=True),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
    )
    op.create_index("vault_by_age", "vault", ["seen_us", "size_bytes"])
    op.create_index("vault_by_scope_and_age", "vault", ["scope", "seen_us"])
    op.create_index("vault_by_end", "vault", ["expires_us"])
