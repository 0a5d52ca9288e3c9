"""The forecast of every product that was ever sold, as tables: the model used, and the distribution of demand.

What belongs here: the tables of the schema `forecast`. What does not: the maths behind them (`distribution.py`).
Read more in docs/maths.md#the-demand-distribution.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from pipelines.errors import DataError
from pipelines.forecasting.distribution import (
    PROBABILITIES,
    WEEKS_SHOWN,
    DemandDistribution,
    forecast_distribution,
    models_before_shifts,
)
from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.history.demand_patterns import DEAD, demand_patterns
from pipelines.forecasting.models.features import origin_statistics
from pipelines.forecasting.models.negative_binomial import nb_quantiles
from pipelines.forecasting.models.seasonality import cumulative_mean
from pipelines.forecasting.models.statsforecast_models import SES
from pipelines.forecasting.selection.choose_model import ModelSelection, best_seasonless_models, select_models
from pipelines.forecasting.selection.fallback_rules import has_shifted, is_predictably_even, replaced_after_shift
from pipelines.forecasting.selection.model_backtest import backtest
from pipelines.forecasting.special_demand.like_products import LIKE, likes_in_force, windows_of_likes, with_likes
from pipelines.planning_settings.demand_settings.like_product import LIKES
from pipelines.storage.tables import DEMAND_FORECAST, DEMAND_QUANTILES, MODEL_CHOICE

LOW_AND_HIGH: Final = np.array([0.1, 0.9])
VALID_FOR: Final = timedelta(days=7)
DIGITS: Final = 4
BY_RULE: Final = "chosen by rule"
TINY: Final = 1e-9


@dataclass(frozen=True)
class Forecast:
    """Four tables of the schema `forecast`, in the shapes of `storage/tables/forecast_schema.py`."""

    model_choice: pl.DataFrame
    demand_forecast: pl.DataFrame
    demand_quantiles: pl.DataFrame
    demand_horizons: pl.DataFrame


def score_models(demand_daily: pl.DataFrame, horizons: pl.DataFrame, *, as_of: date, seed: int = 0) -> ModelSelection:
    """The loss of every model over the last half year, and the model of each demand pattern.

    `demand_daily` and `horizons` as for `forecast_demand`.

    Raises:
        DataError: a protection interval is missing, negative or given twice.
    """
    check_horizons(horizons)
    weekly = make_demand_matrix(demand_daily.join(horizons, on="product_code", how="semi"), as_of=as_of)
    days = pl.DataFrame({"product_code": weekly.product_codes}, schema={"product_code": pl.String}).join(
        horizons.select("product_code", days=_horizon_days()), on="product_code", how="left", maintain_order="left"
    )["days"]
    return select_models(backtest(weekly, days.to_numpy(), as_of=as_of, seed=seed), chosen_on=as_of)


def is_still_good(model_scores: pl.DataFrame, *, as_of: date) -> bool:
    """Whether a stored choice is still valid: it was made in the last week."""
    if model_scores.is_empty():
        return False
    chosen_on: date = model_scores.select(pl.col("chosen_on").max()).item()
    return timedelta(0) <= as_of - chosen_on < VALID_FOR


def choose_models(
    demand_daily: pl.DataFrame, model_scores: pl.DataFrame, *, as_of: date, without_season: Collection[str] = ()
) -> pl.DataFrame:
    """`forecast.model_choice`: each product with its demand pattern today and the model chosen for that pattern.

    Three products have another model. If its season is ignored, a product has the best model without one. If it is
    underdispersed and its mean predicts it, it has `nb_predictive`. After a level shift it has `ses`, if its model
    expects the average.
    """
    weekly = make_demand_matrix(demand_daily, as_of=as_of)
    patterns, statistics = demand_patterns(weekly), origin_statistics(weekly, as_of=as_of)
    chosen = {row["demand_class"]: row for row in model_scores.filter(pl.col("is_chosen")).to_dicts()}
    scored = {pattern: str(row["model"]) for pattern, row in chosen.items() if row["origins"]}
    seasonless, is_even = best_seasonless_models(model_scores), is_predictably_even(statistics)
    ignored = set(without_season)
    choice = {
        code: (seasonless if code in ignored else scored)[pattern]
        for code, pattern, is_own in zip(weekly.product_codes, patterns.tolist(), is_even.tolist(), strict=True)
        if pattern in scored and not is_own
    }
    models = models_before_shifts(statistics, patterns, choice, without_season=without_season)
    shifted = has_shifted(statistics)
    models = replaced_after_shift(models, shifted)
    table = _model_choice(weekly.product_codes, patterns.tolist(), models.tolist(), chosen)
    is_replaced = pl.Series(shifted) & (pl.col("model") == SES)
    return table.with_columns(
        reason=pl.when(pl.col("demand_class") == DEAD)
        .then("reason")
        .when(is_replaced)
        .then(pl.lit("its last weeks are not what its average would sell"))
        .when(pl.Series(is_even))
        .then(pl.lit("it sells more evenly than chance would have it"))
        .when(pl.col("product_code").is_in(list(without_season)))
        .then(pl.lit("its season is ignored, as was set"))
        .otherwise("reason")
    )


def _model_choice(
    codes: Sequence[str], patterns: Sequence[str], models: Sequence[str], chosen: Mapping[str, Mapping[str, object]]
) -> pl.DataFrame:
    rows = []
    for code, pattern, model in zip(codes, patterns, models, strict=True):
        score = chosen.get(pattern, {})
        reason = "not sold for a year" if pattern == DEAD else score.get("reason", BY_RULE)
        scores = {name: score.get(name) or 0 for name in ("score", "floor_score", "origins")}
        rows.append({"product_code": code, "demand_class": pattern, "model": model, "reason": reason} | scores)
    return pl.DataFrame(rows, schema=MODEL_CHOICE.schema)


def forecast_demand(
    demand_daily: pl.DataFrame, horizons: pl.DataFrame, *, as_of: date,
    model_choice: pl.DataFrame | None = None, more_horizons: pl.DataFrame | None = None,
    without_season: Collection[str] = (), seed: int = 0, likes: pl.DataFrame | None = None,
) -> Forecast:  # fmt: skip
    """The forecast tables: demand from `as_of` on over each protection interval, and over the days an order covers.

    `demand_daily` has the shape of `marts.demand_daily`; `horizons` has one row per product with `product_code`,
    `lead_time_days` and `order_frequency_days`. A product not sold in the four years before `as_of` has no row.
    `model_choice` is the stored choice; without it models are chosen by rule. `more_horizons` has `product_code` and
    `horizon_days`: further interval lengths, as random lead times need. The products of `without_season` are forecast
    by a model without a season. `likes` has the shape of `LIKES`: new products that are forecast like another one.

    Raises:
        DataError: a protection interval is missing, negative or given twice.
    """
    check_horizons(horizons)
    demand = demand_daily.join(horizons, on="product_code", how="semi")
    alike = likes_in_force(LIKES.to_frame() if likes is None else likes, demand, as_of=as_of)
    stored = {} if model_choice is None else dict(model_choice.select("product_code", "model").rows())
    stored = {code: model for code, model in stored.items() if model != LIKE}
    more = _no_more_horizons() if more_horizons is None else more_horizons.select(_no_more_horizons().columns)
    windows = _windows(horizons, more)
    distribution = forecast_distribution(
        demand, windows_of_likes(windows, alike), as_of=as_of, seed=seed, choice=stored, without_season=without_season
    )
    distribution = with_likes(distribution, alike, windows)
    by_rule = _model_choice(
        distribution.product_codes, distribution.demand_class.tolist(), distribution.model.tolist(), {}
    )  # fmt: skip
    return Forecast(
        model_choice=by_rule if model_choice is None else model_choice.join(horizons, on="product_code", how="semi"),
        demand_forecast=_demand_forecast(distribution, as_of=as_of).sort("product_code", "period_start_date"),
        demand_quantiles=_demand_quantiles(distribution, horizons, more),
        demand_horizons=_demand_horizons(distribution, horizons),
    )


def check_horizons(horizons: pl.DataFrame) -> None:
    """Refuse a lead time or an order frequency that is missing or negative, and a second row of a product.

    Raises:
        DataError: the message names the first such product.
    """
    for name in ("lead_time_days", "order_frequency_days"):
        wrong = horizons.filter(pl.col(name).is_null() | (pl.col(name) < 0))
        if wrong.height:
            code, days = wrong.select("product_code", name).row(0)
            given = "missing" if days is None else f"{days} days"
            raise DataError(f"The {name} of {code} is {given}: give 0 or more whole days.")
    again = horizons.filter(pl.col("product_code").is_duplicated())
    if again.height:
        raise DataError(f"Product {again['product_code'][0]} is listed twice: give one row for each product.")


def _horizon_days() -> pl.Expr:
    return (pl.col("lead_time_days") + pl.col("order_frequency_days")).cast(pl.Int64)


def _no_more_horizons() -> pl.DataFrame:
    return pl.DataFrame(schema={"product_code": pl.String, "horizon_days": pl.Int64})


def _windows(horizons: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """The protection interval of each product, the days of it that an order covers, and the further intervals."""
    whole = horizons.select("product_code", horizon_days=_horizon_days(), start_days=pl.lit(0, dtype=pl.Int64))
    cover = horizons.select(
        "product_code",
        horizon_days=pl.col("order_frequency_days").cast(pl.Int64),
        start_days=pl.col("lead_time_days").cast(pl.Int64),
    )
    further = more.with_columns(start_days=pl.lit(0, dtype=pl.Int64))
    return pl.concat([whole, cover, further]).unique()


def _rows_of(distribution: DemandDistribution) -> pl.DataFrame:
    """The rows of a distribution as a frame: product, start, length, and the row's number."""
    return pl.DataFrame(
        {
            "product_code": [distribution.product_codes[place] for place in distribution.window_product.tolist()],
            "start_days": distribution.start_days,
            "days": distribution.days,
            "row": np.arange(distribution.days.size),
        },
        schema={"product_code": pl.String, "start_days": pl.Int64, "days": pl.Int64, "row": pl.Int64},
    )


