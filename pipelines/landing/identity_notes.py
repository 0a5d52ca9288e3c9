"""The identities of products and contacts, stored after each load, so that people's decisions follow them.

What belongs here: from the landed tables to the store, and the table that dbt reads. What does not: following
identities (`pipelines.identities`) and storing them (`pipelines.store.identity_history`).
Read more in docs/loading.md.
"""

import duckdb
import polars as pl

from pipelines.identities import ARCHIVED_STATUSES, ContactState, Identities
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.storage.tables import FORMER_PRODUCTS, XERO_CONTACTS, XERO_ITEMS
from pipelines.store.identity_history import remember_identities


def note_identities(warehouse: duckdb.DuckDBPyConnection, organisation: OpenOrganisation) -> Identities:
    """The identities after a load, with the landed items' codes and the merged or archived contacts; stored."""
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
    """The ids and codes that old documents may carry and no item has now: `raw.former_products`."""
    return pl.DataFrame(known.former(), schema=FORMER_PRODUCTS.schema, orient="row")
