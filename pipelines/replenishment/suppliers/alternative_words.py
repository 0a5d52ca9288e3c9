"""Where another supplier is cheaper or quicker, in sentences.

What belongs here: words. What does not: the comparison (`comparison.py`).
Read more in docs/buyer/supplier-terms.md.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.replenishment.suppliers.comparison import NEITHER, QUICKER


def advised(alternatives: pl.DataFrame) -> pl.DataFrame:
    """The alternatives that save money, the most first: of each product the best."""
    return (
        alternatives.filter(pl.col("advice") != NEITHER)
        .sort("money_saved", "product_code", "other_supplier_id", descending=[True, False, False])
        .unique("product_code", keep="first", maintain_order=True)
    )


def alternative_sentence(row: Mapping[str, Any]) -> str:
    """A row of `plan.supplier_alternatives` with advice as a sentence.

    >>> row = {"advice": "quicker", "other_supplier_name": "Supplier 03", "days_sooner": 9, "currency": "GBP",
    ...        "shortage_avoided_quantity": 14.2, "shortage_avoided_value": 210, "money_saved": 180,
    ...        "price_saving": -30, "order_cost": 0}
    >>> alternative_sentence(row)
    'Supplier 03 arrives 9 days sooner and would avoid about 14 lost units (210.00 GBP), for 30.00 GBP more.'
    >>> alternative_sentence({**row, "advice": "cheaper", "days_sooner": -2, "price_saving": 15.4, "money_saved": 12.4})
    'Supplier 03 would be 12.40 GBP cheaper, though it arrives 2 days later.'
    """
    days, money = row["days_sooner"], row["currency"]
    if row["advice"] == QUICKER:
        dearer = float(row["order_cost"]) - float(row["price_saving"])
        more = f", for {dearer:,.2f} {money} more" if dearer >= 0.01 else ""  # noqa: PLR2004, a cent
        return (
            f"{row['other_supplier_name']} arrives {_days(days)} sooner and would avoid about "
            f"{row['shortage_avoided_quantity']:,.0f} lost units ({row['shortage_avoided_value']:,.2f} {money}){more}."
        )
    later = f", though it arrives {_days(-days)} later" if days < 0 else ""
    return f"{row['other_supplier_name']} would be {row['money_saved']:,.2f} {money} cheaper{later}."


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
