"""Orders that Xero has refused since the exceptions were found: the refusal is listed without waiting for a plan.

What belongs here: their rows. What does not: those that a plan finds (dbt), sending (`purchasing/push.py`).
Read more in docs/buyer/exceptions.md.
"""

from typing import Final

import polars as pl

from pipelines.exceptions.kinds import SEVERITY_OF
from pipelines.exceptions.open_exceptions import by_money, exception_ids
from pipelines.exceptions.snoozes import OPEN
from pipelines.storage.tables import EXCEPTIONS

KIND: Final = "order_refused_by_xero"
EFFECT: Final = "Xero refused it, so it is not on order."
WHAT_TO_DO: Final = (
    "Correct what Xero names and approve the order again (stocktrim orders approve), or reject it; until then its "
    "goods are not on order."
)
"""As dbt's macros say it of what a plan finds."""


def with_refused_now(exceptions: pl.DataFrame, purchase_orders: pl.DataFrame) -> pl.DataFrame:
    """The exceptions with every order that Xero refuses now, and without those that it no longer does.

    The frames have the shapes of `plan.exceptions` and `purchase_orders.purchase_orders`.
    """
    refused = purchase_orders.filter(state="failed")
    is_over = (pl.col("kind") == KIND) & ~pl.col("subject_id").is_in(refused["purchase_order_number"].to_list())
    going_on = exceptions.filter(~is_over)
    known = going_on.filter(kind=KIND)["subject_id"].to_list()
    fresh = refused.filter(~pl.col("purchase_order_number").is_in(known))
    if fresh.is_empty():
        return going_on
    number = fresh["purchase_order_number"]
    first = next(iter(exceptions.select("currency", "as_of_date", "plan_id").rows()), (None, None, None))
    failure = pl.col("failure").fill_null("")
    rows = fresh.select(
        exception_ids(pl.Series([KIND] * number.len(), dtype=pl.String), number),
        kind=pl.lit(KIND), severity=pl.lit(SEVERITY_OF[KIND]), state=pl.lit(OPEN), subject_kind=pl.lit("order"),
        subject_id="purchase_order_number", document_number="purchase_order_number",
        supplier_name=pl.when(failure != "").then(pl.format("{}: {}", "supplier_name", failure))
        .otherwise("supplier_name"),
        quantity="quantity", money_at_stake="base_value", currency=pl.lit(first[0], dtype=pl.String),
        sentence=pl.lit(EFFECT), what_to_do=pl.lit(WHAT_TO_DO), since_date=pl.col("last_event_at").dt.date(),
        as_of_date=pl.lit(first[1], dtype=pl.Date), plan_id=pl.lit(first[2], dtype=pl.String),
    )  # fmt: skip
    lacking = [pl.lit(None, dtype=t).alias(n) for n, t in EXCEPTIONS.columns.items() if n not in rows.columns]
    shaped = rows.with_columns(lacking).select(list(EXCEPTIONS.columns)).cast(EXCEPTIONS.schema)
    return by_money(pl.concat([going_on, shaped]))
