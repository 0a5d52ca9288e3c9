"""Overridden demand: what a person set in place of the forecast, in units per day, from one day until another.

What belongs here: the tables of a forecast with overrides. What does not: the settings
(`planning_settings/registry.py`).
An override ends by itself: after its last day the forecast is used again.
Read more in docs/maths.md#overridden-demand.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecasting.distribution import PROBABILITIES, WEEKS_SHOWN
from pipelines.forecasting.forecast_tables import DIGITS, LOW_AND_HIGH, Forecast
from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, Matrix
from pipelines.forecasting.model_names import OVERRIDDEN
from pipelines.forecasting.models.negative_binomial import nb_quantiles, power_law_variance
from pipelines.forecasting.special_demand.coming_events import DayFactors, daily_path

OVERRIDES: Final = pl.Schema(
    {"product_code": pl.String, "units_per_day": pl.Float64, "from_date": pl.Date, "until_date": pl.Date}
)
_KEYS: Final = {
    "demand_forecast": ["product_code", "period_start_date"],
    "demand_quantiles": ["product_code", "horizon_days", "probability"],
    "demand_horizons": ["product_code"],
}  # fmt: skip


def override_demand(
    forecast: Forecast, overrides: pl.DataFrame, horizons: pl.DataFrame, more_horizons: pl.DataFrame, *, as_of: date,
    path: pl.DataFrame, factors: DayFactors,
) -> Forecast:  # fmt: skip
    """The forecast with what people set, for overrides that reach into the forecast days.

    `path` is `forecast.demand_forecast` before events, `factors` are those of the events: other days keep them.

    `overrides` has the shape of `OVERRIDES` (a null is an open end); `horizons` and `more_horizons` as for
    `forecast_demand`. The days of an override expect its units. Quantiles change in the proportion of the mean:

        Q'_p(h) = Q_p(h) (mean of h days with the override) / (mean without it)

    A product that was never sold has the quantiles of a negative binomial with the default power-law variance.
    Example: 2 a day are expected, a person sets 5 for seven of 21 days: Q'_p = Q_p 63 / 42.
    """
    changed: dict[str, list[pl.DataFrame]] = {name: [] for name in _KEYS}
    for row in overrides.join(horizons, on="product_code").sort("product_code").iter_rows(named=True):
        is_own = pl.col("product_code") == row["product_code"]
        own = {name: getattr(forecast, name).filter(is_own) for name in _KEYS}
        further = more_horizons.filter(pl.col("product_code") == row["product_code"])["horizon_days"].to_list()
        expected = _with_events(path.filter(is_own), factors, row["product_code"])
        for name, frame in _overridden_tables(own, row, further, expected, as_of=as_of):
            changed[name].append(frame)
    return replace(
        forecast, **{name: _replaced(getattr(forecast, name), changed[name], keys) for name, keys in _KEYS.items()}
    )


def _replaced(frame: pl.DataFrame, changed: list[pl.DataFrame], keys: list[str]) -> pl.DataFrame:
    if not changed:
        return frame
    rows = pl.concat(changed)
    return pl.concat([frame.join(rows, on=keys, how="anti"), rows]).sort(keys)


@dataclass(frozen=True)
class _ExpectedDays:
    """One product's expected demand by day before and after its override, and the parts of its protection interval."""

    product_code: str
    lead_time_days: int
    horizon_days: int
    before: Matrix
    after: Matrix

    def means(self, begin: int, end: int) -> tuple[float, float]:
        """Expected demand of the days `begin` ... `end` - 1, before and after the override."""
        before, after = (np.concatenate([[0.0], np.cumsum(days)]) for days in (self.before, self.after))
        return float(before[end] - before[begin]), float(after[end] - after[begin])


def _overridden_tables(
    own: dict[str, pl.DataFrame], row: dict[str, Any], further: list[int], expected_days: Matrix, *, as_of: date
) -> Iterator[tuple[str, pl.DataFrame]]:
    """The changed tables of one product; none if the override is over, or begins after all forecast days.

    `expected_days` is its expected demand by day without the override.
    """
    lead, cover = int(row["lead_time_days"]), int(row["order_frequency_days"])
    lengths = sorted({lead + cover, *further})
    days = max(WEEKS_SHOWN * WEEK_DAYS, *lengths)
    first = 0 if row["from_date"] is None else max(0, (row["from_date"] - as_of).days)
    end = days if row["until_date"] is None else (row["until_date"] - as_of).days + 1
    if first >= min(end, days):
        return
    before = expected_days[:days]
    after = before.copy()
    after[first:end] = row["units_per_day"]
    expected = _ExpectedDays(row["product_code"], lead, lead + cover, before, after)
    yield "demand_quantiles", pl.concat(_quantiles(own["demand_quantiles"], length, expected) for length in lengths)
    yield "demand_forecast", _path(own["demand_forecast"], expected, as_of)
    yield "demand_horizons", _horizon(own["demand_horizons"], expected)


