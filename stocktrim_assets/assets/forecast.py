"""Forecast: how likely each demand is, over the days that an order must cover.

Read more in docs/maths.md.
"""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg
import polars as pl

from pipelines import tables
from pipelines.errors import DataError
from pipelines.forecasting.forecast import Forecast, forecast_demand
from pipelines.organisation import OpenOrganisation
from pipelines.replenishment.plan import horizons
from pipelines.warehouse import read_table, replace_table
from stocktrim_assets.failures import told_plainly
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import markdown_table, table_metadata

TABLES: Final = (
    tables.MODEL_CHOICE,
    tables.DEMAND_FORECAST,
    tables.DEMAND_QUANTILES,
    tables.DEMAND_HORIZONS,
)
_INPUTS: Final = [["marts", "demand_daily"], ["marts", "products"], ["raw", "planning_settings"], ["raw", "as_of"]]


@dg.multi_asset(
    name="demand",
    description="Choose a model for each kind of product on its own history, and forecast demand as a distribution.",
    specs=[
        dg.AssetSpec(
            [table.stage, table.name],
            deps=_INPUTS,
            description=table.grain,
            group_name=table.stage,
            kinds={"polars", "python"},
            owners=["team:data"],
        )
        for table in TABLES
    ],
    partitions_def=organisations,
)
def demand(organisation: dg.ResourceParam[OpenOrganisation]) -> Iterator[dg.MaterializeResult[Any]]:
    """Forecast every product that was ever sold."""
    with told_plainly(), organisation.warehouse() as warehouse:
        products = read_table(warehouse, tables.PRODUCTS)
        if products.is_empty():
            raise DataError("Nothing was loaded yet, so nothing can be planned: run `stocktrim load` first.")
        forecast = forecast_demand(
            read_table(warehouse, tables.DEMAND_DAILY),
            horizons(products, read_table(warehouse, tables.PLANNING_SETTINGS)),
            as_of=read_table(warehouse, tables.AS_OF)["as_of_date"][0],
        )
        frames = _frames(forecast)
        for table, frame in frames.items():
            replace_table(warehouse, table, frame)
    for table, frame in frames.items():
        shown = _classes(forecast) if table is tables.MODEL_CHOICE else {}
        yield dg.MaterializeResult(
            asset_key=[table.stage, table.name], metadata=table_metadata(table, frame.height) | shown
        )


def _frames(forecast: Forecast) -> dict[tables.Table, pl.DataFrame]:
    return {table: getattr(forecast, table.name) for table in TABLES}


def _classes(forecast: Forecast) -> dict[str, Any]:
    """Which model speaks for which kind of product, and why."""
    shown = (
        forecast.model_choice.group_by("demand_class", "model", "reason")
        .agg(products=pl.len(), score=pl.col("score").first(), floor=pl.col("floor_score").first())
        .sort("products", descending=True)
    )
    return {"models": markdown_table(shown, columns={name: name.replace("_", " ") for name in shown.columns})}
