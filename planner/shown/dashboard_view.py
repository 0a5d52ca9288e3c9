"""What needs a person today: one sentence, four figures with what they cost, exceptions by money, what changed.

What belongs here: choosing and wording what the plan's summary says. What does not: the figures themselves
(`pipelines.replenishment.plan.plan_summary`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import polars as pl

from pipelines.exceptions.kinds import KINDS
from pipelines.exceptions.open_exceptions import by_money
from pipelines.exceptions.words import by_kind, money_in_words, only_open
from pipelines.readiness import by_problem, money
from pipelines.replenishment.plan.statuses import NOT_PLANNED
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

CHANGES_NAMED: Final = 5


@dataclass(frozen=True)
class Figure:
    """A number of the dashboard: how many products, the money in it, what that costs, and the report behind it."""

    title: str
    count: int
    value: Decimal | None
    cost: str
    report: str
    tone: str
    meaning: str


@dataclass(frozen=True)
class ExceptionShown:
    """A kind of exception: how many, the money at stake in words, what it does to the plan, what to do."""

    title: str
    records: int
    money: str
    effect: str
    what_to_do: str
    xero_link: str | None


@dataclass(frozen=True)
class ChangedLine:
    """A product whose order quantity differs from that of the plan before."""

    product_code: str
    product_name: str
    before: float
    after: float
    value_change: Decimal | None
    currency: str | None


@dataclass(frozen=True)
class Changes:
    """What changed since the plan before: its day, how many lines came, went or differ, and the largest by money."""

    since: Mapping[str, Any]
    came: int
    went: int
    differ: int
    largest: Sequence[ChangedLine]

    @property
    def is_empty(self) -> bool:
        """Whether every product has the order quantity that it had."""
        return not (self.came or self.went or self.differ)

    @property
    def in_words(self) -> str:
        """How many products came, went or differ, in a sentence."""
        parts = ((self.came, "newly to order"), (self.went, "no longer to order"), (self.differ, "in another quantity"))
        text = ", ".join(f"{number:,} {what}" for number, what in parts if number)
        return f"{text}." if text else ""


def needs_today(view: PublishedView) -> str:
    """One sentence: what runs out, what there is to order, what is late.

    It says only what is there: without a product to order it says that nothing needs ordering.
    """
    summary = view.summary
    if summary is None:
        return "There is no plan yet."
    is_out_first = pl.col("days_to_stock_out") < pl.col("expected_lead_time_days")
    will_run_out = view.order_plan.filter(is_out_first, pl.col("status") != NOT_PLANNED).height
    parts = [
        *([f"{_count(will_run_out, 'product')} will run out before an order can arrive"] if will_run_out else []),
        *([_to_order(summary)] if summary["products_to_order"] else []),
        *([_count(summary["late_orders"], "late order")] if summary["late_orders"] else []),
    ]
    return f"{'; '.join(parts)}." if parts else "Nothing needs ordering today."


def _to_order(summary: Mapping[str, Any]) -> str:
    value = summary["order_value"]
    return f"{summary['products_to_order']:,} to order" + (f" for {value:,.2f} {summary['currency']}" if value else "")


def figures(view: PublishedView) -> list[Figure]:
    """The four figures: understocked, overstocked, out of stock, late orders."""
    summary = view.summary
    if summary is None:
        return []
    lost, holding = summary["understock_margin_lost"], summary["overstock_holding_cost"]
    return [
        Figure(
            "Understocked", summary["products_understocked"], summary["understock_value"],
            f"{_amount(lost)} margin at risk without an order", "understocked", "bad",
            "Products whose stock position is below their reorder point, and what the missing units cost.",
        ),
        Figure(
            "Out of stock", summary["products_out_of_stock"], summary["out_of_stock_value"],
            "of demand a week, at cost", "most_urgent", "bad",
            "Products that sell and have no stock on hand, and a week's expected demand of them at cost.",
        ),
        Figure(
            "Overstocked", summary["products_overstocked"], summary["overstock_value"],
            f"{_amount(holding)} a year to hold", "overstocked", "much",
            "Products with more than the service level needs, and what the surplus cost.",
        ),
        Figure(
            "Late orders", summary["late_orders"], summary["late_on_order_value"],
            "not counted as supply", "late_orders", "short",
            "Purchase orders past their delivery date with nothing received.",
        ),
    ]  # fmt: skip


def exceptions_shown(view: PublishedView) -> list[ExceptionShown]:
    """The open exceptions by kind, the severest first, then by money; each kind by its example of most money.

    A snapshot of an earlier version has none of them: then the problems of Xero's data that no person dismissed.
    """
    exceptions = view.rows(tables.EXCEPTIONS)
    if exceptions.is_empty():
        return _problems_in_xero(view)
    still_open = by_money(only_open(exceptions))
    first = {row["kind"]: row for row in reversed(still_open.to_dicts())}
    return [
        ExceptionShown(
            KINDS[kind["kind"]].title if kind["kind"] in KINDS else kind["kind"].replace("_", " "), kind["count"],
            money_in_words(kind), first[kind["kind"]]["sentence"] or "", first[kind["kind"]]["what_to_do"] or "",
            first[kind["kind"]]["xero_link"],
        )
        for kind in by_kind(still_open).to_dicts()
    ]  # fmt: skip


def _problems_in_xero(view: PublishedView) -> list[ExceptionShown]:
    open_ones = view.rows(tables.XERO_READINESS).filter(~pl.col("is_dismissed").fill_null(value=False))
    return [
        ExceptionShown(
            problem["problem"].replace("_", " ").capitalize().replace("xero", "Xero"), problem["records"],
            money(problem), problem["effect"] or "", problem["what_to_do"] or "", problem["xero_link"],
        )
        for problem in by_problem(open_ones).to_dicts()
    ]  # fmt: skip


def stock_value_trend(view: PublishedView) -> list[tuple[date, Decimal]]:
    """The stock's value on each day with a plan, the oldest first."""
    days = view.rows(tables.KPI_DAILY).sort("as_of_date").select("as_of_date", "stock_value")
    return [(day, value) for day, value in days.rows() if value is not None]


