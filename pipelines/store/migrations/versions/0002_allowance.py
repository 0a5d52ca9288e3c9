"""The calls of the last minute to each organisation's Xero, and until when Xero asked for none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "xero_call",
        sa.Column("call_id", sa.String(32), primary_key=True),
        sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("is_over", sa.Boolean, nullable=False),
    )
    op.create_table(
        "xero_pause",
        sa.Column("organisation_key", sa.String(40), primary_key=True),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("problem", sa.String(16), nullable=False),
    )


def downgrade() -> None:
    """Remove the tables."""
    op.drop_table("xero_pause")
    op.drop_table("xero_call")
