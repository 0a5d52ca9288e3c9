"""What is observed beside a setting: lead times of receipts, days between orders, costs in Xero.

What belongs here: reading published tables and putting them into words. What does not: the settings.
"""

from typing import Final

import polars as pl

from pipelines.storage import tables
from planner.frame import formats
from planner.shown.published_view import PublishedView
from planner.shown.settings_shown.level_page import Scope

_FEWEST: Final = 2


def observed_of(view: PublishedView, scope: Scope) -> dict[str, str]:
    """A sentence by setting, where something is known for a product or a supplier."""
    if scope.level not in {"product", "supplier"}:
        return {}
    column = "product_code" if scope.level == "product" else "supplier_id"
    receipts = view.rows(tables.PURCHASE_RECEIPTS, pl.col(column) == scope.subject)
    found = {
        "lead_time_days": _lead_time(receipts.filter("is_evidence")),
        "order_frequency_days": _days_between(receipts),
        **(_of_product if scope.level == "product" else _of_supplier)(view, scope.subject),
    }
    return {name: sentence for name, sentence in found.items() if sentence}


def _lead_time(receipts: pl.DataFrame) -> str:
    days = receipts["lead_time_days"].drop_nulls()
    if days.is_empty():
        return ""
    middle, low, high = (days.quantile(share, "nearest") for share in (0.5, 0.1, 0.9))
    if len(days) < _FEWEST or low == high:
        return f"{_count(len(days), 'receipt')}: {formats.units(middle)} days"
    return (
        f"{_count(len(days), 'receipt')}: half within {formats.units(middle)} days, most between "
        f"{formats.units(low)} and {formats.units(high)}"
    )


def _days_between(receipts: pl.DataFrame) -> str:
    days = receipts["order_date"].drop_nulls().unique().sort()
    between = days.diff().drop_nulls().dt.total_days()
    if len(between) < _FEWEST:
        return ""
    return f"{_count(len(days), 'order')}: usually {formats.units(between.median())} days from one to the next"  # type: ignore[arg-type]  # a number


def _of_product(view: PublishedView, code: str) -> dict[str, str]:
    rows = view.rows(tables.PRODUCTS, pl.col("product_code") == code).to_dicts()
    if not rows or rows[0]["unit_cost"] is None or rows[0]["unit_cost_source"] == "setting":
        return {}
    return {"unit_cost": f"in Xero: {formats.price(rows[0]['unit_cost'], rows[0]['currency'])}"}


def _of_supplier(view: PublishedView, supplier_id: str) -> dict[str, str]:
    rows = view.rows(tables.SUPPLIERS, pl.col("supplier_id") == supplier_id).to_dicts()
    return {"order_currency": f"in Xero: {rows[0]['currency']}"} if rows and rows[0]["currency"] else {}


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
