"""Forecasts that were far off: what was sold in a protection interval that has ended, against what its plan expected.

What belongs here: comparing the newest plan of each product whose interval has ended with the sales since. What does
not: the backtest of models (`pipelines.forecasting.selection`).
A plan keeps the expected demand of its protection interval and the level that covers it with the service level; other
quantiles of past forecasts are not kept. So a forecast counts as far off if the sales differ from it by more than twice
the safety stock, and by more than half of it.
Read more in docs/buyer/exceptions.md.
"""

from typing import Final

import polars as pl

from pipelines.exceptions.kinds import FORECAST_FAR_OFF
from pipelines.exceptions.of_the_plan import as_argument, by_product, found, margin_in_base, with_products
from pipelines.forecasting.model_names import OVERRIDDEN
from pipelines.replenishment.open_orders.advice_words import units
from pipelines.replenishment.plan.statuses import NOT_PLANNED

LONGEST_DAYS: Final = 180
"""Forecasts of longer intervals are not followed."""
SAFETY_STOCKS: Final = 2
LEAST_SHARE: Final = 0.5
LEAST_UNITS: Final = 1.0


def forecast_misses(
    past_plans: pl.DataFrame, demand_daily: pl.DataFrame, products: pl.DataFrame, transfers: pl.DataFrame
) -> pl.DataFrame:
    """The products whose last forecast that can be judged was far off, as rows of `FOUND`.

    `past_plans` has for each product the line of its newest plan whose interval has ended. Products whose demand counts
    for others, or others' for them, are left out, as are overridden forecasts; sales below the forecast are no miss if
    the product was out of stock.
    """
    moved = pl.concat([transfers["product_code"], transfers["to_product"]]).unique()
    plans = past_plans.filter(
        (pl.col("status") != NOT_PLANNED)
        & (pl.col("model") != OVERRIDDEN)
        & ~pl.col("product_code").is_in(moved.implode())
    )
    last = pl.col("as_of_date") + pl.duration(days=pl.col("horizon_days") - 1)
    sold = (
        demand_daily.join(plans.select("product_code", "as_of_date", last_day=last), on="product_code")
        .filter(pl.col("demand_date").is_between("as_of_date", "last_day"))
        .group_by("product_code")
        .agg(sold=pl.col("quantity").sum(), was_out=pl.col("is_stocked_out").any())
    )
    judged = plans.join(sold, on="product_code", how="left").with_columns(
        pl.col("sold").fill_null(0.0), pl.col("was_out").fill_null(value=False), last_day=last
    )
    return _rows(judged.filter(_is_far_off()), products)


def _is_far_off() -> pl.Expr:
    expected, difference = pl.col("horizon_demand"), pl.col("sold") - pl.col("horizon_demand")
    allowed = SAFETY_STOCKS * (pl.col("order_up_to_level") - expected).clip(lower_bound=LEAST_UNITS)
    is_far = (difference.abs() > allowed) & (difference.abs() > LEAST_SHARE * expected)
    return is_far & ((difference > 0) | ~pl.col("was_out"))


def _rows(missed: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    difference = pl.col("sold") - pl.col("horizon_demand")
    return found(
        with_products(missed, products)
        .with_columns(margin=margin_in_base())
        .with_columns(
            *by_product(),
            kind=pl.lit(FORECAST_FAR_OFF),
            quantity=difference.round(4),
            money_at_stake=difference.abs() * pl.when(difference > 0).then("margin").otherwise("cost"),
            sentence=pl.format(
                "{} units were sold from {} to {}, {} were forecast ({} with safety stock).",
                units("sold"), "as_of_date", "last_day", units("horizon_demand"), units("order_up_to_level"),
            ),
            what_to_do=pl.format(
                "Look why, and set overridden_demand if it will be so again: `stocktrim explain {}`.",
                as_argument("product_code"),
            ),
        )
    )  # fmt: skip
