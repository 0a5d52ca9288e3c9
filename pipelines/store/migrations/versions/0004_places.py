"""Which process makes a call, so that a dead one's place is free at once, and when a pause was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns; what is there was noted by an older version, and is forgotten within minutes or a day."""
    op.add_column("xero_call", sa.Column("process", sa.Text, nullable=False, server_default=""))
    op.add_column("xero_pause", sa.Column("asked_at", INSTANT))


def downgrade() -> None:
    """Remove the columns."""
    with op.batch_alter_table("xero_pause") as pause:
        pause.drop_column("asked_at")
    with op.batch_alter_table("xero_call") as call:
        call.drop_column("process")
