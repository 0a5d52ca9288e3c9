"""The first tables: organisations, tokens, settings, watermarks, the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "organisation",
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("base_currency", sa.String(8), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("is_demo_company", sa.Boolean, nullable=False),
        sa.Column("api_url", sa.Text, nullable=False),
        sa.Column("identity_url", sa.Text, nullable=False),
        sa.Column("grant", sa.String(32), nullable=False),
        sa.Column("credentials", sa.LargeBinary, nullable=False),
        sa.Column("connected_at", INSTANT, nullable=False),
    )
    op.create_table(
        "token",
        sa.Column("organisation_key", sa.String(40), primary_key=True),
        sa.Column("access_token", sa.LargeBinary),
        sa.Column("expires_at", INSTANT),
    )
    op.create_table(
        "setting_change",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "watermark",
        sa.Column("organisation_key", sa.String(40), primary_key=True),
        sa.Column("endpoint", sa.String(32), primary_key=True),
        sa.Column("modified_since", INSTANT, nullable=False),
        sa.Column("completed_at", INSTANT, nullable=False),
    )
    op.create_table(
        "order_event",
        sa.Column("organisation_key", sa.String(40), primary_key=True),
        sa.Column("order_id", sa.String(32), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("event", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Remove the tables."""
    for table in ("order_event", "watermark", "setting_change", "token", "organisation"):
        op.drop_table(table)
