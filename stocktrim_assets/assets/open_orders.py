"""What Dagster says of the open orders: how many need a person, for how much money.

What belongs here: the check on `plan/open_order_advice`. What does not: the advice
(`pipelines.replenishment.open_orders`).
Read more in docs/maths.md.
"""

import warnings
from typing import Final

import dagster as dg
import polars as pl

from pipelines.expectations.validate import ROWS_SHOWN
from pipelines.replenishment.open_orders.advice import NONE
from pipelines.replenishment.open_orders.advice_words import advice_in_words
from pipelines.storage import tables
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import markdown_table
from stocktrim_assets.specs import key_of

NAME: Final = "open_orders_arrive_as_needed"
DESCRIPTION: Final = "Every open order arrives when it is needed, and is needed."
_SHOWN: Final = {
    "purchase_order_number": "order", "product_code": "product", "advice": "advice", "advised_quantity": "units",
    "money_at_stake": "money at stake", "currency": "", "sentence": "what to do",
}  # fmt: skip
with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.PreviewWarning)
    ADVICE_CHECK: Final = dg.AssetCheckSpec(
        NAME, asset=key_of(tables.OPEN_ORDER_ADVICE), description=DESCRIPTION, partitions_def=organisations
    )


def advice_check(advice: pl.DataFrame) -> dg.AssetCheckResult:
    """A warning with the number of lines that need a person and the money at stake, in base currency."""
    found = advice.filter(pl.col("advice") != NONE)
    rows = {} if found.is_empty() else {"rows": markdown_table(found.head(ROWS_SHOWN), columns=_SHOWN)}
    return dg.AssetCheckResult(
        asset_key=key_of(tables.OPEN_ORDER_ADVICE),
        check_name=NAME,
        passed=found.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "sentence": advice_in_words(found) or DESCRIPTION,
            "count": found.height,
            "money at stake": float(found["money_at_stake"].sum()),
            "problem": "any",
            **rows,
        },
    )
