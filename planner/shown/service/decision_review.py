"""What became of past orders: what came, how much of it was needed before the next came, and whether it ran out.

An arrival is what orders brought of a product, from the day on which the first of it came. It is judged when the next
order has come: by the stock that was left on the day before, and by the days without stock in between.
What belongs here: judging arrivals. What does not: which receipts teach lead times (`pipelines.replenishment`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.replenishment.plan.plan_summary import unit_cost_in_base
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

DAYS: Final = 180
SHOWN: Final = 15
TOO_LITTLE: Final = "too_little"
ENOUGH: Final = "enough"
NOT_NEEDED: Final = "not_needed"
RUNNING: Final = "running"
VERDICTS: Final = {
    TOO_LITTLE: "Ran out before the next came", ENOUGH: "Lasted until the next came",
    NOT_NEEDED: "Not needed before the next came", RUNNING: "Still being sold",
}  # fmt: skip
_COSTS: Final = ["product_code", "product_name", "unit_cost", "currency_rate", "sales_unit_price"]


@dataclass(frozen=True)
class Arrival:
    """What orders brought of a product, what was needed of it until the next came, and what that cost."""

    product_code: str
    product_name: str | None
    orders: str
    received: date
    ordered: float
    needed: float | None
    left: float | None
    days_out: int
    verdict: str
    cost: float | None

    @property
    def in_words(self) -> str:
        """The verdict."""
        return VERDICTS[self.verdict]


@dataclass(frozen=True)
class DecisionReview:
    """The arrivals of half a year that can be judged: how many of each verdict, their cost, and the costliest."""

    counts: dict[str, int]
    costs: dict[str, float]
    largest: Sequence[Arrival]

    @property
    def total(self) -> int:
        """How many can be judged."""
        return sum(self.counts.values())


def decision_review(view: PublishedView) -> DecisionReview:
    """The review of all products over the last half year."""
    found: DecisionReview = view.once("decision review", lambda: _review(view))
    return found


def arrivals_of(view: PublishedView, product_code: str) -> list[Arrival]:
    """Every arrival of a product, the latest first."""
    return _records(_judged(view, of=[product_code]).sort("received_date", descending=True))


def _review(view: PublishedView) -> DecisionReview:
    if view.as_of is None:
        return DecisionReview({}, {}, [])
    begin = view.as_of - timedelta(days=DAYS)
    judged = _judged(view, since=begin).filter(pl.col("verdict") != RUNNING)
    sums = judged.group_by("verdict").agg(pl.len(), pl.col("cost").sum())
    largest = judged.sort("cost", "product_code", descending=[True, False], nulls_last=True).head(SHOWN)
    return DecisionReview(
        {verdict: count for verdict, count, _ in sums.rows()},
        {verdict: cost or 0.0 for verdict, _, cost in sums.rows()},
        _records(largest.filter(pl.col("cost") > 0)),
    )


def _judged(view: PublishedView, *, of: Sequence[str] | None = None, since: date | None = None) -> pl.DataFrame:
    """Arrivals with their verdicts."""
    came = pl.col("received_date").is_not_null() & (pl.col("quantity") > 0)
    is_late = came if since is None else came & (pl.col("received_date") >= since)
    receipts = view.rows(tables.PURCHASE_RECEIPTS, is_late, of=of)
    arrivals = (
        receipts.group_by("product_code", "purchase_order_number")
        .agg(pl.col("received_date").min(), pl.col("quantity").sum())
        .group_by("product_code", "received_date")
        .agg(orders=pl.col("purchase_order_number").unique().sort().str.join(", "), ordered=pl.col("quantity").sum())
        .sort("product_code", "received_date")
        .with_columns(next_date=pl.col("received_date").shift(-1).over("product_code"))
    )
    levels = view.rows(
        tables.STOCK_DAILY, *([pl.col("until_date") >= since] if since else []), of=of,
        columns=["product_code", "stock_date", "stock_on_hand"],
    )  # fmt: skip
    days = view.rows(tables.DEMAND_DAILY, *([pl.col("demand_date") >= since] if since else []), of=of)
    sells = view.order_plan.select("product_code", a_day="average_daily_demand")
    costs = view.rows(tables.PRODUCTS, of=of, columns=_COSTS).join(sells, on="product_code", how="left")
    return with_verdicts(arrivals, levels, days, costs)


def with_verdicts(
    arrivals: pl.DataFrame, levels: pl.DataFrame, days: pl.DataFrame, costs: pl.DataFrame
) -> pl.DataFrame:
    """Arrivals with `left`, `days_out`, `needed`, `verdict`, `cost`.

    `arrivals` has `product_code`, `received_date`, `next_date`, `ordered`; the others the shapes of `stock_daily`,
    `demand_daily` and `products`, this with `a_day`, the expected demand of a day: so much is lost without stock.
    """
    before = arrivals.with_columns(at=pl.col("next_date") - pl.duration(days=1)).sort("at")
    level = levels.select("product_code", at="stock_date", left="stock_on_hand").sort("at")
    known = before.filter(pl.col("at").is_not_null()).join_asof(
        level, on="at", by="product_code", check_sortedness=False
    )
    rest = before.filter(pl.col("at").is_null()).with_columns(left=pl.lit(None, dtype=pl.Float64))
    counted = _with_days_out(pl.concat([known, rest]), days)
    lost, left = pl.col("a_day").fill_null(0.0) * pl.col("days_out"), pl.col("left").clip(lower_bound=0.0)
    is_judged = pl.col("next_date").is_not_null() & pl.col("left").is_not_null()
    verdict = (
        pl.when(~is_judged).then(pl.lit(RUNNING)).when(pl.col("days_out") > 0).then(pl.lit(TOO_LITTLE))
        .when(left >= pl.col("ordered")).then(pl.lit(NOT_NEEDED)).otherwise(pl.lit(ENOUGH))
    )  # fmt: skip
    unit = unit_cost_in_base()
    margin = (pl.col("sales_unit_price").cast(pl.Float64) - unit).clip(lower_bound=0.0)
    return counted.join(costs, on="product_code", how="left").with_columns(verdict=verdict, lost=lost).with_columns(
        needed=pl.when(pl.col("verdict") == TOO_LITTLE).then(pl.col("ordered") + pl.col("lost"))
        .when(is_judged).then((pl.col("ordered") - left).clip(lower_bound=0.0)),
        cost=pl.when(pl.col("verdict") == TOO_LITTLE).then(pl.col("lost") * margin)
        .when(pl.col("verdict") == NOT_NEEDED).then(pl.col("ordered") * unit).otherwise(0.0),
    )  # fmt: skip


def _with_days_out(arrivals: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Arrivals with the days without stock until the next one."""
    spans = arrivals.select("product_code", "received_date", "next_date")
    within = days.filter("is_stocked_out").join(spans, on="product_code").filter(
        (pl.col("demand_date") >= pl.col("received_date")) & (pl.col("demand_date") < pl.col("next_date"))
    )  # fmt: skip
    counts = within.group_by("product_code", "received_date").agg(days_out=pl.len().cast(pl.Int64))
    counted = arrivals.join(counts, on=["product_code", "received_date"], how="left")
    return counted.with_columns(pl.col("days_out").fill_null(0))


def _records(frame: pl.DataFrame) -> list[Arrival]:
    names = ("product_code", "product_name", "orders", "received_date", "ordered", "needed", "left", "days_out")
    return [Arrival(*row) for row in frame.select(*names, "verdict", "cost").rows()]
