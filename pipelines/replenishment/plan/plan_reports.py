"""The reports that buyers ask a plan for, the products that words find, and what the lines found come to.

What belongs here: which lines of a plan, and in which order. What does not: columns and how they look.
Read more in docs/glossary.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from pipelines.product_codes import ProductCodes, contains_words
from pipelines.replenishment.plan.statuses import DECIDED, NOT_PLANNED, SHORT

_BETWEEN_CODES: Final = re.compile(r"[,;\t\r\n]+")
URGENCY: Final = "urgency"


@dataclass(frozen=True)
class PlanReport:
    """A report: its title, the question it answers, its lines, and the column that sorts them (`-` from the top)."""

    name: str
    title: str
    question: str
    condition: pl.Expr
    sort: str
    columns: tuple[str, ...] = ()


def _report(
    name: str, title: str, question: str, condition: pl.Expr, sort: str = URGENCY, columns: tuple[str, ...] = ()
) -> PlanReport:
    return PlanReport(name, title, question, condition, sort, columns)


IS_OPEN: Final = ~pl.col("status").is_in(DECIDED)
"""Whether nobody decided yet on a line since the plan was made."""
IS_TO_ORDER: Final = (pl.col("order_quantity") > 0) & IS_OPEN
"""Whether a line orders something on which nobody decided yet."""
_TO_DO: Final = IS_TO_ORDER | (pl.col("assembly_quantity").fill_null(0.0) > 0)
_HAS_DEMAND: Final = pl.col("average_daily_demand") > 0
REPORTS: Final = {
    report.name: report
    for report in (
        _report("all", "All products", "Every active product, the most urgent first.", pl.lit(value=True)),
        _report(
            "most_urgent", "Most urgent", "What is still to order or assemble, and what is short.",
            _TO_DO | (pl.col("status") == SHORT),
        ),
        _report(
            "fastest_moving", "Fastest moving", "What sells most units a day.", _HAS_DEMAND, "-average_daily_demand",
            ("average_daily_demand", "last_sale_date"),
        ),
        _report(
            "understocked", "Understocked", "Stock position below the reorder point, the dearest shortage first.",
            pl.col("understock_quantity") > 0, "-understock_margin_lost",
            ("understock_quantity", "understock_margin_lost"),
        ),
        _report(
            "overstocked", "Overstocked", "More than the service level needs, the most money first.",
            pl.col("overstock_quantity") > 0, "-overstock_value",
            ("overstock_quantity", "overstock_value", "overstock_holding_cost"),
        ),
        _report(
            "dead_stock", "Dead stock", "In stock without a sale in 52 weeks, the most money first.",
            pl.col("demand_class").is_in(["dead", "never_sold"]) & (pl.col("stock_on_hand") > 0), "-stock_value",
            ("stock_value", "last_sale_date", "last_purchase_date"),
        ),
        _report(
            "new_products", "New products", "First sold less than 6 weeks ago.", pl.col("demand_class") == "new",
            URGENCY, ("average_daily_demand",),
        ),
        _report(
            "late_orders", "Late orders", "With units on an order that is late and does not count as supply.",
            pl.col("stock_on_order_late") > 0, URGENCY, ("stock_on_order_late",),
        ),
        _report(
            "no_supplier", "No supplier", "Planned, but without a supplier no order is drafted.",
            pl.col("supplier_id").is_null() & (pl.col("status") != NOT_PLANNED),
        ),
    )
}  # fmt: skip


def found_by(text: str, codes: ProductCodes) -> pl.Expr:
    """Whether a line is found by what a person typed: all words are in its code and name, or it is one of several.

    Several may be separated by commas, semicolons, tabs or line breaks, as they come from a spreadsheet, if one of them
    is the code of a product; or by blanks if all are. Else commas are those of a name.
    """
    parts = [part.strip() for part in _BETWEEN_CODES.split(text) if part.strip()]
    words = text.split()
    if len(words) > 1 and all(codes.find(word) for word in words):
        parts = words
    known = {part: codes.find(part) for part in parts}
    if len(parts) < 2 or not any(known.values()):  # noqa: PLR2004, several
        return contains_words(" ".join(parts))
    exact = pl.col("product_code").is_in([code for code in known.values() if code])
    return pl.any_horizontal(exact, *(contains_words(part) for part, code in known.items() if code is None))


def rows_in_order(order_plan: pl.DataFrame, condition: pl.Expr, sort: str) -> pl.Series:
    """The numbers of the lines that meet a condition, in the order of a column, or of urgency; ties by product code.

    Only the columns of the order are moved, so that 30,000 lines take milliseconds.
    """
    column, is_descending = sort.removeprefix("-"), sort.startswith("-")
    keys: tuple[pl.Expr, ...]
    if column == URGENCY:
        keys = (~_TO_DO, pl.col("days_to_stock_out"), pl.col("understock_value"))
        descending = [False, False, True]
    else:
        keys, descending = (_by_value(order_plan, column),), [is_descending]
    wanted = order_plan.lazy().with_row_index("row").filter(condition)
    sorted_lines = wanted.select("row", "product_code", *(key.alias(f"key {at}") for at, key in enumerate(keys))).sort(
        *(f"key {at}" for at in range(len(keys))), "product_code", descending=[*descending, False], nulls_last=True
    )
    return sorted_lines.select("row").collect()["row"]


def in_base_currency(column: str) -> pl.Expr:
    """Money of a line of a plan in base currency; as it is if the rate of its currency is not known."""
    rate = pl.col("currency_rate").cast(pl.Float64)
    return pl.col(column).cast(pl.Float64) / pl.when(rate > 0).then(rate).otherwise(1.0)


def value_to_order(lines: pl.DataFrame) -> float:
    """What is still to be ordered of lines of a plan, in base currency."""
    return float(lines.filter(IS_TO_ORDER).select(in_base_currency("order_value").sum()).item())


@dataclass(frozen=True)
class LinesTotal:
    """What lines of a plan come to: how many, how many of them to order, and their order values by currency.

    On `decided` others a person decided since: they are ordered, on a draft, or taken off one.
    """

    lines: int
    to_order: int
    units: float
    value_by_currency: Sequence[tuple[str, Decimal]]
    decided: int = 0


def total_of(order_plan: pl.DataFrame, rows: pl.Series | None = None) -> LinesTotal:
    """What the lines of these numbers come to, or all lines."""
    lines = order_plan.select("order_quantity", "order_value", "currency", "status")
    lines = lines if rows is None else lines[rows]
    ordered = lines.filter(IS_TO_ORDER)
    values = ordered.group_by("currency").agg(pl.col("order_value").sum()).sort("currency").rows()
    by_currency = [(currency or "", value or Decimal(0)) for currency, value in values]
    units, decided = float(ordered["order_quantity"].sum()), lines.filter(~IS_OPEN).height
    return LinesTotal(lines.height, ordered.height, units, by_currency, decided)


def _by_value(order_plan: pl.DataFrame, column: str) -> pl.Expr:
    """A column to sort by; texts without regard to case and empty texts last, money in base currency."""
    if isinstance(order_plan.schema[column], pl.Decimal) and column != "currency_rate":
        return in_base_currency(column)
    if order_plan.schema[column] == pl.String:
        return pl.col(column).str.to_lowercase().replace("", None)
    return pl.col(column)
