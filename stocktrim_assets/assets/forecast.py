"""Forecast: which model speaks for each kind of product, and how likely each demand is over the days of an order.

Read more in docs/maths.md.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import dagster as dg
import duckdb
import polars as pl

from pipelines.forecasting.forecast_request import ForecastRequest, forecast_as_requested, forecast_request
from pipelines.forecasting.forecast_tables import choose_models, is_still_good, score_models
from pipelines.forecasting.history.one_off_orders import find_one_off_orders
from pipelines.forecasting.history.prices import with_unit_prices
from pipelines.forecasting.history.transferred_demand import transfer_demand
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.replenishment.explain.explanation_tables import SCORES_TITLE
from pipelines.replenishment.explain.records import ModelScore, records_of
from pipelines.storage import tables
from pipelines.storage.warehouse import read_as_of, read_table
from pipelines.storage.whole_plan import CHOICE, FORECAST, read_for_forecast, set_aside
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import markdown_table
from stocktrim_assets.specs import key_of, table_metadata, table_specs

TABLES: Final = (
    tables.MODEL_CHOICE,
    tables.DEMAND_FORECAST,
    tables.DEMAND_QUANTILES,
    tables.DEMAND_HORIZONS,
)
_INPUTS: Final = (
    tables.DEMAND_DAILY, tables.DEMAND_TRANSACTIONS, tables.PLAN_SETTINGS, tables.PROTECTION_INTERVALS, tables.AS_OF,
)  # fmt: skip


@dg.multi_asset(
    name="model_choice",
    description="Choose a model for each kind of product on the organisation's own last half year, once a week.",
    specs=table_specs(CHOICE, deps=_INPUTS),
    partitions_def=organisations,
)
def model_choice(organisation: dg.ResourceParam[OpenOrganisation]) -> Iterator[dg.MaterializeResult[Any]]:
    """Judge every model again where the stored answer is a week old; give each product the model of its class."""
    with plain_failures(), organisation.warehouse() as warehouse:
        demand, request, as_of = _inputs(warehouse)
        frames = {table: read_for_forecast(warehouse, table) for table in CHOICE}
        if not is_still_good(frames[tables.MODEL_SCORES], as_of=as_of):
            selection = score_models(demand, request.own, as_of=as_of)
            frames[tables.MODEL_SCORES] = selection.model_scores
            frames[tables.FORECAST_CALIBRATION] = selection.forecast_calibration
        frames[tables.MODEL_CHOICE] = choose_models(
            demand, frames[tables.MODEL_SCORES], as_of=as_of, without_season=request.without_season
        )
        set_aside(warehouse, CHOICE, frames)
    shown = {
        tables.MODEL_CHOICE: {"models": _shown(_classes(frames[tables.MODEL_CHOICE]))},
        tables.MODEL_SCORES: {SCORES_TITLE: _scores(frames[tables.MODEL_SCORES])},
        tables.FORECAST_CALIBRATION: {"how far they held": _shown(frames[tables.FORECAST_CALIBRATION])},
    }
    for table, frame in frames.items():
        metadata = table_metadata(frame.height, organisation.folder) | shown[table]
        yield dg.MaterializeResult(asset_key=key_of(table), metadata=metadata)


@dg.multi_asset(
    name="demand",
    description="Forecast demand as a distribution, each product by the model of its class, and list one-off orders.",
    specs=table_specs(FORECAST, deps=(*_INPUTS, tables.MODEL_CHOICE)),
    partitions_def=organisations,
)
def demand(organisation: dg.ResourceParam[OpenOrganisation]) -> Iterator[dg.MaterializeResult[Any]]:
    """Forecast every product that was ever sold."""
    with plain_failures(), organisation.warehouse() as warehouse:
        sold, request, as_of = _inputs(warehouse)
        forecast = forecast_as_requested(
            sold, request, as_of=as_of, model_choice=read_for_forecast(warehouse, tables.MODEL_CHOICE)
        )  # fmt: skip
        one_offs = find_one_off_orders(sold, as_of=as_of)
        frames = {table: getattr(forecast, table.name, one_offs) for table in FORECAST}
        set_aside(warehouse, FORECAST, frames)
    for table, frame in frames.items():
        yield dg.MaterializeResult(asset_key=key_of(table), metadata=table_metadata(frame.height, organisation.folder))


def _inputs(warehouse: duckdb.DuckDBPyConnection) -> tuple[pl.DataFrame, ForecastRequest, date]:
    """Demand with its prices, what to forecast of it, and the day of the forecast."""
    settings, intervals = (
        read_for_forecast(warehouse, table) for table in (tables.PLAN_SETTINGS, tables.PROTECTION_INTERVALS)
    )
    request = forecast_request(settings, intervals)
    demand = with_unit_prices(
        transfer_demand(read_table(warehouse, tables.DEMAND_DAILY), request.transfers),
        read_table(warehouse, tables.DEMAND_TRANSACTIONS),
    )
    return demand, request, read_as_of(warehouse)


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
