"""What people said about one-off orders, obeyed: `yes` keeps a sale out of usual demand, `no` counts it as usual.

What belongs here: the sales that an answer is about, and demand without them. What does not: finding one-off orders
(`one_off_orders.py`), storing answers (`pipelines.store.demand_decisions.one_off_answer_log`).
Read more in docs/maths.md#one-off-orders.
"""

from typing import Final

import polars as pl

from pipelines.storage.tables import ANSWERED_ONE_OFFS

YES: Final = "yes"
NO: Final = "no"
KEPT_OUT: Final = "kept out of usual demand"
COUNTED: Final = "counts as usual demand"
CREDITED: Final = "changes nothing: the sale was credited whole"
GONE: Final = "changes nothing: the invoice no longer sells this product (voided, deleted or edited)"
_SALE: Final = ("product_code", "demand_date")


def answered_sales(transactions: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """The sales that answers are about: `product_code`, `demand_date`, `quantity` and `answer`, a row for each line.

    `transactions` has the shape of `marts.demand_transactions`, `answers` that of `raw.one_off_answers`.
    """
    wanted = answers.select("invoice_id", "product_code", "answer")
    return transactions.join(wanted, on=["invoice_id", "product_code"]).select(*_SALE, "quantity", "answer")


def without_one_offs(demand_daily: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    """Daily demand without the sales that are one-off orders; `sales` are those of `answered_sales`.

    >>> from datetime import date
    >>> day = date(2026, 5, 1)
    >>> demand = pl.DataFrame({"product_code": "TEA", "demand_date": [day], "quantity": [504.0]})
    >>> sale = pl.DataFrame({"product_code": "TEA", "demand_date": [day], "quantity": [500.0], "answer": "yes"})
    >>> without_one_offs(demand, sale)["quantity"].to_list()
    [4.0]
    """
    taken = sales.filter(pl.col("answer") == YES).group_by(_SALE).agg(taken=pl.col("quantity").sort().sum())
    if taken.is_empty():
        return demand_daily
    left = (pl.col("quantity") - pl.col("taken")).clip(lower_bound=0.0).round(4)
    return (
        demand_daily.join(taken, on=list(_SALE), how="left", maintain_order="left")
        .with_columns(quantity=pl.when(pl.col("taken").is_null()).then("quantity").otherwise(left))
        .drop("taken")
    )


def with_usual_days(demand: pl.DataFrame, sales: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """Demand with `is_usual`: whether a person said that the day's large sale is usual, so that it is no spike.

    `demand` is that of the products for which demand counts, by `counts` of `where_demand_counts`.
    """
    usual = sales.filter(pl.col("answer") == NO).select(*_SALE)
    if usual.is_empty():
        return demand
    goes = counts.select("product_code", "to_product")
    days = (
        usual.join(goes, on="product_code", how="left")
        .select(pl.coalesce("to_product", "product_code").alias("product_code"), "demand_date", is_usual=True)
        .unique()
    )
    return demand.join(days, on=list(_SALE), how="left", maintain_order="left").with_columns(
        pl.col("is_usual").fill_null(value=False)
    )


def answered_one_offs(answers: pl.DataFrame, transactions: pl.DataFrame) -> pl.DataFrame:
    """`forecast.answered_one_offs`: each answer with its sale, and what it does; also if the sale is gone."""
    of_answers = transactions.join(answers, on=["invoice_id", "product_code"], how="semi", maintain_order="left")
    lines = of_answers.group_by("invoice_id", "product_code").agg(
        pl.col("demand_date").first(), pl.col("quantity").sort().sum().round(4)
    )
    effect = (
        pl.when(pl.col("demand_date").is_null())
        .then(pl.lit(GONE))
        .when(pl.col("quantity") <= 0)
        .then(pl.lit(CREDITED))
        .when(pl.col("answer") == YES)
        .then(pl.lit(KEPT_OUT))
        .otherwise(pl.lit(COUNTED))
    )
    return (
        answers.join(lines, on=["invoice_id", "product_code"], how="left")
        .with_columns(effect=effect)
        .select(list(ANSWERED_ONE_OFFS.columns))
        .cast(ANSWERED_ONE_OFFS.schema)
        .sort("product_code", "demand_date", "invoice_number", nulls_last=True)
    )
