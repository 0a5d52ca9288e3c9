"""How far forecasts held: those of past plans against what was sold since, and how wide the band had to be.

What belongs here: errors over all products. What does not: single products that were far off, which are exceptions.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import polars as pl

from pipelines.replenishment.plan.statuses import NOT_PLANNED
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

DAYS: Final = 365
UPPER: Final = 0.9
LOWER: Final = 0.1
_COLUMNS: Final = ["product_code", "as_of_date", "horizon_days", "horizon_demand", "status", "planned_at"]


@dataclass(frozen=True)
class ForecastError:
    """Forecasts whose time has passed: how many, units forecast and sold, the size and the direction of the error."""

    forecasts: int
    left_out: int
    forecast_units: float
    sold_units: float
    wape: float
    bias: float


@dataclass(frozen=True)
class Calibration:
    """Of so many forecasts, the share in which demand stayed within what was to hold a stated share of them."""

    forecasts: int
    stated: float
    measured: float
    is_band: bool


def forecast_error(view: PublishedView) -> ForecastError | None:
    """The error of the forecasts of the last year; None if the time of none has passed."""
    found: ForecastError | None = view.once("forecast error", lambda: _error(view))
    return found


def calibration(view: PublishedView) -> Calibration | None:
    """Whether the band held what it should, over all products; None if the forecasts were not tested."""
    tested = view.rows(tables.FORECAST_CALIBRATION).filter(pl.col("forecasts") > 0)
    shares = {row["probability"]: row for row in _by_probability(tested)}
    if UPPER not in shares:
        return None
    upper = shares[UPPER]
    if LOWER in shares:
        inside = upper["share"] - shares[LOWER]["share"]
        return Calibration(upper["forecasts"], UPPER - LOWER, inside, is_band=True)
    return Calibration(upper["forecasts"], UPPER, upper["share"], is_band=False)


def _by_probability(tested: pl.DataFrame) -> list[dict[str, Any]]:
    """The measured share of each probability; between the shares below and at or below, as units are whole."""
    middle = (pl.col("share_below") + pl.col("share_at_or_below")) / 2
    weighted = (middle * pl.col("forecasts")).sum() / pl.col("forecasts").sum()
    sums = tested.group_by("probability").agg(pl.col("forecasts").sum(), share=weighted)
    return sums.with_columns(pl.col("probability").round(4)).to_dicts()


def _error(view: PublishedView) -> ForecastError | None:
    today = view.as_of
    if today is None:
        return None
    end = pl.col("as_of_date") + pl.duration(days="horizon_days")
    has_passed = (pl.col("as_of_date") >= today - timedelta(days=DAYS)) & (pl.col("as_of_date") < today)
    plans = view.rows(tables.PLAN_HISTORY, has_passed, columns=_COLUMNS).with_columns(end=end)
    plans = plans.filter((pl.col("end") <= today) & (pl.col("status") != NOT_PLANNED))
    last_of_day = plans.sort("planned_at").unique(["product_code", "as_of_date"], keep="last")
    if last_of_day.is_empty():
        return None
    return error_of(last_of_day, view.rows(tables.DEMAND_DAILY, of=plans["product_code"].unique().to_list()))


def error_of(plans: pl.DataFrame, demand_daily: pl.DataFrame) -> ForecastError | None:
    """The error of plans (`product_code`, `as_of_date`, `end`, `horizon_demand`); None if none can be judged.

    Times with a day without stock are left out: what would have been sold then is not known.
    """
    running = demand_daily.sort("demand_date").select(
        "product_code",
        at="demand_date",
        sold=pl.col("quantity").cum_sum().over("product_code"),
        out=pl.col("is_stocked_out").fill_null(value=False).cast(pl.Int64).cum_sum().over("product_code"),
    )
    before = _as_it_was(plans, running, "as_of_date")
    after = _as_it_was(before.rename({"sold": "sold_before", "out": "out_before"}), running, "end")
    judged = after.with_columns(
        sold=pl.col("sold") - pl.col("sold_before"), was_out=pl.col("out") > pl.col("out_before")
    )
    kept = judged.filter(~pl.col("was_out"))
    sold, forecast = float(kept["sold"].sum()), float(kept["horizon_demand"].sum())
    if sold <= 0:
        return None
    error = float((kept["horizon_demand"] - kept["sold"]).abs().sum())
    return ForecastError(
        kept.height, judged.height - kept.height, forecast, sold, error / sold, (forecast - sold) / sold
    )


def _as_it_was(plans: pl.DataFrame, running: pl.DataFrame, column: str) -> pl.DataFrame:
    """Plans with the sums up to the day before that of a column."""
    placed = plans.with_columns(at=pl.col(column) - pl.duration(days=1)).sort("at")
    joined = placed.join_asof(running, on="at", by="product_code", check_sortedness=False)
    return joined.with_columns(pl.col("sold").fill_null(0.0), pl.col("out").fill_null(0)).drop("at")
