"""The forecast of every product that was ever sold: choose, expect, and say how likely each demand is.

What belongs here: the order of the steps, and the frames they end in. What does not: the steps.
Read more in docs/maths.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.backtest import Horizons, backtest, cumulative, scale_at
from pipelines.forecasting.candidates import FLOOR, MODELS, SHORTEST_WEEKS, forecast_paths
from pipelines.forecasting.quantiles import FEWEST_ERRORS, PROBABILITIES, error_quantiles, poisson_quantiles
from pipelines.forecasting.segments import demand_classes
from pipelines.forecasting.selection import Choice, choose_model
from pipelines.forecasting.series import Index, Matrix, Series, make_series
from pipelines.tables import DEMAND_FORECAST, DEMAND_HORIZONS, DEMAND_QUANTILES, MODEL_CHOICE

WEEKS_SHOWN: Final = 13
LOW_AND_HIGH: Final = np.array([0.1, 0.9])
_EVERYTHING: Final = "all"


@dataclass(frozen=True)
class Forecast:
    """The four tables of the schema `forecast`."""

    model_choice: pl.DataFrame
    demand_forecast: pl.DataFrame
    demand_quantiles: pl.DataFrame
    demand_horizons: pl.DataFrame


@dataclass(frozen=True)
class _Pool:
    """What is known of a class: its choice, and that model's errors over the horizon and over a week."""

    choice: Choice
    errors: Matrix
    week_errors: Matrix


def forecast_demand(demand_daily: pl.DataFrame, horizons: pl.DataFrame, *, as_of: date) -> Forecast:
    """The distribution of demand over each product's horizon, from `as_of` on.

    `demand_daily` has the shape of `marts.demand_daily`; `horizons` has one row per product with `product_code`,
    `lead_time_days` and `order_frequency_days`. A product not sold in the three years before `as_of` has no row.
    """
    series = make_series(demand_daily.join(horizons, on="product_code", how="semi"), as_of=as_of)
    asked = _horizons_of(series, horizons)
    classes = demand_classes(series) if len(series.product_codes) else np.array([], dtype=str)
    pools = _pools(backtest(series, asked), classes)
    chosen = [_pool_of(pools, one) for one in classes.tolist()]
    weeks = max(WEEKS_SHOWN, int(asked.weeks.max(initial=1)))
    paths = _paths(series, classes, chosen, weeks=weeks)
    return Forecast(
        model_choice=_model_choice(series, classes, chosen),
        demand_forecast=_demand_forecast(series, classes, chosen, paths, as_of=as_of),
        demand_quantiles=_demand_quantiles(series, asked, classes, chosen, paths),
        demand_horizons=_demand_horizons(series, asked, paths),
    )


def _horizons_of(series: Series, horizons: pl.DataFrame) -> Horizons:
    codes = pl.DataFrame({"product_code": series.product_codes}, schema={"product_code": pl.String})
    asked = codes.join(horizons, on="product_code", how="left", maintain_order="left")
    lead = asked["lead_time_days"].to_numpy().astype(np.int64)
    return Horizons(days=lead + asked["order_frequency_days"].to_numpy().astype(np.int64), lead_time_days=lead)


def _pools(errors: pl.DataFrame, classes: NDArray[np.str_]) -> Mapping[str, _Pool]:
    """One pool a class that has enough errors, and one of all products for those that have not."""
    of_class = errors.with_columns(demand_class=pl.Series(classes[errors["product"].to_numpy()], dtype=pl.String))
    pools = {_EVERYTHING: _pool(errors)}
    for name in sorted(set(classes.tolist()) - {"new", "dead"}):
        own = of_class.filter(pl.col("demand_class") == name).drop("demand_class")
        if own.height >= FEWEST_ERRORS * len(MODELS):
            pools[name] = _pool(own)
    return pools


def _pool(errors: pl.DataFrame) -> _Pool:
    choice = choose_model(errors)
    told = errors.filter(pl.col("model") == choice.model)
    return _Pool(choice, told["error"].to_numpy(), told["week_error"].to_numpy())


def _pool_of(pools: Mapping[str, _Pool], demand_class: str) -> _Pool:
    return pools.get(demand_class, pools[_EVERYTHING])


def _paths(series: Series, classes: NDArray[np.str_], chosen: list[_Pool], *, weeks: int) -> Matrix:
    """The expected weekly demand of every product; a new one's is its mean so far, a dead one's nothing."""
    paths = np.zeros((len(series.product_codes), weeks))
    old = np.flatnonzero((series.history_weeks >= SHORTEST_WEEKS) & (classes != "dead"))
    new = np.flatnonzero((series.history_weeks < SHORTEST_WEEKS) & (classes != "dead"))
    told = forecast_paths(series, products=old, origin_week=series.weeks, weeks=weeks)
    for row, product in enumerate(old):
        paths[product] = told[chosen[product].choice.model][row]
    mean = series.weekly[new].sum(axis=1) / np.maximum(1, series.history_weeks[new])
    paths[new] = mean[:, None]
    return paths


