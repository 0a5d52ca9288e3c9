"""One access token an organisation, shared by every process, changed by one at a time.

What belongs here: the token's row and its lock. What does not: making a token (`pipelines.xero.auth`).
Read more in SECURITY.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.secrets import Secrets
from pipelines.xero.auth import AccessToken


class StoredToken:
    """The place of one token, inside the transaction that locks it."""

    def __init__(self, connection: sa.Connection, key: str, secrets: Secrets) -> None:
        self._connection = connection
        self._key = key
        self._secrets = secrets

    def read(self) -> AccessToken | None:
        """The token as the last process left it."""
        table = schema.token
        row = self._connection.execute(sa.select(table).where(table.c.organisation_key == self._key)).mappings().one()
        if row["access_token"] is None:
            return None
        return AccessToken(self._secrets.decrypt(bytes(row["access_token"])), row["expires_at"])

    def write(self, token: AccessToken) -> None:
        """Replace it."""
        self._connection.execute(
            sa.update(schema.token)
            .where(schema.token.c.organisation_key == self._key)
            .values(access_token=self._secrets.encrypt(token.value), expires_at=token.expires_at)
        )


@contextmanager
def locked_token(store: Store, key: str, secrets: Secrets) -> Iterator[StoredToken]:
    """An organisation's token while no other process may change it."""
    table = schema.token
    with store.writing() as connection:
        if store.engine.dialect.name == "postgresql":
            connection.execute(sa.text("select pg_advisory_xact_lock(hashtext(:key))"), {"key": key})
        there = connection.execute(sa.select(table.c.organisation_key).where(table.c.organisation_key == key)).first()
        if there is None:
            connection.execute(sa.insert(table).values(organisation_key=key))
        yield StoredToken(connection, key, secrets)
