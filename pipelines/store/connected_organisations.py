"""The organisations that are or were connected; a key stays its organisation's.

What belongs here: their rows. What does not: credentials and tokens (`sign_ins.py`), and talking to Xero.
Read more in docs/adr/0001-organisations-are-partitions.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from pipelines.credentials import TokenSet
from pipelines.organisation_key import OrganisationError, check_key
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.secrets import Secrets
from pipelines.store.sign_ins import SignIn, delete_unused_sign_ins, insert_sign_in


@dataclass(frozen=True)
class ConnectedOrganisation:
    """A connected organisation: its name in Xero, the address of its Xero, and the sign-in that it is reached by.

    `sign_in_needed_at`: since when Xero refuses the sign-in, until a person connects again.
    """

    key: str
    tenant_id: str
    name: str
    base_currency: str
    time_zone: str
    is_demo_company: bool
    api_url: str
    connected_at: datetime
    sign_in_id: str
    sign_in_needed_at: datetime | None = None


class XeroTenant(NamedTuple):
    """An organisation as Xero knows it: its id there, and the address of that Xero."""

    tenant_id: str
    api_url: str


def add_organisations(
    store: Store, organisations: Iterable[ConnectedOrganisation], *, sign_in: SignIn, tokens: TokenSet, secrets: Secrets
) -> None:
    """Connect organisations by a new sign-in, for the first time or again; all of them or none.

    Raises:
        OrganisationError: a key belongs to another organisation of Xero, or an organisation has another key.
    """
    table = schema.organisation
    with store.writing() as connection:
        insert_sign_in(connection, sign_in, tokens, secrets)
        for organisation in organisations:
            check_key(organisation.key)
            _refuse_mixing(_known(connection), organisation)
            connection.execute(sa.delete(table).where(table.c.key == organisation.key))
            connection.execute(sa.insert(table).values(vars(organisation)))
        delete_unused_sign_ins(connection)


def known_keys(store: Store) -> dict[XeroTenant, str]:
    """The key of each organisation that is or was connected."""
    with store.reading() as connection:
        return {known: key for key, known in _known(connection).items()}


def get_organisation(store: Store, key: str) -> ConnectedOrganisation:
    """The organisation of a key.

    Raises:
        OrganisationError: no organisation is connected under it.
    """
    connected = list_organisations(store)
    for organisation in connected:
        if organisation.key == key:
            return organisation
    known = ", ".join(organisation.key for organisation in connected) or "none yet"
    raise OrganisationError(
        f"No organisation is connected as {key!r} (connected: {known}); run `make demo` for the demo, or "
        f"`stocktrim connect`."
    )


def list_organisations(store: Store) -> list[ConnectedOrganisation]:
    """Every connected organisation, by key."""
    table = schema.organisation
    with store.reading() as connection:
        rows = connection.execute(sa.select(table).where(table.c.sign_in_id.is_not(None)).order_by(table.c.key))
        return [ConnectedOrganisation(**row) for row in rows.mappings()]


def need_sign_in(store: Store, organisation: ConnectedOrganisation, *, at: datetime) -> None:
    """Record that Xero refuses an organisation's sign-in, unless it was connected again meanwhile."""
    table = schema.organisation
    with store.writing() as connection:
        connection.execute(
            sa.update(table)
            .where(table.c.key == organisation.key, table.c.sign_in_id == organisation.sign_in_id)
            .where(table.c.sign_in_needed_at.is_(None))
            .values(sign_in_needed_at=at)
        )


def disconnect_organisation(store: Store, key: str) -> None:
    """Delete how an organisation is reached; what was decided for it stays, and so does its key."""
    table = schema.organisation
    with store.writing() as connection:
        connection.execute(sa.update(table).where(table.c.key == key).values(sign_in_id=None, sign_in_needed_at=None))
        delete_unused_sign_ins(connection)


def repoint_organisation(store: Store, key: str, *, address: str) -> None:
    """Change the address of an organisation's Xero, if the organisation is connected."""
    table, sign_in = schema.organisation, schema.sign_in
    of_it = sa.select(table.c.sign_in_id).where(table.c.key == key)
    with store.writing() as connection:
        connection.execute(sa.update(table).where(table.c.key == key).values(api_url=address))
        connection.execute(sa.update(sign_in).where(sign_in.c.id.in_(of_it)).values(identity_url=address))


def rename_organisation(store: Store, key: str, *, name: str, time_zone: str) -> None:
    """Store an organisation's present name and time zone in Xero."""
    table = schema.organisation
    with store.writing() as connection:
        connection.execute(sa.update(table).where(table.c.key == key).values(name=name, time_zone=time_zone))


def forget_organisation(store: Store, key: str) -> None:
    """Delete an organisation with everything that was decided for it."""
    with store.writing() as connection:
        for table in schema.OF_ONE_ORGANISATION:
            connection.execute(sa.delete(table).where(table.c.organisation_key == key))
        connection.execute(sa.delete(schema.organisation).where(schema.organisation.c.key == key))
        delete_unused_sign_ins(connection)


def _known(connection: sa.Connection) -> dict[str, XeroTenant]:
    """Each organisation that is or was connected, by key."""
    table = schema.organisation
    rows = connection.execute(sa.select(table.c.key, table.c.tenant_id, table.c.api_url)).mappings()
    return {row["key"]: XeroTenant(row["tenant_id"], row["api_url"]) for row in rows}


def _refuse_mixing(known: Mapping[str, XeroTenant], organisation: ConnectedOrganisation) -> None:
    """Refuse a key that holds another organisation's data, and a second key for one organisation."""
    there = known.get(organisation.key)
    if there is not None and there.tenant_id != organisation.tenant_id:
        raise OrganisationError(
            f"The key {organisation.key!r} belongs to another organisation of Xero, and data of two organisations must "
            f"not mix; connect this organisation under another key: `stocktrim connect --organisation KEY`."
        )
    tenant = XeroTenant(organisation.tenant_id, organisation.api_url)
    stored = next(
        (key for key, known_tenant in known.items() if known_tenant == tenant and key != organisation.key), None
    )
    if stored is not None:
        raise OrganisationError(
            f"This organisation is stored as {stored!r}; under a second key everything would be ordered twice. "
            f"Connect it with `stocktrim connect --organisation {stored}`."
        )
