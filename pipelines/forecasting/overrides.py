"""Demand that a person set, in the place of the forecast: so many pieces a day, from one day until another.

What belongs here: the tables of a forecast with it. What does not: the settings (`planning_settings/registry.py`).
An override ends by itself: from the day after its last one on the forecast speaks again.
Read more in docs/maths.md.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecasting.distribution import PROBABILITIES, WEEKS_SHOWN
from pipelines.forecasting.forecast_tables import DIGITS, LOW_AND_HIGH, Forecast
from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, Matrix
from pipelines.forecasting.models.negative_binomial import USUAL_LAW, nb_quantiles

OVERRIDDEN: Final = "overridden"
OVERRIDES: Final = pl.Schema(
    {"product_code": pl.String, "units_per_day": pl.Float64, "from_date": pl.Date, "until_date": pl.Date}
)
_KEYS: Final = {
    "demand_forecast": ["product_code", "period_start_date"],
    "demand_quantiles": ["product_code", "horizon_days", "probability"],
    "demand_horizons": ["product_code"],
}  # fmt: skip


def override_demand(
    forecast: Forecast, overrides: pl.DataFrame, horizons: pl.DataFrame, more_horizons: pl.DataFrame, *, as_of: date
) -> Forecast:
    """The forecast with what people set, where that reaches into the days that it is about.

    `overrides` has the shape of `OVERRIDES` (an open end is a null); `horizons` and `more_horizons` as for
    `forecast_demand`. The days of an override expect its pieces; quantiles grow or shrink with the mean of their days.
    A product that was never sold has those of a negative binomial.
    """
    told: dict[str, list[pl.DataFrame]] = {name: [] for name in _KEYS}
    asked = overrides.join(horizons, on="product_code").sort("product_code")
    for row in asked.iter_rows(named=True):
        is_own = pl.col("product_code") == row["product_code"]
        own = {name: getattr(forecast, name).filter(is_own) for name in _KEYS}
        days = more_horizons.filter(pl.col("product_code") == row["product_code"])["horizon_days"].to_list()
        for name, frame in _overridden(own, row, days, as_of=as_of):
            told[name].append(frame)
    return replace(forecast, **{name: _put(getattr(forecast, name), told[name], keys) for name, keys in _KEYS.items()})


def _put(frame: pl.DataFrame, told: list[pl.DataFrame], keys: list[str]) -> pl.DataFrame:
    if not told:
        return frame
    rows = pl.concat(told)
    return pl.concat([frame.join(rows, on=keys, how="anti"), rows]).sort(keys)


def _overridden(
    own: dict[str, pl.DataFrame], row: dict[str, Any], more: list[int], *, as_of: date
) -> Iterator[tuple[str, pl.DataFrame]]:
    """The tables of one product anew; none where the override is over, or begins after all that is forecast."""
    code, lead, cover = row["product_code"], int(row["lead_time_days"]), int(row["order_frequency_days"])
    lengths = sorted({lead + cover, *more})
    days = max(WEEKS_SHOWN * WEEK_DAYS, *lengths)
    first = 0 if row["from_date"] is None else max(0, (row["from_date"] - as_of).days)
    end = days if row["until_date"] is None else (row["until_date"] - as_of).days + 1
    if first >= min(end, days):
        return
    before = _by_day(own["demand_forecast"], days)
    after = before.copy()
    after[first:end] = row["units_per_day"]
    old, new = (np.concatenate([[0.0], np.cumsum(one)]) for one in (before, after))
    known = own["demand_quantiles"]
    own_length = lead + cover
    yield "demand_quantiles", pl.concat(_quantiles(known, code, n, own_length, lead, old, new) for n in lengths)
    weekly = after[: WEEKS_SHOWN * WEEK_DAYS].reshape(WEEKS_SHOWN, WEEK_DAYS).sum(axis=1)
    yield "demand_forecast", _path(own["demand_forecast"], code, weekly, as_of)
    mean = after.mean() * WEEK_DAYS
    told = own["demand_horizons"].row(0, named=True) if own["demand_horizons"].height else {"history_weeks": 0}
    scale = after.sum() / before.sum() if before.sum() > 0 else 0.0
    variance = told.get("weekly_variance", 0.0) * scale**2 if scale else float(_usual_variance(np.array([mean]))[0])
    parts = {"demand_before_arrival": new[lead], "demand_in_cover": new[lead + cover] - new[lead]}
    line = {"product_code": code, "horizon_days": lead + cover, "lead_time_days": lead, "weekly_variance": variance}
    yield "demand_horizons", _frame(own["demand_horizons"], [told | line | parts])


def _by_day(path: pl.DataFrame, days: int) -> Matrix:
    """Expected demand of each coming day; after the weeks of the path its last one goes on."""
    weeks = path.sort("period_start_date")["quantity"].to_numpy()
    daily = np.repeat(weeks if weeks.size else np.zeros(1), WEEK_DAYS) / WEEK_DAYS
    return np.concatenate([daily, np.full(max(0, days - daily.size), daily[-1])])[:days]


def _quantiles(
    known: pl.DataFrame, code: str, length: int, own_length: int, lead: int, old: Matrix, new: Matrix
) -> pl.DataFrame:
    rows = known.filter(pl.col("horizon_days") == length).sort("probability")

    def moved(name: str, begin: int, end: int) -> Matrix:
        was, is_now = old[end] - old[begin], new[end] - new[begin]
        there = rows[name].to_numpy() if rows.height and rows[name].null_count() == 0 else np.zeros(0)
        if was > 0 and there.any():
            return np.asarray(there * (is_now / was))
        return np.asarray(nb_quantiles(np.array([is_now]), _usual_variance(np.array([is_now])), PROBABILITIES)[0])

    cover = moved("quantity_in_cover", lead, length) if length == own_length else np.full(PROBABILITIES.size, np.nan)
    return pl.DataFrame(
        {
            "product_code": [code] * PROBABILITIES.size,
            "horizon_days": [length] * PROBABILITIES.size,
            "probability": PROBABILITIES,
            "quantity": np.round(moved("quantity", 0, length), DIGITS),
            "quantity_in_cover": np.round(cover, DIGITS),
        },
        schema=known.schema,
    ).with_columns(pl.col("quantity_in_cover").fill_nan(None))


def _path(known: pl.DataFrame, code: str, weekly: Matrix, as_of: date) -> pl.DataFrame:
    band = nb_quantiles(weekly, _usual_variance(weekly), LOW_AND_HIGH)
    rows = [
        {"product_code": code, "period_start_date": as_of + timedelta(weeks=week), "model": OVERRIDDEN,
         "quantity": round(float(mean), DIGITS), "quantity_low": round(float(min(low, mean)), DIGITS),
         "quantity_high": round(float(max(high, mean)), DIGITS)}
        for week, (mean, (low, high)) in enumerate(zip(weekly, band, strict=True))
    ]  # fmt: skip
    return _frame(known, rows)


def _usual_variance(mean: Matrix) -> Matrix:
    slope, height = USUAL_LAW
    return np.where(mean > 0, np.exp(2 * (slope * np.log(np.maximum(mean, 1e-9)) + height)), 0.0)


def _frame(like: pl.DataFrame, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=like.schema, orient="row").with_columns(pl.col(pl.Float64).round(DIGITS))
