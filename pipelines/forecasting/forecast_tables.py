"""The forecast of every product that was ever sold: which model speaks for it, and how likely each demand is.

What belongs here: the tables of the schema `forecast`. What does not: the maths behind them (`distribution.py`).
Read more in docs/maths.md.
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
    chosen_models,
    forecast_distribution,
)
from pipelines.forecasting.history.demand_matrix import make_series
from pipelines.forecasting.history.demand_patterns import demand_classes
from pipelines.forecasting.models.features import gather_facts
from pipelines.forecasting.models.negative_binomial import nb_quantiles
from pipelines.forecasting.models.seasonality import cumulative_mean
from pipelines.forecasting.models.statsforecast_models import SES
from pipelines.forecasting.selection.choose_model import Selection, best_without_season, select_models
from pipelines.forecasting.selection.fallback_rules import has_shifted, sells_evenly
from pipelines.forecasting.selection.model_backtest import backtest
from pipelines.storage.tables import DEMAND_FORECAST, DEMAND_QUANTILES, MODEL_CHOICE

LOW_AND_HIGH: Final = np.array([0.1, 0.9])
KEPT: Final = timedelta(days=7)
DIGITS: Final = 4
BY_RULE: Final = "chosen by rule"
TINY: Final = 1e-9


@dataclass(frozen=True)
class Forecast:
    """Four tables of the schema `forecast`."""

    model_choice: pl.DataFrame
    demand_forecast: pl.DataFrame
    demand_quantiles: pl.DataFrame
    demand_horizons: pl.DataFrame


def score_models(demand_daily: pl.DataFrame, horizons: pl.DataFrame, *, as_of: date, seed: int = 0) -> Selection:
    """What every model cost over the last half year, and the model of each class of demand.

    `demand_daily` and `horizons` as for `forecast_demand`.

    Raises:
        DataError: a horizon cannot be.
    """
    check_horizons(horizons)
    weekly = make_series(demand_daily.join(horizons, on="product_code", how="semi"), as_of=as_of)
    days = pl.DataFrame({"product_code": weekly.product_codes}, schema={"product_code": pl.String}).join(
        horizons.select("product_code", days=_horizon_days()), on="product_code", how="left", maintain_order="left"
    )["days"]
    return select_models(backtest(weekly, days.to_numpy(), as_of=as_of, seed=seed), chosen_on=as_of)


def is_still_good(model_scores: pl.DataFrame, *, as_of: date) -> bool:
    """Whether a stored answer stands: it was found in the last week."""
    if model_scores.is_empty():
        return False
    chosen_on: date = model_scores["chosen_on"].max()  # type: ignore[assignment]
    return timedelta(0) <= as_of - chosen_on < KEPT


def choose_models(
    demand_daily: pl.DataFrame, model_scores: pl.DataFrame, *, as_of: date, without_season: Collection[str] = ()
) -> pl.DataFrame:
    """`forecast.model_choice`: each product with its class today and the model that was chosen for that class.

    A product whose season is ignored has the best of the models that know none; one that sells more evenly than chance
    would have it leaves its class, and so does one whose sales have shifted if its model expects the average.
    """
    weekly = make_series(demand_daily, as_of=as_of)
    classes, facts = demand_classes(weekly), gather_facts(weekly, as_of=as_of)
    chosen = {row["demand_class"]: row for row in model_scores.filter(pl.col("is_chosen")).to_dicts()}
    proven = {name: str(row["model"]) for name, row in chosen.items() if row["origins"]}
    calm, is_even = best_without_season(model_scores), sells_evenly(facts)
    ignored = set(without_season)
    choice = {
        code: (calm if code in ignored else proven)[name]
        for code, name, is_alone in zip(weekly.product_codes, classes.tolist(), is_even.tolist(), strict=True)
        if name in proven and not is_alone
    }
    models = chosen_models(facts, classes, choice, without_season=without_season)
    told = _model_choice(weekly.product_codes, classes.tolist(), models.tolist(), chosen)
    is_dead = pl.col("demand_class") == "dead"
    has_left = pl.Series(has_shifted(facts)) & (pl.col("model") == SES)
    return told.with_columns(
        reason=pl.when(is_dead)
        .then("reason")
        .when(has_left)
        .then(pl.lit("its last weeks are not what its average would sell"))
        .when(pl.Series(is_even))
        .then(pl.lit("it sells more evenly than chance would have it"))
        .when(pl.col("product_code").is_in(list(without_season)))
        .then(pl.lit("its season is ignored, as was set"))
        .otherwise("reason")
    )


def _model_choice(
    codes: Sequence[str], classes: Sequence[str], models: Sequence[str], chosen: Mapping[str, Mapping[str, object]]
) -> pl.DataFrame:
    rows = []
    for code, name, model in zip(codes, classes, models, strict=True):
        told = chosen.get(name, {})
        reason = "not sold for a year" if name == "dead" else told.get("reason", BY_RULE)
        scores = {key: told.get(key) or 0 for key in ("score", "floor_score", "origins")}
        rows.append({"product_code": code, "demand_class": name, "model": model, "reason": reason} | scores)
    return pl.DataFrame(rows, schema=MODEL_CHOICE.schema)


def forecast_demand(
    demand_daily: pl.DataFrame, horizons: pl.DataFrame, *, as_of: date,
    model_choice: pl.DataFrame | None = None, more_horizons: pl.DataFrame | None = None,
    without_season: Collection[str] = (), seed: int = 0,
) -> Forecast:  # fmt: skip
    """The distribution of demand over each product's horizon and over what an order covers, from `as_of` on.

    `demand_daily` has the shape of `marts.demand_daily`; `horizons` has one row per product with `product_code`,
    `lead_time_days` and `order_frequency_days`. A product not sold in the four years before `as_of` has no row.
    `model_choice` is the stored answer; without one the models are chosen by rule. `more_horizons` has
    `product_code` and `horizon_days`: other lengths whose quantiles are wanted too, where a lead time is random.
    The products of `without_season` are forecast by a model that knows no season.

    Raises:
        DataError: a horizon cannot be.
    """
    check_horizons(horizons)
    asked = demand_daily.join(horizons, on="product_code", how="semi")
    stored = {} if model_choice is None else dict(model_choice.select("product_code", "model").rows())
    more = _no_more() if more_horizons is None else more_horizons.select(_no_more().columns)
    told = forecast_distribution(asked, _windows(horizons, more), as_of=as_of, seed=seed, choice=stored,
                                 without_season=without_season)  # fmt: skip
    by_rule = _model_choice(told.product_codes, told.demand_class.tolist(), told.model.tolist(), {})
    return Forecast(
        model_choice=by_rule if model_choice is None else model_choice.join(horizons, on="product_code", how="semi"),
        demand_forecast=_demand_forecast(told, as_of=as_of),
        demand_quantiles=_demand_quantiles(told, horizons, more),
        demand_horizons=_demand_horizons(told, horizons),
    )


def check_horizons(horizons: pl.DataFrame) -> None:
    """Refuse a lead time or an order frequency that is missing or negative, and a second horizon of a product.

    Raises:
        DataError: the sentence names the first such product.
    """
    for name in ("lead_time_days", "order_frequency_days"):
        wrong = horizons.filter(pl.col(name).is_null() | (pl.col(name) < 0))
        if wrong.height:
            code, days = wrong.select("product_code", name).row(0)
            given = "missing" if days is None else f"{days} days"
            raise DataError(f"The {name} of {code} is {given}: give 0 or more whole days.")
    again = horizons.filter(pl.col("product_code").is_duplicated())
    if again.height:
        raise DataError(f"Product {again['product_code'][0]} has two horizons: give one row for each product.")


def _horizon_days() -> pl.Expr:
    return (pl.col("lead_time_days") + pl.col("order_frequency_days")).cast(pl.Int64)


def _no_more() -> pl.DataFrame:
    return pl.DataFrame(schema={"product_code": pl.String, "horizon_days": pl.Int64})


def _windows(horizons: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """The horizon of each product, what an order covers of it, and the other horizons."""
    whole = horizons.select("product_code", horizon_days=_horizon_days(), start_days=pl.lit(0, dtype=pl.Int64))
    cover = horizons.select(
        "product_code",
        horizon_days=pl.col("order_frequency_days").cast(pl.Int64),
        start_days=pl.col("lead_time_days").cast(pl.Int64),
    )
    others = more.with_columns(start_days=pl.lit(0, dtype=pl.Int64))
    return pl.concat([whole, cover, others]).unique()


def _rows_of(told: DemandDistribution) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "product_code": [told.product_codes[place] for place in told.window_product.tolist()],
            "start_days": told.start_days,
            "days": told.days,
            "row": np.arange(told.days.size),
        },
        schema={"product_code": pl.String, "start_days": pl.Int64, "days": pl.Int64, "row": pl.Int64},
    )


def _both(told: DemandDistribution, horizons: pl.DataFrame) -> pl.DataFrame:
    """For each product the row of its horizon in the distribution, and that of its cover."""
    rows = _rows_of(told)
    asked = horizons.select(
        "product_code",
        pl.col("lead_time_days", "order_frequency_days").cast(pl.Int64),
        horizon_days=_horizon_days(),
        nothing=pl.lit(0, dtype=pl.Int64),
    )
    keys = ["product_code", "start_days", "days"]
    return (
        asked.join(rows, left_on=["product_code", "nothing", "horizon_days"], right_on=keys)
        .join(rows, left_on=["product_code", "lead_time_days", "order_frequency_days"], right_on=keys, suffix="_cover")
        .sort("product_code")
    )


def _demand_quantiles(told: DemandDistribution, horizons: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    both = _both(told, horizons).select("product_code", "horizon_days", "row", "row_cover")
    others = more.join(both, on=["product_code", "horizon_days"], how="anti").join(
        _rows_of(told).filter(pl.col("start_days") == 0), left_on=["product_code", "horizon_days"],
        right_on=["product_code", "days"],
    )  # fmt: skip
    rows = pl.concat([both, others.select("product_code", "horizon_days", "row")], how="diagonal").sort(
        "product_code", "horizon_days"
    )
    count = PROBABILITIES.size
    cover = rows["row_cover"]
    whole = told.quantiles[rows["row"].to_numpy()]
    of_cover = np.minimum(told.quantiles[cover.fill_null(0).to_numpy()], whole)
    in_cover = np.where(cover.is_null().to_numpy()[:, None], np.nan, of_cover)
    return pl.DataFrame(
        {
            "product_code": rows["product_code"].repeat_by(count).explode(empty_as_null=False),
            "horizon_days": rows["horizon_days"].to_numpy().repeat(count),
            "probability": np.tile(PROBABILITIES, rows.height),
            "quantity": np.round(whole, DIGITS).ravel(),
            "quantity_in_cover": np.round(in_cover, DIGITS).ravel(),
        },
        schema=DEMAND_QUANTILES.schema,
    ).with_columns(pl.col("quantity_in_cover").fill_nan(None))


def _demand_horizons(told: DemandDistribution, horizons: pl.DataFrame) -> pl.DataFrame:
    """The mean of the horizon, its parts in the proportion of the weekly path."""
    both = _both(told, horizons)
    place = told.window_product[both["row"].to_numpy()]
    mean = np.round(told.mean[both["row"].to_numpy()], DIGITS)
    ends = both.select("lead_time_days", "horizon_days").to_numpy()
    by_arrival, by_end = cumulative_mean(told.weekly_mean[place], ends).T
    before = np.round(mean * by_arrival / np.where(by_end > 0, by_end, 1.0), DIGITS)
    return both.select(
        "product_code",
        "horizon_days",
        "lead_time_days",
        demand_before_arrival=pl.Series(before, dtype=pl.Float64),
        demand_in_cover=pl.Series(np.round(mean - before, DIGITS) + 0.0, dtype=pl.Float64),
        history_weeks=pl.Series(told.history_weeks[place], dtype=pl.Int64),
        weekly_variance=pl.Series(np.round(told.weekly_variance[place], DIGITS), dtype=pl.Float64),
    )


def _demand_forecast(told: DemandDistribution, *, as_of: date) -> pl.DataFrame:
    """The weekly path for the eye, between its 10 % and its 90 % quantile."""
    shown = told.weekly_mean[:, :WEEKS_SHOWN]
    starts = [as_of + timedelta(weeks=k) for k in range(shown.shape[1])]
    swing = shown / np.maximum(TINY, shown.mean(axis=1, keepdims=True))
    band = nb_quantiles(shown.ravel(), (told.weekly_variance[:, None] * swing).ravel(), LOW_AND_HIGH)
    low, high = np.minimum(band[:, 0], shown.ravel()), np.maximum(band[:, 1], shown.ravel())
    return pl.DataFrame(
        {
            "product_code": [code for code in told.product_codes for _ in starts],
            "period_start_date": starts * len(told.product_codes),
            "model": np.repeat(told.model, len(starts)).tolist(),
            "quantity": np.round(shown, DIGITS).ravel(),
            "quantity_low": np.round(low, DIGITS),
            "quantity_high": np.round(high, DIGITS),
        },
        schema=DEMAND_FORECAST.schema,
    )
