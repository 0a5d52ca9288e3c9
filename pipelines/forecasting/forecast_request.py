"""What the planning parameters ask of the forecast, and the forecast with what people set in its place.

What belongs here: reading the tables of the stage `parameters` for the forecast. What does not: making them
(`pipelines/replenishment/planning_parameters.py`), the forecast's maths (`distribution.py`).
Read more in docs/maths.md#the-demand-distribution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from pipelines.forecasting.distribution import WEEKS_SHOWN
from pipelines.forecasting.forecast_tables import Forecast, choose_models, forecast_demand
from pipelines.forecasting.history.demand_matrix import WEEK_DAYS
from pipelines.forecasting.overrides import OVERRIDES, override_demand
from pipelines.forecasting.protection_intervals import horizons_to_forecast, own_horizons
from pipelines.forecasting.special_demand.coming_events import day_factors, with_coming_events
from pipelines.forecasting.special_demand.like_products import likes_in_force, with_like_choice
from pipelines.planning_settings.demand_settings.assemblies import all_parts, assemblies_of
from pipelines.planning_settings.demand_settings.like_product import likes_of
from pipelines.planning_settings.registry import wide_settings
from pipelines.planning_settings.successors_and_bundles import transfers_of
from pipelines.storage.tables import ONE_OFF_ANSWERS, PRODUCT_EVENTS, empty

REQUEST_SETTINGS: Final = (
    "overridden_demand", "overridden_demand_from", "overridden_demand_until", "ignore_seasonality", "successor_of",
    "bundle_of", "is_assembled", "like_product",
)  # fmt: skip
"""The settings that the forecast depends on; those of the protection intervals are in the intervals."""


@dataclass(frozen=True)
class ForecastRequest:
    """What to forecast.

    `own` has `product_code`, `lead_time_days`, `order_frequency_days`: the days before an order arrives, and those that
    it covers; with a forecast period they differ from the settings. `more` has `product_code`, `horizon_days`: further
    horizons of products with random lead times. `overrides` is demand that people set, in the shape of `OVERRIDES`.
    The season of the products in `without_season` is ignored. `transfers` says whose demand counts for whom.
    `one_off_answers` has the shape of its table in `raw`, `events` that of `forecast.product_events`.
    `assembled_parts` are the parts of assembled bundles at every level. `likes` are products like another one.
    """

    own: pl.DataFrame
    more: pl.DataFrame
    overrides: pl.DataFrame
    without_season: Sequence[str]
    transfers: pl.DataFrame
    one_off_answers: pl.DataFrame
    events: pl.DataFrame
    assembled_parts: pl.DataFrame
    likes: pl.DataFrame


def forecast_request(
    plan_settings: pl.DataFrame, intervals: pl.DataFrame, *, one_off_answers: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
) -> ForecastRequest:  # fmt: skip
    """The request that follows from `parameters.plan_settings` and `parameters.protection_intervals`.

    Of the settings only those in `REQUEST_SETTINGS` are needed. `one_off_answers` are those in `raw`, `events` those of
    `forecast.product_events`; none if missing.
    """
    settings = wide_settings(plan_settings)
    transfers = transfers_of(settings)
    overrides = settings.filter(pl.col("overridden_demand").is_not_null()).select(
        "product_code", units_per_day="overridden_demand", from_date="overridden_demand_from",
        until_date="overridden_demand_until",
    ).cast(OVERRIDES)  # fmt: skip
    return ForecastRequest(
        own=own_horizons(intervals),
        more=horizons_to_forecast(intervals),
        overrides=overrides,
        without_season=settings.filter("ignore_seasonality")["product_code"].to_list(),
        likes=likes_of(settings),
        transfers=transfers,
        assembled_parts=all_parts(assemblies_of(settings, transfers)),
        one_off_answers=empty(ONE_OFF_ANSWERS) if one_off_answers is None else one_off_answers,
        events=empty(PRODUCT_EVENTS) if events is None else events,
    )


def forecast_as_requested(
    demand: pl.DataFrame, request: ForecastRequest, *, as_of: date, model_choice: pl.DataFrame | None = None
) -> Forecast:
    """The forecast by the models, with coming events, replaced by what people set for the days of their overrides.

    `demand` and `model_choice` are those of `forecast_demand`.
    """
    forecast = forecast_demand(
        demand, request.own, as_of=as_of, model_choice=model_choice, more_horizons=request.more,
        without_season=request.without_season, likes=request.likes,
    )  # fmt: skip
    days = max([WEEKS_SHOWN * WEEK_DAYS, *_longest(request.own), *_longest(request.more)])
    factors = day_factors(request.events, as_of=as_of, days=days)
    with_events = with_coming_events(forecast, factors, request.own)
    return override_demand(
        with_events, request.overrides, request.own, request.more, as_of=as_of, path=forecast.demand_forecast,
        factors=factors,
    )  # fmt: skip


def choose_models_as_requested(
    demand: pl.DataFrame, model_scores: pl.DataFrame, request: ForecastRequest, *, as_of: date
) -> pl.DataFrame:
    """`forecast.model_choice`: the models of `choose_models`, and products that are like another one."""
    chosen = choose_models(demand, model_scores, as_of=as_of, without_season=request.without_season)
    return with_like_choice(chosen, likes_in_force(request.likes, demand, as_of=as_of))


def _longest(horizons: pl.DataFrame) -> list[int]:
    """The longest of some protection intervals in days, if there are any."""
    days = (
        pl.col("horizon_days")
        if "horizon_days" in horizons.columns
        else pl.col("lead_time_days") + pl.col("order_frequency_days")
    )
    return [int(longest) for longest in horizons.select(days.max()).to_series().drop_nulls()]