def _with_events(path: pl.DataFrame, factors: DayFactors, code: str) -> Matrix:
    """A product's expected demand of each coming day with its events."""
    of_days = factors.of(code)
    daily = daily_path(path, [code], days=factors.factors.shape[1])[0]
    return daily if of_days is None else np.asarray(daily * of_days)


def _quantiles(known: pl.DataFrame, length: int, expected: _ExpectedDays) -> pl.DataFrame:
    """The rows of `demand_quantiles` for one interval length, scaled as its mean is."""
    rows = known.filter(pl.col("horizon_days") == length).sort("probability")

    def scaled(name: str, begin: int, end: int) -> Matrix:
        before, after = expected.means(begin, end)
        quantiles = rows[name].to_numpy() if rows.height and rows[name].null_count() == 0 else np.zeros(0)
        if before > 0 and quantiles.any():
            return np.asarray(quantiles * (after / before))
        mean = np.array([after])
        return np.asarray(nb_quantiles(mean, power_law_variance(mean), PROBABILITIES)[0])

    is_own = length == expected.horizon_days
    nothing = np.full(PROBABILITIES.size, np.nan)
    cover = scaled("quantity_in_cover", expected.lead_time_days, length) if is_own else nothing
    return pl.DataFrame(
        {
            "product_code": [expected.product_code] * PROBABILITIES.size,
            "horizon_days": [length] * PROBABILITIES.size,
            "probability": PROBABILITIES,
            "quantity": np.round(scaled("quantity", 0, length), DIGITS),
            "quantity_in_cover": np.round(cover, DIGITS),
        },
        schema=known.schema,
    ).with_columns(pl.col("quantity_in_cover").fill_nan(None))


def _path(known: pl.DataFrame, expected: _ExpectedDays, as_of: date) -> pl.DataFrame:
    """The rows of `demand_forecast`: the overridden weekly path, its band by the power-law variance."""
    weekly = expected.after[: WEEKS_SHOWN * WEEK_DAYS].reshape(WEEKS_SHOWN, WEEK_DAYS).sum(axis=1)
    band = nb_quantiles(weekly, power_law_variance(weekly), LOW_AND_HIGH)
    rows = [
        {"product_code": expected.product_code, "period_start_date": as_of + timedelta(weeks=week), "model": OVERRIDDEN,
         "quantity": round(float(mean), DIGITS), "quantity_low": round(float(min(low, mean)), DIGITS),
         "quantity_high": round(float(max(high, mean)), DIGITS)}
        for week, (mean, (low, high)) in enumerate(zip(weekly, band, strict=True))
    ]  # fmt: skip
    return _frame(known, rows)


def _horizon(known: pl.DataFrame, expected: _ExpectedDays) -> pl.DataFrame:
    """The row of `demand_horizons`: the parts of the mean, and the weekly variance scaled as the mean squared is."""
    row = known.row(0, named=True) if known.height else {"history_weeks": 0, "is_sold_whole": True}
    before, after = expected.before, expected.after
    scale = after.sum() / before.sum() if before.sum() > 0 else 0.0
    of_a_week = power_law_variance(np.array([after.mean() * WEEK_DAYS]))
    variance = row.get("weekly_variance", 0.0) * scale**2 if scale else float(of_a_week[0])
    return _frame(
        known,
        [
            row
            | {
                "product_code": expected.product_code,
                "horizon_days": expected.horizon_days,
                "lead_time_days": expected.lead_time_days,
                "weekly_variance": variance,
                "demand_before_arrival": expected.means(0, expected.lead_time_days)[1],
                "demand_in_cover": expected.means(expected.lead_time_days, expected.horizon_days)[1],
            }
        ],
    )


def _frame(like: pl.DataFrame, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=like.schema, orient="row").with_columns(pl.col(pl.Float64).round(DIGITS))
