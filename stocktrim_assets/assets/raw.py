"""Raw: what Xero gave us and what people decided, typed and otherwise untouched.

Read more in docs/operations.md.
"""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg
import polars as pl
from pydantic import Field

from pipelines import tables
from pipelines.expectations import raw as expectations
from pipelines.expectations.validate import stop_where_blocked
from pipelines.landing.endpoints import ENDPOINTS
from pipelines.landing.land import Pass, land, read_pass
from pipelines.landing.load import choose_readings
from pipelines.organisation import OpenOrganisation
from pipelines.purchasing.ledger import ledger_order_lines
from pipelines.replenishment.parameters import with_defaults
from pipelines.settings import read_day
from pipelines.store.planning_settings import explicit_settings
from pipelines.tables import Table
from pipelines.warehouse import replace_table, row_count
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

    entities: list[str] = Field(default_factory=list)
    refresh: list[str] = Field(default_factory=list)


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
    config: LoadRequest, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """One pass over Xero's lists, held aside until it was looked at."""
    with told_plainly(), organisation.warehouse() as warehouse:
        readings = choose_readings(
            warehouse, organisation.watermarks(), entities=config.entities, refresh=config.refresh
        )
        read = read_pass(warehouse, organisation.client(), readings)
        findings = expectations.check_pass(warehouse, read)
        yield from check_results(findings, expectations.RULES, asset=CHECKED)
        stop_where_blocked(findings)
        rows = land(warehouse, read)
        organisation.advance_watermarks(read.next_watermarks)
        rows |= {table: row_count(warehouse, table) for table in XERO_TABLES if table not in rows}
    for table in XERO_TABLES:
        yield dg.MaterializeResult(
            asset_key=[table.stage, table.name], metadata=table_metadata(table, rows[table]) | _calls(table, read)
        )


@dg.multi_asset(
    name="decisions",
    description="What people decided here, and the day the run decides on, for dbt to read.",
    specs=_specs(DECISION_TABLES, kinds={"sqlalchemy", "duckdb"}),
    partitions_def=organisations,
)
def decisions(
    config: PlanRequest, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Settings in force, our own open orders, and today where the organisation is."""
    with told_plainly(), organisation.warehouse() as warehouse:
        as_of = read_day(config.as_of) if config.as_of else organisation.today()
        frames = {
            tables.PLANNING_SETTINGS: with_defaults(explicit_settings(organisation.store, organisation.key)),
            tables.LEDGER_ORDER_LINES: ledger_order_lines(organisation.ledger.orders()),
            tables.AS_OF: pl.DataFrame({"as_of_date": [as_of]}, schema=tables.AS_OF.schema),
        }
        for table, frame in frames.items():
            replace_table(warehouse, table, frame)
    for table, frame in frames.items():
        yield dg.MaterializeResult(asset_key=[table.stage, table.name], metadata=table_metadata(table, frame.height))


def _calls(table: Table, read: Pass) -> dict[str, Any]:
    """What reading a list took, on the asset of the list."""
    for one in read.lists:
        if one.reading.endpoint.table == table:
            return {
                "read/kind": "everything" if one.reading.is_full else "changes",
                "read/records": one.distinct,
                "read/calls": one.calls,
                "read/megabytes": round(one.megabytes, 3),
            }
    return {}
