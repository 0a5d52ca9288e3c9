"""Other suppliers: where the same order would be cheaper, or arrive soon enough to save a stock-out.

Read more in docs/buyer/supplier-terms.md.
"""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg
import polars as pl

from pipelines.forecasting.forecast_tables import Forecast
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.replenishment.suppliers.alternative_words import advised, alternative_sentence
from pipelines.replenishment.suppliers.alternatives import SupplierSources, supplier_alternatives
from pipelines.storage import tables
from pipelines.storage.warehouse import put_tables
from stocktrim_assets.assets.forecast import TABLES as FORECAST_TABLES
from stocktrim_assets.assets.stage_run import Stage, StageResult, stage_run
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import escaped
from stocktrim_assets.specs import PURCHASING_TEAM, table_specs

_READ: Final = (
    tables.ORDER_PLAN, tables.PRODUCTS, tables.PRODUCT_SUPPLIERS, tables.PLANNING_SETTINGS, tables.PURCHASE_RECEIPTS,
    tables.STOCK_ON_ORDER, tables.PROTECTION_INTERVALS, tables.SUPPLIER_CALENDARS, tables.GROUP_MEMBERS,
)  # fmt: skip
SENTENCES_SHOWN: Final = 10
STAGE: Final = Stage(
    "supplier_alternatives", "Other suppliers",
    reads=(*_READ, *FORECAST_TABLES, tables.AS_OF, tables.DATA_FRESHNESS),
    makes=(tables.SUPPLIER_ALTERNATIVES,), keep=put_tables,
)  # fmt: skip


@dg.multi_asset(
    name=STAGE.name,
    description="Compare the order of each product with the same order from its other suppliers, in money.",
    specs=table_specs(STAGE.makes, deps=STAGE.reads, owner=PURCHASING_TEAM),
    partitions_def=organisations,
)
def alternatives(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[StageResult]:
    """Compare the suppliers of the plan's products."""
    with plain_failures(), stage_run(STAGE, context, organisation) as run:
        if not run.is_unchanged:
            found = supplier_alternatives(
                SupplierSources(*(run.read(table) for table in _READ)),
                Forecast(*(run.read(table) for table in FORECAST_TABLES)),
                as_of=run.as_of(), base_currency=run.read(tables.DATA_FRESHNESS)["base_currency"][0],
            )  # fmt: skip
            run.keep({tables.SUPPLIER_ALTERNATIVES: found}, {tables.SUPPLIER_ALTERNATIVES: _shown(found)})
        yield from run.results()


def _shown(alternatives: pl.DataFrame) -> dict[str, Any]:
    """The alternatives that save most, as sentences."""
    best = advised(alternatives)
    sentences = [
        f"- {escaped(row['product_code'])}: {escaped(alternative_sentence(row))}"
        for row in best.head(SENTENCES_SHOWN).iter_rows(named=True)
    ]
    return {"products": best.height, "advice": dg.MetadataValue.md("\n".join(sentences) or "None saves money.")}
