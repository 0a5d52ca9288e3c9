"""What a change of settings would do to the plan, in sentences: units, products and money.

What belongs here: sentences and sums about a `PlanEffect`. What does not: working it out (`plan_effect.py`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from pipelines.planning_settings.setting_topics import label_of
from pipelines.replenishment.units_in_words import in_units

STAYS: Final = "The plan would stay as it is."
NO_PLAN: Final = "There is no plan yet to show the effect on."
_UNITS: Final = "_units"
_MONEY: Final = "_money"


def effect_sentences(lines: pl.DataFrame) -> list[str]:
    """What the changed lines of the plan come to: what is ordered more, what less, and what changes only in status."""
    if lines.is_empty():
        return [STAYS]
    by = lines.with_columns(
        (pl.col("new_order_quantity").fill_null(0) - pl.col("order_quantity").fill_null(0)).round(6).alias(_UNITS),
        (pl.col("new_order_value").fill_null(0) - pl.col("order_value").fill_null(0)).alias(_MONEY),
    )
    more, less = by.filter(pl.col(_UNITS) > 0), by.filter(pl.col(_UNITS) < 0)
    found = []
    if not more.is_empty():
        found.append(f"The plan would order {_sums(more, 'more')}.")
    if not less.is_empty():
        found.append(f"{'It' if found else 'The plan'} would order {_sums(less, 'fewer')}.")
    if not more.is_empty() and not less.is_empty() and (altogether := _money(by)):
        found.append(f"Altogether {altogether}.")
    if same := by.filter(pl.col(_UNITS) == 0).height:
        found.append(f"{_products(same, other=bool(found))} would have another status, reason or price.")
    return found


def left_out(names: Sequence[str]) -> str:
    """Which settings' effect is not worked out, and when it shows; empty if there are none."""
    if not names:
        return ""
    of = " and ".join(label_of(name) for name in names)
    return f"Not worked out here: what {of} would do. The data are built with it first, so the next plan shows it."


def most_affected(lines: pl.DataFrame, count: int) -> list[dict[str, Any]]:
    """The lines with the largest change of value, then of units."""
    if lines.is_empty():
        return []
    value = (pl.col("new_order_value").fill_null(0) - pl.col("order_value").fill_null(0)).abs()
    units = (pl.col("new_order_quantity").fill_null(0) - pl.col("order_quantity").fill_null(0)).abs()
    return lines.sort(value, units, "product_code", descending=[True, True, False]).head(count).to_dicts()


def _sums(lines: pl.DataFrame, word: str) -> str:
    units = abs(float(lines[_UNITS].sum()))
    unit = "unit" if units == 1 else "units"
    money = _money(lines)
    return f"{in_units(units)} {word} {unit} of {_products(lines.height)}{f', {money}' if money else ''}"


def _money(lines: pl.DataFrame) -> str:
    """The change of value by currency: "12.40 GBP more"."""
    sums = lines.group_by("currency").agg(pl.col(_MONEY).sum()).sort("currency", nulls_last=True).rows()
    return " and ".join(
        f"{abs(value):,.2f} {currency or ''}".rstrip() + (" more" if value > 0 else " less")
        for currency, value in sums
        if value
    )


def _products(count: int, *, other: bool = False) -> str:
    return f"{count:,} {'other ' if other else ''}product{'' if count == 1 else 's'}"
