"""Sign-ins by themselves: one may serve several organisations, and its tokens must live in one place.

There is no way down: the old tables have no place for a sign-in of several organisations; restore the backup.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
_MOVED = """
insert into sign_in (id, grant_kind, identity_url, credentials, scopes, access_token, expires_at)
select o.key, 'custom', o.identity_url, o.credentials, '', t.access_token, t.expires_at
from organisation o left join token t on t.organisation_key = o.key
"""


def upgrade() -> None:
    """Move credentials and tokens out of the organisations."""
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("grant_kind", sa.String(32), nullable=False),
        sa.Column("identity_url", sa.Text, nullable=False),
        sa.Column("credentials", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("access_token", sa.LargeBinary),
        sa.Column("refresh_token", sa.LargeBinary),
        sa.Column("expires_at", INSTANT),
    )
    op.execute(_MOVED)
    op.add_column("organisation", sa.Column("sign_in_id", sa.String(40)))
    op.add_column("organisation", sa.Column("sign_in_needed_at", INSTANT))
    op.execute("update organisation set sign_in_id = key")
    for column in ("grant", "identity_url", "credentials"):
        op.drop_column("organisation", column)
    op.drop_table("token")
