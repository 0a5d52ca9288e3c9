"""One-off orders: days on which far more of a product was sold than it ever sells.

What belongs here: finding and listing them. What does not: removing them, which only a person's answer does
(`one_off_answers.py`): the tail is what safety stock is for.
Read more in docs/maths.md#one-off-orders.
"""

from datetime import date
from typing import Final

import polars as pl

from pipelines.forecasting.history.demand_matrix import LONGEST_DAYS, WEEK_DAYS
from pipelines.forecasting.history.demand_spikes import mark_spikes
from pipelines.forecasting.special_demand.one_off_answers import NO, YES
from pipelines.storage.tables import ONE_OFF_ORDERS

FEWEST_OTHER_DAYS: Final = 5
TIMES_USUAL: Final = 10.0
LARGE: Final = 0.9
TIMES_LARGE: Final = 3.0
_DAY: Final = ("product_code", "demand_date")


def find_one_off_orders(demand_daily: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The one-off orders before `as_of`: by product, the latest first, without the documents behind them.

    Of at least six selling days: a day that sold ten times the median and three times the 90% quantile. So a product
    that always sells in lumps has none. The largest day of a demand spike is listed too.
    """
    age = (pl.lit(as_of) - pl.col("demand_date")).dt.total_days()
    return (
        demand_daily.filter(
            (pl.col("quantity") > 0) & pl.col("quantity").is_finite() & (age > 0) & (age <= LONGEST_DAYS[WEEK_DAYS])
        )
        .group_by(_DAY)
        .agg(pl.col("quantity").sort().sum())
        .with_columns(
            selling_days=pl.len().over("product_code"),
            usual_quantity=pl.col("quantity").median().over("product_code"),
            large_quantity=pl.col("quantity").quantile(LARGE, "lower").over("product_code"),
        )
        .with_columns(times_usual=pl.col("quantity") / pl.col("usual_quantity"), age=age)
        .pipe(mark_spikes)
        .filter(
            (pl.col("selling_days") > FEWEST_OTHER_DAYS)
            & (pl.col("times_usual") >= TIMES_USUAL)
            & (pl.col("quantity") >= TIMES_LARGE * pl.col("large_quantity"))
            | (pl.col("usual_share") < 1)
            & (pl.col("quantity") == pl.col("quantity").max().over("product_code", "week"))
        )
        .sort("product_code", "demand_date", descending=[False, True])
        .select(*_DAY, "quantity", "usual_quantity", "times_usual")
        .with_columns(pl.col("usual_quantity", "times_usual").round(4))
    )


def list_one_off_orders(
    found: pl.DataFrame, transactions: pl.DataFrame, counts: pl.DataFrame, answers: pl.DataFrame
) -> pl.DataFrame:
    """`forecast.one_off_orders`: what `find_one_off_orders` found, with the day's largest document and its answer.

    `transactions` has the shape of `marts.demand_transactions`, `answers` that of `raw.one_off_answers`, `counts` that
    of `where_demand_counts`. A sale that a
    person said is a one-off order is no demand any more, so it is not found; one that is usual has the answer `no`.
    """
    given = answers.select("invoice_id", "answer", sold_as="product_code")
    of_days = (
        _counted_lines(found, transactions, counts)
        .join(given, on=["invoice_id", "sold_as"], how="left")
        .filter(pl.col("answer").fill_null(NO) != YES)
        .group_by(*_DAY, "sold_as", "invoice_id")
        .agg(pl.col("invoice_number", "customer_name", "answer").first(), invoice_quantity=pl.col("units").sort().sum())
        .sort("invoice_quantity", "invoice_number", "sold_as", descending=[True, False, False])
        .unique(_DAY, keep="first", maintain_order=True)
    )
    texts = ("invoice_number", "sold_as", "customer_name", "answer")
    return (
        found.join(of_days, on=list(_DAY), how="left", maintain_order="left")
        .with_columns(*(pl.col(name).fill_null("") for name in texts), pl.col("invoice_quantity").round(4))
        .select(list(ONE_OFF_ORDERS.columns))
        .cast(ONE_OFF_ORDERS.schema)
    )


def _counted_lines(found: pl.DataFrame, transactions: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """The sales lines of the found days: for which product each counts, how many units of it, and as what it sold."""
    return (
        transactions.filter(pl.col("quantity") > 0)
        .select("invoice_id", "invoice_number", "customer_name", "demand_date", "quantity", sold_as="product_code")
        .join(counts, left_on="sold_as", right_on="product_code", how="left")
        .with_columns(
            product_code=pl.coalesce("to_product", "sold_as"), units=pl.col("quantity") * pl.col("units").fill_null(1.0)
        )
        .join(found.select(*_DAY), on=list(_DAY), how="semi")
    )
