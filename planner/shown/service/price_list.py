"""What each service level would have cost and saved over the last year, a month, beside the level planned with.

What belongs here: the published backtest in months. What does not: the backtest (`pipelines.policy_backtest`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.policy_backtest.level_prices import EVERYTHING, OURS, price_list
from pipelines.storage import tables
from planner.shown.published_view import PublishedView
from planner.shown.service.achieved_service import target_level

WEEKS_A_MONTH: Final = 52 / 12
MONTHS: Final = 12
HOLDING: Final = "holding_cost_rate"
POLICY_WORDS: Final = {
    "textbook, a year": "textbook rule, a year of sales", "textbook, 90 days": "textbook rule, 90 days of sales",
    "like StockTrim": "a rule like StockTrim's",
}  # fmt: skip


@dataclass(frozen=True)
class LevelPrice:
    """A service level: what it would have held and lost, and a month's difference to the level planned with."""

    service_level: float
    weeks_kept: float
    stock_value: float
    holding_a_month: float
    lost_a_month: float
    is_here: bool
    more_holding: float
    less_lost: float

    @property
    def gain(self) -> float:
        """What the level is worth a month, against the one planned with."""
        return self.less_lost - self.more_holding


@dataclass(frozen=True)
class PriceList:
    """The levels from the lowest, and what the picture of them needs."""

    levels: Sequence[LevelPrice]
    here: LevelPrice | None
    holding_rate: float
    products: int
    picture: dict[str, Any]

    @property
    def best(self) -> LevelPrice:
        """The level that is worth most; of equal ones the lowest."""
        return max(self.levels, key=lambda level: (round(level.gain, 2), -level.service_level))


def price_list_of(view: PublishedView) -> PriceList | None:
    """The price list of the published backtest; None before the first backtest."""
    results = view.rows(tables.POLICY_BACKTEST)
    prices = price_list(results, OURS).drop_nulls("weeks_kept").to_dicts()
    if not prices:
        return None
    rate, target = _holding_rate(view), target_level(view)
    here = _between(prices, target) if target is not None else None
    levels = [_level(row, here, rate) for row in prices]
    if here and not any(level.is_here for level in levels):
        levels = sorted([*levels, _level(here, here, rate)], key=lambda level: level.service_level)
    at_home = next((level for level in levels if level.is_here), None)
    of_all = results.filter(pl.col("demand_class") == EVERYTHING)
    return PriceList(levels, at_home, rate, int(of_all["products"][0]), _picture(of_all, levels))


def _between(prices: Sequence[dict[str, Any]], target: float) -> dict[str, Any] | None:
    """A level between those of the backtest, in proportion; None if it lies outside of them."""
    at = [row["service_level"] for row in prices]
    if not at[0] <= target <= at[-1]:
        return None
    names = ("weeks_kept", "average_stock_value", "lost_margin_a_week")
    return {"service_level": target} | {
        name: float(np.interp(target, at, [row[name] for row in prices])) for name in names
    }


def _level(row: dict[str, Any], here: dict[str, Any] | None, rate: float) -> LevelPrice:
    def holding(of: dict[str, Any]) -> float:
        return float(of["average_stock_value"]) * rate / MONTHS

    def lost(of: dict[str, Any]) -> float:
        return float(of["lost_margin_a_week"]) * WEEKS_A_MONTH

    level, base = row["service_level"], here or row
    is_here = here is not None and abs(level - here["service_level"]) < 1e-9  # noqa: PLR2004, equal but for rounding
    return LevelPrice(
        level, row["weeks_kept"], row["average_stock_value"], holding(row), lost(row), is_here,
        holding(row) - holding(base), lost(base) - lost(row),
    )  # fmt: skip


def _holding_rate(view: PublishedView) -> float:
    """What holding stock costs a year as a share of its value, on average over the products."""
    rates = view.rows(tables.PLAN_SETTINGS, pl.col("name") == HOLDING, columns=["name", "value"])
    mean = rates["value"].cast(pl.Float64, strict=False).mean()
    return float(mean) if isinstance(mean, float) else 0.0


def _picture(of_all: pl.DataFrame, levels: Sequence[LevelPrice]) -> dict[str, Any]:
    """The curves: stock across, weeks in stock up, one per policy; the points of our own first."""
    own = sorted((level.stock_value, level.weeks_kept) for level in levels)
    others = of_all.filter(pl.col("policy").is_in(list(POLICY_WORDS))).drop_nulls("weeks_kept")
    curves = [("ours", "your plan's rule", own)] + [
        (f"rival-{place}", POLICY_WORDS[name], sorted(rows.select("average_stock_value", "weeks_kept").rows()))
        for place, ((name,), rows) in enumerate(others.group_by("policy", maintain_order=True))
    ]
    across = sorted({x for _, _, points in curves for x, _ in points})
    here = next((level for level in levels if level.is_here), None)
    return {
        "x": across,
        "series": [{"key": key, "label": label, "values": _placed(points, across)} for key, label, points in curves],
        "here": [here.stock_value, here.weeks_kept] if here else None,
        "xLabel": "stock value, on average", "yLabel": "weeks in stock", "y": "share",
    }  # fmt: skip


def _placed(points: Sequence[tuple[float, float]], across: Sequence[float]) -> list[float | None]:
    at = dict(points)
    return [at.get(x) for x in across]
