"""What needs a person today: one sentence, figures with what they cost, what changed, how the stock's value went.

What belongs here: choosing and wording what the plan's summary says. What does not: the figures themselves
(`pipelines.replenishment.plan.plan_summary`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import polars as pl

from pipelines.exceptions.kinds import DEAD_STOCK
from pipelines.replenishment.open_orders.late_lines import late_lines
from pipelines.replenishment.plan.plan_reports import total_of, value_to_order
from pipelines.replenishment.plan.statuses import DECIDED, IN_DRAFT, NOT_PLANNED, ORDERED, TAKEN_OFF
from pipelines.storage import tables
from planner.shown.plan_changes import differences
from planner.shown.plan_shown.plan_now import PlanNow
from planner.shown.published_view import PublishedView
from planner.shown.service.achieved_service import A_QUARTER, service_by_week, share_in_stock, target_level

CHANGES_NAMED: Final = 5
_PLAN: Final = "/plan?report={}"


@dataclass(frozen=True)
class Figure:
    """A number of the dashboard: how many products, the money in it, what that costs, and the address behind it."""

    title: str
    count: int
    value: Decimal | None
    cost: str
    address: str
    tone: str
    meaning: str
    unit: str = "product"


@dataclass(frozen=True)
class ChangedQuantity:
    """A product whose order quantity differs from that of the plan before."""

    product_code: str
    product_name: str | None
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
    largest: Sequence[ChangedQuantity]

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


def needs_today(now: PlanNow) -> str:
    """One sentence: what runs out, what is still to be ordered, what is late.

    It says only what is there: without a product to order it says that nothing needs ordering.
    """
    view, summary = now.view, now.view.summary
    if summary is None:
        return "There is no plan yet."
    total = total_of(now.lines)
    is_out_first = pl.col("days_to_stock_out") < pl.col("expected_lead_time_days")
    will_run_out = view.order_plan.filter(is_out_first, pl.col("status") != NOT_PLANNED)
    out_already = will_run_out.filter(pl.col("stock_on_hand") <= 0).height
    parts = [
        *([_runs_out(will_run_out.height, out_already)] if will_run_out.height else []),
        *([_to_order(now, total.to_order, summary["currency"])] if total.to_order else []),
        *([_count(summary["late_orders"], "late purchase order")] if summary["late_orders"] else []),
    ]
    return f"{'; '.join(parts)}." if parts else "Nothing needs ordering today."


def _runs_out(products: int, out_already: int) -> str:
    """How many run out, and how many of these have.

    >>> _runs_out(33, 14)
    '33 products will run out before an order can arrive, 14 of them are out already'
    """
    already = f", {out_already:,} of them {'is' if out_already == 1 else 'are'} out already" if out_already else ""
    return f"{_count(products, 'product')} will run out before an order can arrive{already}"


def _to_order(now: PlanNow, products: int, currency: str) -> str:
    value = value_to_order(now.lines)
    return f"{_count(products, 'product')} to order" + (f" for {value:,.2f} {currency}" if value else "")


def decided_today(now: PlanNow) -> str:
    """How many products that the plan orders are ordered since, or on drafts of people; empty if none is."""
    counts = {status: now.lines.filter(pl.col("status") == status).height for status in DECIDED}
    parts = (
        (counts[ORDERED], "ordered"), (counts[IN_DRAFT], "in drafts that wait for approval"),
        (counts[TAKEN_OFF], "taken off"),
    )  # fmt: skip
    text = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return f"Decided since this plan: {text}." if text else ""


def figures(view: PublishedView, exceptions: pl.DataFrame) -> list[Figure]:
    """The figures: understocked, out of stock, late orders, overstocked, dead stock; `exceptions` as they are now."""
    summary = view.summary
    if summary is None:
        return []
    late = late_lines(view.rows(tables.STOCK_ON_ORDER))
    lost, holding = summary["understock_margin_lost"], summary["overstock_holding_cost"]
    return [
        Figure(
            "Understocked", summary["products_understocked"], summary["understock_value"],
            f"{_amount(lost)} margin at risk without an order", _PLAN.format("understocked"), "bad",
            "Products whose stock position is below their reorder point, and what the missing units cost.",
        ),
        Figure(
            "Out of stock", summary["products_out_of_stock"], summary["out_of_stock_value"],
            "of demand a week, at cost", "/exceptions?kind=out_of_stock", "bad",
            "Products that sell and have no stock on hand, and a week's expected demand of them at cost.",
        ),
        Figure(
            "Overstocked", summary["products_overstocked"], summary["overstock_value"],
            f"{_amount(holding)} a year to hold{_of_these(view, exceptions)}", _PLAN.format("overstocked"), "much",
            "Products with more than the service level needs, and what the surplus cost.",
        ),
        Figure(
            "Late orders", summary["late_orders"], summary["late_on_order_value"],
            f"{_count(late.height, 'line')} of {_count(late['product_code'].n_unique(), 'product')}, no supply",
            _PLAN.format("late_orders"), "short",
            "Purchase orders past their delivery date that no bill has delivered, and what their lines cost.", "order",
        ),
        _dead_stock(exceptions),
    ]  # fmt: skip


def _of_these(view: PublishedView, exceptions: pl.DataFrame) -> str:
    """How many of the overstocked products are dead stock, which is counted by itself too; empty if none is."""
    dead = exceptions.filter(pl.col("kind") == DEAD_STOCK)["product_code"]
    both = view.order_plan.filter(pl.col("overstock_quantity") > 0, pl.col("product_code").is_in(dead.implode())).height
    return f"; {both:,} of these {'is' if both == 1 else 'are'} dead stock" if both else ""


def _dead_stock(exceptions: pl.DataFrame) -> Figure:
    dead = exceptions.filter(pl.col("kind") == DEAD_STOCK)
    return Figure(
        "Dead stock", dead.height, Decimal(dead["money_at_stake"].sum() or 0), "idle: nothing of it sells",
        _PLAN.format(DEAD_STOCK),
        "much", "Products with stock on hand that sold nothing in a year, and what that stock cost.",
    )  # fmt: skip


def service_figure(view: PublishedView) -> tuple[float, float | None] | None:
    """The share of product weeks without a stock-out in the last 90 days, and the service level planned with."""
    share = share_in_stock(service_by_week(view)[-A_QUARTER:])
    return None if share is None else (share, target_level(view))


def trend_path(values: Sequence[float]) -> str:
    """A line through values from left to right in a field of 300 by 60; none of fewer than two.

    >>> trend_path([10.0, 20.0, 15.0])
    'M0 58L150 2L300 30'
    """
    if len(values) < 2:  # noqa: PLR2004, a line has two ends
        return ""
    low, span = min(values), max(values) - min(values) or 1.0
    points = (
        f"{300 * at / (len(values) - 1):.4g} {58 - 56 * (value - low) / span:.4g}" for at, value in enumerate(values)
    )
    return f"M{'L'.join(points)}"


def changes(view: PublishedView) -> Changes | None:
    """What the newest plan orders otherwise than the plan before; None if there is none before."""
    if len(view.plans) < 2 or view.summary is None:  # noqa: PLR2004, the newest and one before
        return None
    before = view.plans[-2]
    differing = differences(view, before["plan_id"], view.summary["plan_id"])
    was, now = pl.col("quantity_before"), pl.col("quantity_after")
    return Changes(
        before,
        differing.filter(was <= 0).height,
        differing.filter(now <= 0).height,
        differing.filter((now > 0) & (was > 0)).height,
        [ChangedQuantity(*line) for line in differing.head(CHANGES_NAMED).rows()],
    )


def _amount(value: Decimal | None) -> str:
    return "an unknown" if value is None else f"{value:,.2f}"


def _count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> _count(1, "late order"), _count(2300, "product")
    ('1 late order', '2,300 products')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
