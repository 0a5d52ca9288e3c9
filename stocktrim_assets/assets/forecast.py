"""Forecast: which model speaks for each kind of product, and how likely each demand is over the days of an order.

Read more in docs/maths.md.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import dagster as dg
import duckdb
import polars as pl

from pipelines.errors import DataError
from pipelines.forecasting.forecast_tables import choose_models, is_still_good, score_models
from pipelines.forecasting.history.one_off_orders import find_one_off_orders
from pipelines.forecasting.history.prices import with_unit_prices
from pipelines.forecasting.history.transferred_demand import transfer_demand
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.replenishment.explain.explanation_tables import SCORES_TITLE
from pipelines.replenishment.explain.records import ModelScore, records_of
from pipelines.replenishment.plan.order_plan import Horizons, forecast_for_plan, horizons
from pipelines.storage import tables
from pipelines.storage.warehouse import read_table
from pipelines.storage.whole_plan import CHOICE, FORECAST, read_models, set_aside_forecast, set_aside_models
from stocktrim_assets.failures import told_plainly
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import markdown_table, table_metadata

TABLES: Final = (
    tables.MODEL_CHOICE,
    tables.DEMAND_FORECAST,
    tables.DEMAND_QUANTILES,
    tables.DEMAND_HORIZONS,
)
_INPUTS: Final = [
    ["marts", "demand_daily"],
    ["marts", "demand_transactions"],
    ["marts", "products"],
    ["marts", "purchase_receipts"],
    ["marts", "stock_on_order"],
    ["raw", "planning_settings"],
    ["raw", "as_of"],
]


def _specs(made: tuple[tables.Table, ...], *, deps: list[list[str]]) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            [table.stage, table.name],
            deps=deps,
            description=table.grain,
            group_name=table.stage,
            kinds={"polars", "python"},
            owners=["team:data"],
        )
        for table in made
    ]


@dg.multi_asset(
    name="model_choice",
    description="Choose a model for each kind of product on the organisation's own last half year, once a week.",
    specs=_specs(CHOICE, deps=_INPUTS),
    partitions_def=organisations,
)
def model_choice(organisation: dg.ResourceParam[OpenOrganisation]) -> Iterator[dg.MaterializeResult[Any]]:
    """Judge every model again where the stored answer is a week old; give each product the model of its class."""
    with told_plainly(), organisation.warehouse() as warehouse:
        demand, asked, as_of = _asked(warehouse)
        frames = {table: read_models(warehouse, table) for table in CHOICE}
        if not is_still_good(frames[tables.MODEL_SCORES], as_of=as_of):
            selection = score_models(demand, asked.own, as_of=as_of)
            frames[tables.MODEL_SCORES] = selection.model_scores
            frames[tables.FORECAST_CALIBRATION] = selection.forecast_calibration
        frames[tables.MODEL_CHOICE] = choose_models(
            demand, frames[tables.MODEL_SCORES], as_of=as_of, without_season=asked.without_season
        )
        set_aside_models(warehouse, frames)
    shown = {
        tables.MODEL_CHOICE: {"models": _shown(_classes(frames[tables.MODEL_CHOICE]))},
        tables.MODEL_SCORES: {SCORES_TITLE: _scores(frames[tables.MODEL_SCORES])},
        tables.FORECAST_CALIBRATION: {"how far they held": _shown(frames[tables.FORECAST_CALIBRATION])},
    }
    for table, frame in frames.items():
        yield dg.MaterializeResult(
            asset_key=[table.stage, table.name], metadata=table_metadata(table, frame.height) | shown[table]
        )


@dg.multi_asset(
    name="demand",
    description="Forecast demand as a distribution, each product by the model of its class, and list one-off orders.",
    specs=_specs(FORECAST, deps=[*_INPUTS, ["forecast", "model_choice"]]),
    partitions_def=organisations,
)
def demand(organisation: dg.ResourceParam[OpenOrganisation]) -> Iterator[dg.MaterializeResult[Any]]:
    """Forecast every product that was ever sold."""
    with told_plainly(), organisation.warehouse() as warehouse:
        sold, asked, as_of = _asked(warehouse)
        forecast = forecast_for_plan(
            sold, asked, as_of=as_of, model_choice=read_models(warehouse, tables.MODEL_CHOICE)
        )  # fmt: skip
        one_offs = find_one_off_orders(sold, as_of=as_of)
        frames = {table: getattr(forecast, table.name, one_offs) for table in FORECAST}
        set_aside_forecast(warehouse, frames)
    for table, frame in frames.items():
        yield dg.MaterializeResult(asset_key=[table.stage, table.name], metadata=table_metadata(table, frame.height))


def _asked(warehouse: duckdb.DuckDBPyConnection) -> tuple[pl.DataFrame, Horizons, date]:
    """Demand with its prices, each product's horizons, and the day of the forecast."""
    products = read_table(warehouse, tables.PRODUCTS)
    if products.is_empty():
        raise DataError("Nothing was loaded yet, so nothing can be planned: run `stocktrim load` first.")
    as_of = read_table(warehouse, tables.AS_OF)["as_of_date"][0]
    decided_by = (tables.PLANNING_SETTINGS, tables.PURCHASE_RECEIPTS, tables.STOCK_ON_ORDER)
    asked = horizons(products, *(read_table(warehouse, table) for table in decided_by), as_of=as_of)
    sold = with_unit_prices(
        transfer_demand(read_table(warehouse, tables.DEMAND_DAILY), asked.transfers),
        read_table(warehouse, tables.DEMAND_TRANSACTIONS),
    )
    return sold, asked, as_of


def _classes(choice: pl.DataFrame) -> pl.DataFrame:
    """Which model speaks for which kind of product, and why."""
    return (
        choice.group_by("demand_class", "model", "reason")
        .agg(products=pl.len(), score=pl.col("score").first(), floor=pl.col("floor_score").first())
        .sort("products", "demand_class", descending=[True, False])
    )


def _scores(model_scores: pl.DataFrame) -> dg.MetadataValue[Any]:
    """What each model saved, signed and worded as `stocktrim explain` does."""
    scores = records_of(model_scores, ModelScore)
    saved = pl.Series("saved", [score.saved for score in scores], dtype=pl.String)
    errors = pl.Series("standard_error", [score.saved_error for score in scores], dtype=pl.String)
    return _shown(model_scores.drop("reason", "chosen_on", "margin", "margin_error").with_columns(saved, errors))


def _shown(frame: pl.DataFrame) -> dg.MetadataValue[Any]:
    return markdown_table(frame, columns={name: name.replace("_", " ") for name in frame.columns})
