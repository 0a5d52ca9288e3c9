"""Raw: what Xero gave us and what people decided, typed and otherwise untouched.

Read more in docs/operations.md.
"""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg

from pipelines import tables
from pipelines.expectations import raw as expectations
from pipelines.expectations.validate import Finding, blocking_sentences
from pipelines.landing.endpoints import ENDPOINTS, Entity
from pipelines.landing.load import choose_readings, finish_load
from pipelines.landing.land import land, read_pass
from pipelines.organisation import OpenOrganisation
from pipelines.tables import Table
from pipelines.warehouse import read_table, replace_table
from stocktrim_assets.failures import told_plainly
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import check_results, check_specs, table_metadata

XERO_TABLES: Final = (
    tables.XERO_ORGANISATION,
    tables.ENTITY_LOADS,
    *(table for endpoint in ENDPOINTS for table in (endpoint.table, endpoint.lines) if table is not None),
)
DECISION_TABLES: Final = (tables.PLANNING_SETTINGS, tables.LEDGER_ORDER_LINES, tables.AS_OF)
CHECKED: Final = ("raw", tables.XERO_ITEMS.name)


class LoadRequest(dg.Config):
    """What to read: nothing ticked means the usual. Words: products, sales_orders, purchase_orders, suppliers."""

    entities: list[str] = []
    refresh: list[str] = []


class PlanRequest(dg.Config):
    """The day to decide on, as YYYY-MM-DD; empty means today where the organisation is."""

    as_of: str = ""


def _specs(owned: tuple[Table, ...], *, kinds: set[str]) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            [table.stage, table.name], description=table.grain, group_name=table.stage, kinds=kinds,
            owners=["team:data"],
        )
        for table in owned
    ]  # fmt: skip


@dg.multi_asset(
    name="load_from_xero",
    description="Read from Xero what changed, look at it, and land all of it or nothing.",
    specs=_specs(XERO_TABLES, kinds={"xero", "duckdb"}),
    check_specs=check_specs(expectations.RULES, asset=CHECKED),
    partitions_def=organisations,
)
def load_from_xero(
    context: dg.AssetExecutionContext, config: LoadRequest, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """One pass over Xero's lists."""
    with told_plainly(), organisation.warehouse() as warehouse:
        readings = choose_readings(
            warehouse, organisation.watermarks(), entities=config.entities, refresh=config.refresh
        )
        read = read_pass(warehouse, organisation.client(), readings)
        findings = expectations.check_pass(warehouse, read)
        yield from check_results(findings, asset=CHECKED)
        stop_where_blocked(findings)
        land(warehouse, read)
        organisation.advance_watermarks(read)
        rows = {table: read_table(warehouse, table).height for table in XERO_TABLES}
    calls = {one.reading.endpoint.table: one for one in read.lists}
    for table in XERO_TABLES:
        yield dg.MaterializeResult(
            asset_key=[table.stage, table.name],
            metadata=table_metadata(table, rows[table]),
        )
