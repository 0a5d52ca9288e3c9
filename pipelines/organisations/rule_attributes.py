"""What the rules of groups look at, of the items and sales lines that were landed.

What belongs here: reading them. What does not: the rules (`pipelines.product_groups.rules`).
Read more in docs/buyer/groups.md.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.product_groups.rules import ACCOUNTS, TRACKING, Attributes, Rule
from pipelines.storage.snapshots import published_or_empty
from pipelines.storage.tables import PRODUCT_GROUPS, PRODUCTS, XERO_INVOICE_LINES, XERO_INVOICES, XERO_ITEMS

if TYPE_CHECKING:
    import duckdb

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


def rule_attributes(connection: "duckdb.DuckDBPyConnection", *, is_tracking_asked: bool) -> Attributes:
    """The products, and their tracking options if a rule asks for one."""
    tracking = connection.sql(_TRACKING).pl() if is_tracking_asked else _NO_TRACKING
    return Attributes(connection.sql(_PRODUCTS).pl(), tracking.cast(pl.String))


def published_attributes(folder: Path, rules: Iterable[Rule]) -> Attributes:
    """What rules look at as far as it is published: of accounts and tracking, whom the last plan's rules named."""
    products = published_or_empty(folder, PRODUCTS).select("product_code", "product_name")
    members = published_or_empty(folder, PRODUCT_GROUPS)
    named: dict[str, dict[str, list[str]]] = {kind: {} for kind in (*ACCOUNTS, TRACKING)}
    for rule in rules:
        if rule.kind in named:
            found = members.filter(pl.col("group_rule") == rule.text)["product_code"].to_list()
            named[rule.kind][rule.value] = found
    for account in ACCOUNTS:
        of_code = {code: value for value, codes in named[account].items() for code in codes}
        of_product = pl.col("product_code").replace_strict(of_code, default=None, return_dtype=pl.String)
        products = products.with_columns(of_product.alias(account))
    options = [(code, value) for value, codes in named[TRACKING].items() for code in codes]
    tracking = pl.DataFrame(options, schema={"product_code": pl.String, "tracking": pl.String}, orient="row")
    return Attributes(products, tracking)
