"""Who may use the desk: roles of people, tokens of programs, and sessions that were ended before their time."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "desk_role",
        sa.Column("person", sa.String(320), primary_key=True),
        sa.Column("organisation_key", sa.String(40), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.Column("given_at", INSTANT, nullable=False),
    )
    op.create_table(
        "access_token",
        sa.Column("token_id", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_by", sa.Text),
        sa.Column("revoked_at", INSTANT),
        sa.Column("last_used_at", INSTANT),
    )
    op.create_table(
        "access_token_organisation",
        sa.Column("token_id", sa.String(16), primary_key=True),
        sa.Column("organisation_key", sa.String(40), primary_key=True),
    )
    op.create_table(
        "ended_session",
        sa.Column("subject", sa.String(400), primary_key=True),
        sa.Column("ended_at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    """Remove the tables."""
    for name in ("ended_session", "access_token_organisation", "access_token", "desk_role"):
        op.drop_table(name)
