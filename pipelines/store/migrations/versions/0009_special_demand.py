"""What people said about special demand: one-off orders, and events that raise or lower demand."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "one_off_answer",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
        sa.Column("invoice_id", sa.String(64), nullable=False),
        sa.Column("product_id", sa.Text),
        sa.Column("product_code", sa.Text, nullable=False),
        sa.Column("invoice_number", sa.Text, nullable=False),
        sa.Column("answer", sa.String(8), nullable=False),
        sa.Column("answered_by", sa.Text, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "demand_event_change",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("event", sa.Text),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Remove the tables."""
    op.drop_table("demand_event_change")
    op.drop_table("one_off_answer")
