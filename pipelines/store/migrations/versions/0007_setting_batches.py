"""Changes of settings know which of them were made together, and the item in Xero that a product's setting is for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; every older change is a batch of its own."""
    op.add_column("setting_change", sa.Column("batch", sa.Integer, nullable=False, server_default="0"))
    op.add_column("setting_change", sa.Column("product_id", sa.Text))
    op.execute("update setting_change set batch = id")


def downgrade() -> None:
    """Remove the columns."""
    op.drop_column("setting_change", "product_id")
    op.drop_column("setting_change", "batch")
