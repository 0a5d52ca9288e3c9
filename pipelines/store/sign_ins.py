"""Sign-ins: the app's credentials and the tokens, encrypted, in one row for all organisations of a sign-in.

What belongs here: that row and its lock. What does not: making tokens (`pipelines.xero.oauth.tokens`).
A refresh token works once, so a process that renews it holds the row's lock in this database, on any machine.
Read more in docs/connecting.md.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from pipelines.credentials import App, TokenSet
from pipelines.errors import SignInError
from pipelines.secret import Secret
from pipelines.store import schema
from pipelines.store.engine import Store, waiting_logged
from pipelines.store.secrets import Secrets


@dataclass(frozen=True)
class SignIn:
    """A sign-in: our app, and the grant by which new tokens are made."""

    sign_in_id: str
    grant: str
    app: App


class StoredTokens:
    """The tokens of a sign-in, inside the transaction that locks them."""

    def __init__(self, connection: sa.Connection, sign_in_id: str, secrets: Secrets) -> None:
        self._connection = connection
        self._id = sign_in_id
        self._secrets = secrets

    def read(self) -> TokenSet | None:
        """The stored tokens; None if there are none yet."""
        table = schema.sign_in
        row = self._connection.execute(sa.select(table).where(table.c.id == self._id)).mappings().one()
        if row["access_token"] is None:
            return None
        return TokenSet(
            access_token=self._secrets.decrypt(row["access_token"]),
            expires_at=row["expires_at"],
            refresh_token=self._secrets.decrypt(row["refresh_token"]) if row["refresh_token"] else None,
            scopes=tuple(row["scopes"].split()),
        )

    def write(self, tokens: TokenSet) -> None:
        """Replace the stored tokens in one step."""
        table = schema.sign_in
        self._connection.execute(
            sa.update(table).where(table.c.id == self._id).values(token_columns(tokens, self._secrets))
        )


@contextmanager
def locked_tokens(store: Store, sign_in_id: str, secrets: Secrets) -> Iterator[StoredTokens]:
    """The tokens of a sign-in, locked against other processes for the block.

    Raises:
        SignInError: a newer sign-in has replaced it.
        StoreBusyError: another process kept the lock for too long.
    """
    table = schema.sign_in
    with store.writing() as connection:
        with waiting_logged(f"another process that renews the sign-in at Xero, {store.longest_wait}"):
            locked = connection.execute(sa.select(table.c.id).where(table.c.id == sign_in_id).with_for_update()).first()
        if locked is None:
            raise SignInError("The organisation was connected again, or removed, meanwhile; repeat the command.")
        yield StoredTokens(connection, sign_in_id, secrets)


def sign_in_of(store: Store, key: str, secrets: Secrets) -> SignIn:
    """The sign-in of a connected organisation."""
    table = schema.sign_in
    joined = schema.organisation.join(table, schema.organisation.c.sign_in_id == table.c.id)
    with store.reading() as connection:
        row = (
            connection.execute(sa.select(table).select_from(joined).where(schema.organisation.c.key == key))
            .mappings()
            .one()
        )
    credentials = json.loads(secrets.decrypt(row["credentials"]).reveal())
    client_secret = credentials["client_secret"]
    app = App(row["identity_url"], credentials["client_id"], Secret(client_secret) if client_secret else None)
    return SignIn(row["id"], row["grant_kind"], app)


def insert_sign_in(connection: sa.Connection, sign_in: SignIn, tokens: TokenSet, secrets: Secrets) -> None:
    """Store a new sign-in."""
    credentials = {
        "client_id": sign_in.app.client_id,
        "client_secret": sign_in.app.client_secret.reveal() if sign_in.app.client_secret else None,
    }
    connection.execute(
        sa.insert(schema.sign_in).values(
            id=sign_in.sign_in_id,
            grant_kind=sign_in.grant,
            identity_url=sign_in.app.identity_url,
            credentials=secrets.encrypt(Secret(json.dumps(credentials))),
            **token_columns(tokens, secrets),
        )
    )


def encrypt_again(store: Store, *, old: Secrets, new: Secrets) -> int:
    """Encrypt every sign-in's credentials and tokens with the new key, all of them or none; the number of sign-ins.

    Raises:
        SecretKeyError: a value was encrypted with neither key.
    """
    table = schema.sign_in
    names = ("credentials", "access_token", "refresh_token")
    with store.writing() as connection:
        rows = connection.execute(sa.select(table).with_for_update()).mappings().all()
        for row in rows:
            encrypted = {name: new.encrypt(old.decrypt(row[name])) for name in names if row[name] is not None}
            connection.execute(sa.update(table).where(table.c.id == row["id"]).values(encrypted))
    return len(rows)


def delete_unused_sign_ins(connection: sa.Connection) -> None:
    """Delete the sign-ins that no organisation uses any more, with their tokens."""
    used = sa.select(schema.organisation.c.sign_in_id).where(schema.organisation.c.sign_in_id.is_not(None))
    connection.execute(sa.delete(schema.sign_in).where(schema.sign_in.c.id.not_in(used)))


def token_columns(tokens: TokenSet, secrets: Secrets) -> dict[str, object]:
    """Tokens as columns of their row."""
    return {
        "scopes": " ".join(tokens.scopes),
        "access_token": secrets.encrypt(tokens.access_token),
        "refresh_token": secrets.encrypt(tokens.refresh_token) if tokens.refresh_token else None,
        "expires_at": tokens.expires_at,
    }
