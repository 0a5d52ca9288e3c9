"""The organisations that are connected, and the credentials that a person gave for each.

What belongs here: their rows. What does not: talking to Xero (`pipelines.xero`).
Read more in docs/adr/0001-organisations-are-partitions.md.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipelines.errors import UsageError
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.secrets import Secrets

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class OrganisationError(UsageError):
    """No such organisation, or it cannot be connected under this key."""


@dataclass(frozen=True)
class Organisation:
    """A connected organisation: what Xero calls it, and where its Xero answers."""

    key: str
    tenant_id: str
    name: str
    base_currency: str
    time_zone: str
    is_demo_company: bool
    api_url: str
    identity_url: str
    grant: str


def check_key(key: str) -> str:
    """The key, where it can be one.

    Raises:
        OrganisationError: it holds something else than lower-case letters, digits and dashes.
    """
    if not _KEY.fullmatch(key):
        raise OrganisationError(
            f"{key!r} cannot be an organisation's key: use up to 40 lower-case letters, digits and dashes."
        )
    return key


def add_organisation(
    store: Store, organisation: Organisation, *, credentials: Mapping[str, str], secrets: Secrets, at: datetime
) -> None:
    """Connect an organisation, or connect it anew with other credentials or addresses.

    Raises:
        OrganisationError: the key belongs to another organisation of Xero.
    """
    check_key(organisation.key)
    row = {
        **asdict(organisation),
        "credentials": secrets.encrypt(json.dumps(dict(credentials))),
        "connected_at": at,
    }
    table = schema.organisation
    with store.writing() as connection:
        there = connection.execute(sa.select(table.c.tenant_id).where(table.c.key == organisation.key)).scalar()
        if there is not None and there != organisation.tenant_id:
            raise OrganisationError(
                f"The key {organisation.key!r} belongs to another organisation of Xero, whose data must not be mixed "
                f"with this one's; connect this one under a key of its own: "
                f"`stocktrim connect --custom --organisation KEY`."
            )
        connection.execute(sa.delete(table).where(table.c.key == organisation.key))
        connection.execute(sa.delete(schema.token).where(schema.token.c.organisation_key == organisation.key))
        connection.execute(sa.insert(table).values(row))


def get_organisation(store: Store, key: str) -> Organisation:
    """The organisation of a key.

    Raises:
        OrganisationError: none is connected under it.
    """
    table = schema.organisation
    with store.reading() as connection:
        row = connection.execute(sa.select(table).where(table.c.key == key)).mappings().first()
    if row is None:
        known = ", ".join(one.key for one in list_organisations(store)) or "none yet"
        raise OrganisationError(
            f"No organisation is connected as {key!r} (connected: {known}); run `make demo` for the demo, or "
            f"`stocktrim connect --custom --organisation {key}`."
        )
    return _organisation(row)


def list_organisations(store: Store) -> list[Organisation]:
    """Every connected organisation, by key."""
    with store.reading() as connection:
        rows = connection.execute(sa.select(schema.organisation).order_by(schema.organisation.c.key)).mappings().all()
    return [_organisation(row) for row in rows]


def credentials_of(store: Store, key: str, secrets: Secrets) -> dict[str, str]:
    """The credentials that a person gave for an organisation."""
    table = schema.organisation
    with store.reading() as connection:
        ciphertext: bytes = connection.execute(sa.select(table.c.credentials).where(table.c.key == key)).scalar_one()
    found: dict[str, str] = json.loads(secrets.decrypt(bytes(ciphertext)))
    return found


def repoint_organisation(store: Store, key: str, *, address: str) -> None:
    """Let an organisation find its sandbox at another port of this machine."""
    table = schema.organisation
    with store.writing() as connection:
        connection.execute(sa.update(table).where(table.c.key == key).values(api_url=address, identity_url=address))


def forget_organisation(store: Store, key: str) -> None:
    """Remove an organisation with everything that was decided for it."""
    with store.writing() as connection:
        for table in schema.OF_ONE_ORGANISATION:
            connection.execute(sa.delete(table).where(table.c.organisation_key == key))
        connection.execute(sa.delete(schema.organisation).where(schema.organisation.c.key == key))


def _organisation(row: sa.RowMapping) -> Organisation:
    return Organisation(**{name: row[name] for name in Organisation.__dataclass_fields__})
