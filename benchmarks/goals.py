"""What the policy promises, beside what a replay measured: a goal a row.

What belongs here: the goals and their table. What does not: the replay (`policy.py`).
Demand comes in whole units: if a product sells few, the smallest level that achieves 90% achieves more, since one unit
less would achieve less. That is not taken off here. If the textbook's rule never achieves as many weeks, there is
nothing to measure, and ours has reached the goal.
"""

from collections.abc import Iterator, Mapping
from math import isfinite, isnan
from typing import Any, Final

import polars as pl

from pipelines.policy_backtest.level_prices import EVERYTHING, OURS
from pipelines.policy_backtest.policy_comparison import TEXTBOOK_YEAR

# By how much the share of orders kept may differ from the service level: overall, and in a class.
NEAR: Final = {0.9: (0.01, 0.03), 0.95: (0.01, 0.02), 0.98: (0.01, 0.02), 0.99: (0.01, 0.02)}
# Our stock over the textbook's on a year where 95% of product weeks are kept, at most.
STOCK: Final = {
    "retail": {EVERYTHING: 0.61, "smooth": 0.9, "erratic": 0.78, "intermittent": 0.68, "lumpy": 0.45},
    "stationary": {EVERYTHING: 1.0},
    "seasonal": {EVERYTHING: 0.85},
    "shifting": {EVERYTHING: 0.9},
    "lumpy": {EVERYTHING: 0.9},
}
LOST_MARGIN: Final = {"retail": 0.6}
# With lost sales the textbook is to be beaten.
BEATEN: Final = 1.0
CLASSES: Final = ("smooth", "erratic", "intermittent", "lumpy")
Row = tuple[str, str, float, bool]


def goals(what: str, results: pl.DataFrame, summary: Mapping[str, Any], *, is_lost: bool) -> list[Row]:
    """Each goal: what it is, what was required, what was measured, and whether that is reached."""
    rows = [] if is_lost else list(_orders_kept(results, of_classes=what == "retail"))
    stock = {EVERYTHING: BEATEN} if is_lost else STOCK[what]
    ratios = summary["stock_over_rivals"][TEXTBOOK_YEAR]
    for name, most in stock.items():
        ratio, is_ours_alone = ratios[name][0], isnan(ratios[name][0]) and isfinite(summary["stock"][OURS])
        rows.append(
            (f"stock over the textbook's, {name}", f"at most {most:.2f}", ratio, ratio <= most or is_ours_alone)
        )
    lost = summary["lost_margin_at_equal_stock"]
    if most_lost := BEATEN if is_lost else LOST_MARGIN.get(what):
        ratio = lost[OURS] / lost[TEXTBOOK_YEAR]
        rows.append(("lost margin over the textbook's", f"at most {most_lost:.2f}", ratio, ratio <= most_lost))
    return rows


def as_text(rows: list[Row]) -> str:
    """The goals as a table."""
    lines = [f"{'goal':42}{'required':>20}{'measured':>10}"]
    for name, required, measured, is_reached in rows:
        lines.append(f"{name:42}{required:>20}{measured:>10.3f}{'' if is_reached else '  missed'}")
    return "\n".join(lines)


def _orders_kept(results: pl.DataFrame, *, of_classes: bool) -> Iterator[Row]:
    ours = results.filter(pl.col("policy") == OURS)
    for name in (EVERYTHING, *(CLASSES if of_classes else ())):
        for level, (overall, in_class) in NEAR.items():
            near = overall if name == EVERYTHING else in_class
            kept = ours.filter((pl.col("demand_class") == name) & (pl.col("service_level") == level))["orders_kept"]
            for share in kept:
                required = f"{level - near:.2f} to {min(1.0, level + near):.2f}"
                yield f"orders kept at {level:.0%}, {name}", required, share, abs(share - level) <= near
