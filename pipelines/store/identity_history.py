"""The history of products' codes as loads saw them, appended, and the contacts that were archived or merged.

What belongs here: the rows. What does not: following them (`pipelines.identities`).
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import starmap

import sqlalchemy as sa

from pipelines.identities import CodeSeen, ContactState, Identities, news_of
from pipelines.store import schema
from pipelines.store.engine import Store


def identities_of(store: Store, key: str) -> Identities:
    """The identities of an organisation's products and contacts."""
    with store.reading() as connection:
        return read_identities(connection, key)


def remember_identities(
    store: Store, key: str, *, items: Mapping[str, str], contacts: Mapping[str, ContactState] | None, at: datetime
) -> Identities:
    """Store the identities that a load saw: all `items`, codes by id, and the `contacts` archived or merged.

    If `items` is empty or `contacts` is None, since none were loaded yet, what is known of them stays.
    """
    with store.writing() as connection:
        known = read_identities(connection, key)
        news = news_of(known, items, at) if items else []
        rows = [{"organisation_key": key, **seen._asdict()} for seen in news]
        if rows:
            connection.execute(sa.insert(schema.product_code), rows)
        latest = known.contacts if contacts is None else contacts
        states = {contact: _since(known.contacts.get(contact), state) for contact, state in latest.items()}
        if states != known.contacts:
            _replace_contacts(connection, key, states)
    return Identities((*known.codes, *news), states)


def _since(before: ContactState | None, now: ContactState) -> ContactState:
    """The state, dated by the load that saw its merger first."""
    if before is None or before.merged_into != now.merged_into:
        return now
    return now._replace(seen_at=before.seen_at)


def read_identities(connection: sa.Connection, key: str) -> Identities:
    """The identities of an organisation's products and contacts, read in a transaction."""
    codes, contacts = schema.product_code, schema.contact_state
    seen = connection.execute(
        sa.select(codes.c.product_id, codes.c.code, codes.c.seen_at)
        .where(codes.c.organisation_key == key)
        .order_by(codes.c.id)
    )
    states = connection.execute(
        sa.select(
            contacts.c.contact_id, contacts.c.name, contacts.c.merged_into, contacts.c.is_archived, contacts.c.seen_at
        ).where(contacts.c.organisation_key == key)
    )
    return Identities(
        tuple(starmap(CodeSeen, seen)),
        {row.contact_id: ContactState(row.name, row.merged_into, row.is_archived, row.seen_at) for row in states},
    )


def _replace_contacts(connection: sa.Connection, key: str, contacts: Mapping[str, ContactState]) -> None:
    table = schema.contact_state
    connection.execute(sa.delete(table).where(table.c.organisation_key == key))
    rows = [{"organisation_key": key, "contact_id": contact, **state._asdict()} for contact, state in contacts.items()]
    if rows:
        connection.execute(sa.insert(table), rows)
