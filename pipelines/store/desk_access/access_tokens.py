"""Tokens of programs: shown once, kept as a digest, for some organisations, until a day or until they are revoked.

A token has 256 random bits, so that a plain SHA-256 of it tells nobody what it is.
What belongs here: their rows. What does not: reading them from requests (`planner/security`).
Read more in docs/desk.md.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from pipelines.errors import UsageError
from pipelines.secret import Secret
from pipelines.store import schema
from pipelines.store.desk_access.desk_roles import EVERY_ORGANISATION, Role
from pipelines.store.engine import Store

BEGINNING: Final = "stk_"
LONGEST_DAYS: Final = 366
LONGEST_NAME: Final = 80
_USE_NOTED_AFTER: Final = timedelta(minutes=1)
_MOST_CHARACTERS: Final = 200


@dataclass(frozen=True)
class AccessToken:
    """A token as it is known: everything but itself."""

    token_id: str
    name: str
    role: Role
    organisations: Sequence[str]
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_by: str | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def state(self, at: datetime) -> str:
        """Whether it opens anything: `valid`, `revoked` or `expired`."""
        return "revoked" if self.revoked_at else "expired" if at >= self.expires_at else "valid"

    def reaches(self, key: str) -> bool:
        """Whether it is for an organisation."""
        return key in self.organisations or EVERY_ORGANISATION in self.organisations


def new_token(name: str, role: Role, organisations: Sequence[str], *, days: int, by: str, at: datetime) -> AccessToken:
    """A token that is not kept yet.

    Raises:
        UsageError: its name, its days or its organisations are not allowed.
    """
    named = " ".join(name.split())
    if not 0 < len(named) <= LONGEST_NAME or not named.isprintable():
        raise UsageError(f"Name what the token is for, in 1 to {LONGEST_NAME} characters.")
    if not 1 <= days <= LONGEST_DAYS:
        raise UsageError(f"A token is valid for 1 to {LONGEST_DAYS} days.")
    if not organisations:
        raise UsageError("Name at least one organisation that the token is for.")
    whole = tuple(dict.fromkeys(organisations))
    return AccessToken(secrets.token_hex(4), named, role, whole, by, at, at + timedelta(days=days))


def keep_token(store: Store, token: AccessToken) -> Secret:
    """Keep a token; its text, which nobody can be shown again."""
    text = BEGINNING + secrets.token_urlsafe(32)
    row = {name: value for name, value in vars(token).items() if name != "organisations"}
    of_it = [{"token_id": token.token_id, "organisation_key": key} for key in token.organisations]
    with store.writing() as connection:
        connection.execute(sa.insert(schema.access_token).values(digest=_digest(text), **row))
        connection.execute(sa.insert(schema.access_token_organisation), of_it)
    return Secret(text)


def list_tokens(store: Store) -> list[AccessToken]:
    """Every token, the newest first."""
    with store.reading() as connection:
        return _tokens(connection, sa.true())


def find_token(store: Store, text: str) -> AccessToken | None:
    """The token of a text, valid or not; None if it is none of ours."""
    if not text.startswith(BEGINNING) or len(text) > _MOST_CHARACTERS:
        return None
    with store.reading() as connection:
        return next(iter(_tokens(connection, schema.access_token.c.digest == _digest(text))), None)


def note_use(store: Store, token: AccessToken, *, at: datetime) -> None:
    """Keep when a token was used last, to the minute."""
    if token.last_used_at is not None and at - token.last_used_at < _USE_NOTED_AFTER:
        return
    table = schema.access_token
    with store.writing() as connection:
        connection.execute(sa.update(table).where(table.c.token_id == token.token_id).values(last_used_at=at))


def revoke_token(store: Store, token_id: str, *, by: str, at: datetime) -> AccessToken:
    """Revoke a token: it opens nothing from now on, in any process.

    Raises:
        UsageError: there is none, or it was revoked before.
    """
    table = schema.access_token
    with store.writing() as connection:
        found = next(iter(_tokens(connection, table.c.token_id == token_id)), None)
        if found is None:
            raise UsageError("There is no such token.")
        if found.revoked_at is not None:
            raise UsageError(f"{found.name!r} was revoked by {found.revoked_by} already.")
        connection.execute(sa.update(table).where(table.c.token_id == token_id).values(revoked_by=by, revoked_at=at))
    return replace(found, revoked_by=by, revoked_at=at)


def _tokens(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[AccessToken]:
    table, of_it = schema.access_token, schema.access_token_organisation
    rows = connection.execute(sa.select(table).where(condition).order_by(table.c.made_at.desc())).all()
    chosen = of_it.c.token_id.in_(sa.select(table.c.token_id).where(condition))
    keys: dict[str, list[str]] = {}
    for row in connection.execute(sa.select(of_it).where(chosen).order_by(of_it.c.organisation_key)):
        keys.setdefault(str(row.token_id), []).append(str(row.organisation_key))
    return [_token(row, keys.get(row.token_id, [])) for row in rows]


def _token(row: sa.Row[Any], organisations: Sequence[str]) -> AccessToken:
    values = {name: value for name, value in row._asdict().items() if name != "digest"}
    return AccessToken(**values | {"role": Role(row.role), "organisations": tuple(organisations)})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
