"""Which product had which code and when, and which contacts were merged or archived: settings follow them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "product_code",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("organisation_key", sa.String(40), nullable=False, index=True),
        sa.Column("product_id", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("seen_at", INSTANT, nullable=False),
    )
    op.create_table(
        "contact_state",
        sa.Column("organisation_key", sa.String(40), primary_key=True),
        sa.Column("contact_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("merged_into", sa.String(64)),
        sa.Column("is_archived", sa.Boolean, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    """Remove the tables."""
    op.drop_table("contact_state")
    op.drop_table("product_code")
