"""Where another supplier is cheaper or quicker, in sentences.

What belongs here: words. What does not: the comparison (`comparison.py`).
Read more in docs/buyer/supplier-terms.md.
"""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from pipelines.replenishment.units_in_words import about_units

CHEAPER: Final = "cheaper"
QUICKER: Final = "quicker"
NEITHER: Final = "none"
_CENT: Final = 0.01


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
    >>> cheaper = {**row, "advice": "cheaper", "price_saving": 15.4, "days_sooner": -2}
    >>> alternative_sentence({**cheaper, "shortage_avoided_quantity": -1.5, "shortage_avoided_value": -3})
    'Supplier 03 would be 15.40 GBP cheaper, though it arrives 2 days later and loses about 1.5 more units (3.00 GBP).'
    >>> alternative_sentence({**cheaper, "shortage_avoided_quantity": 0, "shortage_avoided_value": 0})
    'Supplier 03 would be 15.40 GBP cheaper, though it arrives 2 days later.'
    """
    name, days, money = row["other_supplier_name"], row["days_sooner"], row["currency"]
    saving = float(row["price_saving"]) - float(row["order_cost"])
    if row["advice"] == QUICKER:
        more = f", for {-saving:,.2f} {money} more" if -saving >= _CENT else ""
        return (
            f"{name} arrives {_days(days)} sooner and would avoid about "
            f"{row['shortage_avoided_quantity']:,.0f} lost units ({row['shortage_avoided_value']:,.2f} {money}){more}."
        )
    return f"{name} would be {saving:,.2f} {money} cheaper{_with_losses(row)}."


def _with_losses(row: Mapping[str, Any]) -> str:
    """The days of a cheaper supplier, and the sales that they lose or save: a clause, empty if there is nothing."""
    days, worth = row["days_sooner"], float(row["shortage_avoided_value"] or 0)
    units = abs(row["shortage_avoided_quantity"] or 0.0)
    lost = f" about {about_units(units)} {'fewer' if worth > 0 else 'more'} units ({abs(worth):,.2f} {row['currency']})"
    when = f" arrives {_days(abs(days))} {'later' if days < 0 else 'sooner'}"
    if abs(worth) < _CENT:
        return f", though it{when}" if days < 0 else ""
    link = ", and" if worth > 0 else ", though it"
    return f"{link}{when} and loses{lost}" if days else f"{link} loses{lost}"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
