"""What the rules of groups look at, of the items and sales lines that were landed.

What belongs here: reading them. What does not: the rules (`pipelines.product_groups.rules`).
Read more in docs/buyer/groups.md.
"""

from typing import Final

import duckdb
import polars as pl

from pipelines.product_groups.rules import Attributes
from pipelines.storage.tables import XERO_INVOICE_LINES, XERO_INVOICES, XERO_ITEMS

_PRODUCTS: Final = f"""
    select
        trim(code) as product_code, name as product_name, trim(sales_account_code) as sales_account,
        trim(purchase_account_code) as purchase_account, trim(inventory_account_code) as inventory_account
    from {XERO_ITEMS.path}
    where trim(code) != ''
    order by product_code
"""
_TRACKING: Final = f"""
    with options as (
        select distinct lines.item_id, trim(lines.item_code) as item_code, lines.tracking
        from {XERO_INVOICE_LINES.path} as lines
        inner join {XERO_INVOICES.path} as invoices using (invoice_id)
        where lines.tracking != '' and invoices.type = 'ACCREC' and invoices.status not in ('VOIDED', 'DELETED')
    )
    select distinct trim(items.code) as product_code, unnest(string_split(options.tracking, chr(10))) as tracking
    from options
    inner join {XERO_ITEMS.path} as items
        on items.item_id = options.item_id or (options.item_id is null and trim(items.code) = options.item_code)
    order by all
"""

_NO_TRACKING: Final = pl.DataFrame(schema={"product_code": pl.String, "tracking": pl.String})


def rule_attributes(connection: duckdb.DuckDBPyConnection, *, is_tracking_asked: bool) -> Attributes:
    """The products, and their tracking options if a rule asks for one."""
    tracking = connection.sql(_TRACKING).pl() if is_tracking_asked else _NO_TRACKING
    return Attributes(connection.sql(_PRODUCTS).pl(), tracking.cast(pl.String))
