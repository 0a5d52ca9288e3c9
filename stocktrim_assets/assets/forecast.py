"""Forecast: which model speaks for each kind of product, and how likely each demand is over the days of an order.

Read more in docs/maths.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import dagster as dg
import polars as pl

from pipelines.forecasting.forecast_request import (
    REQUEST_SETTINGS,
    ForecastRequest,
    choose_models_as_requested,
    forecast_as_requested,
    forecast_request,
)
from pipelines.forecasting.forecast_tables import is_still_good, score_models
from pipelines.forecasting.special_demand.coming_events import product_events
from pipelines.forecasting.special_demand.one_off_answers import answered_one_offs
from pipelines.forecasting.special_demand.one_off_orders import find_one_off_orders, list_one_off_orders
from pipelines.forecasting.special_demand.past_events import event_results
from pipelines.forecasting.special_demand.usual_demand import counted_demand, usual_of
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.planning_settings.demand_settings.assemblies import where_demand_counts
from pipelines.replenishment.explain.explanation_tables import SCORES_TITLE
from pipelines.replenishment.explain.records import ModelScore, records_of
from pipelines.storage import tables
from pipelines.storage.tables import Table
from pipelines.storage.warehouse import quoted
from pipelines.storage.whole_plan import CHOICE, FORECAST
from stocktrim_assets.assets.stage_run import StageResult, StageRun, stage_run, waiting_stage
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import markdown_table
from stocktrim_assets.specs import table_specs

TABLES: Final = (
    tables.MODEL_CHOICE,
    tables.DEMAND_FORECAST,
    tables.DEMAND_QUANTILES,
    tables.DEMAND_HORIZONS,
)
_INPUTS: Final = (
    tables.DEMAND_DAILY, tables.DEMAND_TRANSACTIONS, tables.PLAN_SETTINGS, tables.PROTECTION_INTERVALS, tables.AS_OF,
    tables.ONE_OFF_ANSWERS, tables.DEMAND_EVENTS, tables.PRODUCT_GROUPS,
)  # fmt: skip
# A forecast is made again only if what it reads of settings changes, or a group that an event is for.
_OF_SETTINGS: Final = {
    tables.PLAN_SETTINGS: f"name in ({', '.join(map(quoted, REQUEST_SETTINGS))})",
    tables.PRODUCT_GROUPS: f"group_id in (select subject from {tables.DEMAND_EVENTS.path} where scope = 'group')",
}
CHOICE_STAGE: Final = waiting_stage("model_choice", "Forecast models", CHOICE, reads=_INPUTS, rows=_OF_SETTINGS)
FORECAST_STAGE: Final = waiting_stage(
    "demand", "Forecast", FORECAST, reads=(*_INPUTS, tables.MODEL_CHOICE), rows=_OF_SETTINGS
)


@dataclass(frozen=True)
class _Inputs:
    """What a forecast is made from.

    `counted` is daily demand of the products for which it counts, event days as they sold. `events` and `groups` are
    those of people, `lines` the sales lines behind the demand, `product_codes` all products that Xero has.
    """

    request: ForecastRequest
    product_codes: set[str]
    events: pl.DataFrame
    groups: pl.DataFrame
    lines: pl.DataFrame
    counted: pl.DataFrame
    as_of: date

    def usual(self) -> pl.DataFrame:
        """Demand that models learn from, with prices."""
        return usual_of(self.counted, self.lines, self.request, as_of=self.as_of)


@dg.multi_asset(
    name=CHOICE_STAGE.name,
    description="Choose a model for each kind of product on the organisation's own last half year, once a week.",
    specs=table_specs(CHOICE, deps=CHOICE_STAGE.reads),
    partitions_def=organisations,
)
def model_choice(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[StageResult]:
    """Judge every model again where the stored answer is a week old; give each product the model of its class."""
    with plain_failures(), stage_run(CHOICE_STAGE, context, organisation) as run:
        if not run.is_unchanged:
            frames = _chosen(run)
            run.keep(frames, _shown_choice(frames))
        yield from run.results()


@dg.multi_asset(
    name=FORECAST_STAGE.name,
    description="Forecast demand as a distribution, each product by the model of its class, and list one-off orders.",
    specs=table_specs(FORECAST, deps=FORECAST_STAGE.reads),
    partitions_def=organisations,
)
def demand(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[StageResult]:
    """Forecast every product that was ever sold."""
    with plain_failures(), stage_run(FORECAST_STAGE, context, organisation) as run:
        if not run.is_unchanged:
            made_from = _inputs(run)
            usual, request, as_of = made_from.usual(), made_from.request, made_from.as_of
            forecast = forecast_as_requested(usual, request, as_of=as_of, model_choice=run.read(tables.MODEL_CHOICE))
            listed = vars(forecast) | _one_offs(made_from, usual) | _events(made_from)
            run.keep({table: listed[table.name] for table in FORECAST})
        yield from run.results()


def _chosen(run: StageRun) -> Mapping[Table, pl.DataFrame]:
    """The scores of every model, of this week, and the model of each product."""
    made_from = _inputs(run)
    usual, request, as_of = made_from.usual(), made_from.request, made_from.as_of
    scores, calibration = run.read(tables.MODEL_SCORES), run.read(tables.FORECAST_CALIBRATION)
    is_own = run.is_own(tables.MODEL_SCORES) and run.is_own(tables.FORECAST_CALIBRATION)
    if not (is_own and is_still_good(scores, as_of=as_of)):
        selection = score_models(usual, request.own, as_of=as_of)
        scores, calibration = selection.model_scores, selection.forecast_calibration
    choice = choose_models_as_requested(usual, scores, request, as_of=as_of)
    return {tables.MODEL_CHOICE: choice, tables.MODEL_SCORES: scores, tables.FORECAST_CALIBRATION: calibration}


def _inputs(run: StageRun) -> _Inputs:
    """What a forecast is made from, each table read once."""
    as_of, settings, sold = run.as_of(), run.read(tables.PLAN_SETTINGS), run.read(tables.DEMAND_DAILY)
    request = forecast_request(
        settings, run.read(tables.PROTECTION_INTERVALS), one_off_answers=run.read(tables.ONE_OFF_ANSWERS)
    )
    codes = set(settings["product_code"])
    events, groups, lines = (
        run.read(table) for table in (tables.DEMAND_EVENTS, tables.PRODUCT_GROUPS, tables.DEMAND_TRANSACTIONS)
    )
    of_products = product_events(events, groups, sold, _counts(request), product_codes=sorted(codes), as_of=as_of)
    request = replace(request, events=of_products)
    return _Inputs(request, codes, events, groups, lines, counted_demand(sold, lines, request), as_of)


def _counts(request: ForecastRequest) -> pl.DataFrame:
    """For which products the sales of each count, parts of assembled bundles among them."""
    return where_demand_counts(request.transfers, request.assembled_parts)


def _events(made_from: _Inputs) -> dict[str, pl.DataFrame]:
    """Which products events change, and what became of past events, each by the name of its table."""
    of_products = made_from.request.events
    results = event_results(
        made_from.events, of_products, made_from.counted, as_of=made_from.as_of,
        product_codes=made_from.product_codes,
        group_names=dict(made_from.groups.select("group_id", "group_name").unique().rows()),
    )  # fmt: skip
    return {tables.PRODUCT_EVENTS.name: of_products, tables.EVENT_RESULTS.name: results}


def _one_offs(made_from: _Inputs, usual: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The one-off orders that are listed, and what people said about those before, each by the name of its table."""
    lines, answers = made_from.lines, made_from.request.one_off_answers
    found = find_one_off_orders(usual, as_of=made_from.as_of)
    return {
        tables.ONE_OFF_ORDERS.name: list_one_off_orders(found, lines, _counts(made_from.request), answers),
        tables.ANSWERED_ONE_OFFS.name: answered_one_offs(answers, lines),
    }


def _shown_choice(frames: Mapping[Table, pl.DataFrame]) -> dict[Table, dict[str, Any]]:
    """What Dagster shows of each table of the choice."""
    return {
        tables.MODEL_CHOICE: {"models": _shown(_classes(frames[tables.MODEL_CHOICE]))},
        tables.MODEL_SCORES: {SCORES_TITLE: _scores(frames[tables.MODEL_SCORES])},
        tables.FORECAST_CALIBRATION: {"how far they held": _shown(frames[tables.FORECAST_CALIBRATION])},
    }


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
