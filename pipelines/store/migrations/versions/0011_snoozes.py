"""A decision about an exception may hold until a day, and knows the money at stake when it was made."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; older decisions have neither."""
    op.add_column("exception_decision", sa.Column("until", sa.Date))
    op.add_column("exception_decision", sa.Column("money_at_stake", sa.Text))


def downgrade() -> None:
    """Remove the columns."""
    op.drop_column("exception_decision", "money_at_stake")
    op.drop_column("exception_decision", "until")