def _demand_quantiles(
    series: Series, asked: Horizons, classes: NDArray[np.str_], chosen: list[_Pool], paths: Matrix
) -> pl.DataFrame:
    scale = scale_at(series, np.arange(len(series.product_codes)), series.weeks, asked.days)
    spread = _spread([pool.errors for pool in chosen], PROBABILITIES)
    quantiles = _around(cumulative(paths, asked.days), scale[:, None] * spread, classes, PROBABILITIES)
    count = PROBABILITIES.size
    return pl.DataFrame(
        {
            "product_code": np.repeat(np.array(series.product_codes, dtype=object), count).tolist(),
            "horizon_days": np.repeat(asked.days, count),
            "probability": np.tile(PROBABILITIES, len(series.product_codes)),
            "quantity": np.round(quantiles, 4).ravel(),
        },
        schema=DEMAND_QUANTILES.schema,
    )


def _around(mean: Matrix, spread: Matrix, classes: NDArray[np.str_], probabilities: Matrix) -> Matrix:
    """The quantiles of demand: its mean and past errors of its size, or Poisson's where too few errors are known."""
    quantiles = mean[:, None] + spread
    unknown = np.flatnonzero(~np.isfinite(spread).all(axis=1))
    quantiles[unknown] = poisson_quantiles(mean[unknown], probabilities)
    return np.where((classes == "dead")[:, None], 0.0, np.maximum(0.0, quantiles) + 0.0)


def _spread(errors: list[Matrix], probabilities: Matrix) -> Matrix:
    """For each product the quantiles of its pool's errors; not a number where the pool knows too few."""
    known: dict[int, Matrix] = {}
    for one in errors:
        if id(one) not in known:
            enough = one.size >= FEWEST_ERRORS
            known[id(one)] = error_quantiles(one, probabilities) if enough else np.full(probabilities.size, np.nan)
    return np.array([known[id(one)] for one in errors]).reshape(len(errors), probabilities.size)


def _demand_forecast(
    series: Series, classes: NDArray[np.str_], chosen: list[_Pool], paths: Matrix, *, as_of: date
) -> pl.DataFrame:
    products = len(series.product_codes)
    week = np.full(products, 7, dtype=np.int64)
    scale = scale_at(series, np.arange(products), series.weeks, week)
    spread = scale[:, None] * _spread([pool.week_errors for pool in chosen], LOW_AND_HIGH)
    shown = paths[:, :WEEKS_SHOWN]
    band = np.stack([_around(one, spread, classes, LOW_AND_HIGH) for one in shown.T], axis=1)
    low, high = np.minimum(band[:, :, 0], shown), np.maximum(band[:, :, 1], shown)
    starts = [as_of + timedelta(weeks=k) for k in range(shown.shape[1])]
    return pl.DataFrame(
        {
            "product_code": [code for code in series.product_codes for _ in starts],
            "period_start_date": starts * products,
            "model": [pool.choice.model for pool in chosen for _ in starts],
            "quantity": np.round(shown, 4).ravel(),
            "quantity_low": np.round(low, 4).ravel(),
            "quantity_high": np.round(high, 4).ravel(),
        },
        schema=DEMAND_FORECAST.schema,
    )


def _model_choice(series: Series, classes: NDArray[np.str_], chosen: list[_Pool]) -> pl.DataFrame:
    rows = []
    for code, name, weeks, pool in zip(
        series.product_codes, classes.tolist(), series.history_weeks.tolist(), chosen, strict=True
    ):
        choice = pool.choice
        model, reason = (choice.model, choice.reason) if weeks >= SHORTEST_WEEKS else (FLOOR, "too new for a model")
        if name == "dead":
            model, reason = "none", "not sold for a year"
        rows.append((code, name, model, choice.score, choice.floor_score, choice.origins, reason))
    return pl.DataFrame(rows, schema=MODEL_CHOICE.schema, orient="row")


def _demand_horizons(series: Series, asked: Horizons, paths: Matrix) -> pl.DataFrame:
    total: Matrix = cumulative(paths, asked.days)
    before: Matrix = cumulative(paths, asked.lead_time_days)
    history: Index = series.history_weeks
    return pl.DataFrame(
        {
            "product_code": list(series.product_codes),
            "horizon_days": asked.days,
            "lead_time_days": asked.lead_time_days,
            "demand_before_arrival": np.round(before, 4),
            "demand_in_cover": np.round(total - before, 4),
            "history_weeks": history,
        },
        schema=DEMAND_HORIZONS.schema,
    )