def _interval_and_cover(distribution: DemandDistribution, horizons: pl.DataFrame) -> pl.DataFrame:
    """For each product the row of its protection interval in the distribution, and the row of its cover."""
    rows = _rows_of(distribution)
    requested = horizons.select(
        "product_code",
        pl.col("lead_time_days", "order_frequency_days").cast(pl.Int64),
        horizon_days=_horizon_days(),
        today=pl.lit(0, dtype=pl.Int64),
    )
    keys = ["product_code", "start_days", "days"]
    return (
        requested.join(rows, left_on=["product_code", "today", "horizon_days"], right_on=keys)
        .join(rows, left_on=["product_code", "lead_time_days", "order_frequency_days"], right_on=keys, suffix="_cover")
        .sort("product_code")
    )


def _demand_quantiles(distribution: DemandDistribution, horizons: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """`forecast.demand_quantiles`; further intervals have no `quantity_in_cover`."""
    own = _interval_and_cover(distribution, horizons).select("product_code", "horizon_days", "row", "row_cover")
    further = more.join(own, on=["product_code", "horizon_days"], how="anti").join(
        _rows_of(distribution).filter(pl.col("start_days") == 0), left_on=["product_code", "horizon_days"],
        right_on=["product_code", "days"],
    )  # fmt: skip
    rows = pl.concat([own, further.select("product_code", "horizon_days", "row")], how="diagonal").sort(
        "product_code", "horizon_days"
    )
    count = PROBABILITIES.size
    cover = rows["row_cover"]
    whole = distribution.quantiles[rows["row"].to_numpy()]
    in_cover, has_cover = np.full(whole.shape, np.nan), cover.is_not_null().to_numpy()
    in_cover[has_cover] = np.minimum(distribution.quantiles[cover.drop_nulls().to_numpy()], whole[has_cover])
    return pl.DataFrame(
        {
            "product_code": rows["product_code"].gather(np.repeat(np.arange(rows.height), count)),
            "horizon_days": rows["horizon_days"].to_numpy().repeat(count),
            "probability": np.tile(PROBABILITIES, rows.height),
            "quantity": np.round(whole, DIGITS, out=whole).ravel(),
            "quantity_in_cover": np.round(in_cover, DIGITS, out=in_cover).ravel(),
        },
        schema=DEMAND_QUANTILES.schema,
    ).with_columns(pl.col("quantity_in_cover").fill_nan(None))


def _demand_horizons(distribution: DemandDistribution, horizons: pl.DataFrame) -> pl.DataFrame:
    """`forecast.demand_horizons`: the mean of the protection interval, split in the proportion of the weekly path."""
    rows = _interval_and_cover(distribution, horizons)
    place = distribution.window_product[rows["row"].to_numpy()]
    mean = np.round(distribution.mean[rows["row"].to_numpy()], DIGITS)
    ends = rows.select("lead_time_days", "horizon_days").to_numpy()
    by_arrival, by_end = cumulative_mean(distribution.weekly_mean[place], ends).T
    before = np.round(mean * by_arrival / np.where(by_end > 0, by_end, 1.0), DIGITS)
    return rows.select(
        "product_code",
        "horizon_days",
        "lead_time_days",
        demand_before_arrival=pl.Series(before, dtype=pl.Float64),
        demand_in_cover=pl.Series(np.round(mean - before, DIGITS) + 0.0, dtype=pl.Float64),
        history_weeks=pl.Series(distribution.history_weeks[place], dtype=pl.Int64),
        is_sold_whole=pl.Series(distribution.is_sold_whole[place], dtype=pl.Boolean),
        weekly_variance=pl.Series(np.round(distribution.weekly_variance[place], DIGITS), dtype=pl.Float64),
    )


def _demand_forecast(distribution: DemandDistribution, *, as_of: date) -> pl.DataFrame:
    """`forecast.demand_forecast`: the weekly path between its 10% and its 90% quantile."""
    shown = distribution.weekly_mean[:, :WEEKS_SHOWN]
    starts = [as_of + timedelta(weeks=k) for k in range(shown.shape[1])]
    swing = shown / np.maximum(TINY, shown.mean(axis=1, keepdims=True))
    band = nb_quantiles(shown.ravel(), (distribution.weekly_variance[:, None] * swing).ravel(), LOW_AND_HIGH)
    low, high = np.minimum(band[:, 0], shown.ravel()), np.maximum(band[:, 1], shown.ravel())
    return pl.DataFrame(
        {
            "product_code": [code for code in distribution.product_codes for _ in starts],
            "period_start_date": starts * len(distribution.product_codes),
            "model": np.repeat(distribution.model, len(starts)).tolist(),
            "quantity": np.round(shown, DIGITS).ravel(),
            "quantity_low": np.round(low, DIGITS),
            "quantity_high": np.round(high, DIGITS),
        },
        schema=DEMAND_FORECAST.schema,
    )
