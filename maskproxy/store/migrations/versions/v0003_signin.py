"""What signing in needs: keys of ours, attempts at providers, codes that wait, sessions and their refresh tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(32), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("signs_from_us", sa.BigInteger, nullable=False),
        sa.Column("signs_until_us", sa.BigInteger, nullable=False),
        sa.Column("ends_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "signin_attempts",
        sa.Column("state", sa.LargeBinary(32), primary_key=True),
        sa.Column("browser", sa.LargeBinary(32), nullable=False),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
    )
    op.create_index("signin_attempts_by_end", "signin_attempts", ["expires_us"])
    op.create_table(
        "code_grants",
        sa.Column("code", sa.LargeBinary(32), primary_key=True),
        sa.Column("user_code", sa.LargeBinary(32), unique=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("surface", sa.String(64), nullable=False),
        sa.Column("peer", sa.String(64), nullable=False),
        sa.Column("bound", sa.String(512), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("interval_us", sa.BigInteger, nullable=False),
        sa.Column("polled_us", sa.BigInteger, nullable=False),
        sa.Column("asked_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("session", sa.String(32), nullable=False),
    )
    op.create_index("code_grants_by_end", "code_grants", ["expires_us"])
    op.create_table(
        "signin_sessions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person_key", sa.String(1100), nullable=False),
        sa.Column("person_name", sa.String(512), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("surface", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("began_us", sa.BigInteger, nullable=False),
        sa.Column("refreshed_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("ended_us", sa.BigInteger, nullable=False),
        sa.Column("ended_why", sa.String(16), nullable=False),
    )
    op.create_index("signin_sessions_by_person", "signin_sessions", ["person_key", "expires_us"])
    op.create_index("signin_sessions_by_end", "signin_sessions", ["expires_us"])
    op.create_index("signin_sessions_by_ended", "signin_sessions", ["ended_us"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token", sa.LargeBinary(32), primary_key=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("signin_sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("used_us", sa.BigInteger, nullable=False),
    )
    op.create_index("refresh_tokens_by_session", "refresh_tokens", ["session"])
    op.create_table(
        "replays",
        sa.Column("id", sa.LargeBinary(32), primary_key=True),
        sa.Column("until_us", sa.BigInteger, nullable=False),
    )
    op.create_index("replays_by_end", "replays", ["until_us"])