def trend_path(values: Sequence[Decimal]) -> str:
    """A line through values from left to right in a field of 300 by 60; none of fewer than two.

    >>> trend_path([Decimal(10), Decimal(20), Decimal(15)])
    'M0 58L150 2L300 30'
    """
    if len(values) < 2:  # noqa: PLR2004, a line has two ends
        return ""
    low, span = min(values), max(values) - min(values) or Decimal(1)
    points = (
        f"{300 * at / (len(values) - 1):.4g} {58 - 56 * (value - low) / span:.4g}" for at, value in enumerate(values)
    )
    return f"M{'L'.join(points)}"


def changes(view: PublishedView) -> Changes | None:
    """What the newest plan orders otherwise than the plan before; None if there is none before."""
    if len(view.plans) < 2 or view.summary is None:  # noqa: PLR2004, the newest and one before
        return None
    before = view.plans[-2]
    of_before = pl.col("plan_id") == before["plan_id"]
    old = view.rows(tables.PLAN_HISTORY, of_before, columns=_KEPT).unique("product_code", keep="last")
    new = view.order_plan.select(_KEPT)
    both = new.join(old, on="product_code", how="full", coalesce=True, suffix="_before")
    after, was = pl.col("order_quantity").fill_null(0.0), pl.col("order_quantity_before").fill_null(0.0)
    differing = both.with_columns(after=after, before=was).filter(pl.col("after") != pl.col("before"))
    change = pl.col("order_value").fill_null(0) - pl.col("order_value_before").fill_null(0)
    largest = differing.with_columns(change=change).sort(
        pl.col("change").abs(), "product_code", descending=[True, False]
    )
    return Changes(
        before,
        differing.filter(pl.col("before") <= 0).height,
        differing.filter(pl.col("after") <= 0).height,
        differing.filter((pl.col("after") > 0) & (pl.col("before") > 0)).height,
        [_changed(line) for line in largest.head(CHANGES_NAMED).to_dicts()],
    )


_KEPT: Final = ["product_code", "product_name", "order_quantity", "order_value", "currency"]


def _changed(line: Mapping[str, Any]) -> ChangedLine:
    name = line["product_name"] or line["product_name_before"] or ""
    currency = line["currency"] or line["currency_before"]
    return ChangedLine(line["product_code"], name, line["before"], line["after"], line["change"], currency)


def _amount(value: Decimal | None) -> str:
    return "an unknown" if value is None else f"{value:,.2f}"


def _count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> _count(1, "late order"), _count(2300, "product")
    ('1 late order', '2,300 products')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
