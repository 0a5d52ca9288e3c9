"""Who products and contacts are, noted after each load, so that what people decided follows them.

What belongs here: from the landed tables to the notes, and the notes as dbt reads them. What does not: following
(`pipelines.identities`) and keeping (`pipelines.store.identity_history`).
Read more in docs/loading.md.
"""

import duckdb
import polars as pl

from pipelines.identities import ARCHIVED_STATUSES, ContactState, Identities
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.storage.tables import FORMER_PRODUCTS, XERO_CONTACTS, XERO_ITEMS
from pipelines.store.identity_history import remember_identities


def note_identities(warehouse: duckdb.DuckDBPyConnection, organisation: OpenOrganisation) -> Identities:
    """Note the codes of the items that are landed, and the contacts that are merged or archived."""
    now = organisation.now()
    items = warehouse.sql(f"select item_id, trim(code) from {XERO_ITEMS.path} where item_id is not null order by 1")
    contacts = warehouse.sql(
        "select contact_id, trim(name), nullif(merged_to_contact_id, ''), "
        f"contact_status in {ARCHIVED_STATUSES} "
        f"from {XERO_CONTACTS.path}"
    ).fetchall()
    states = {
        contact: ContactState(name, merged_into, is_archived, now)
        for contact, name, merged_into, is_archived in contacts if is_archived or merged_into
    }  # fmt: skip
    return remember_identities(
        organisation.store,
        organisation.key,
        items=dict(items.fetchall()),
        contacts=states if contacts else None,
        at=now,
    )


def former_products(known: Identities) -> pl.DataFrame:
    """What lines of old documents may carry and no item has now: `raw.former_products`."""
    return pl.DataFrame(known.former(), schema=FORMER_PRODUCTS.schema, orient="row")
