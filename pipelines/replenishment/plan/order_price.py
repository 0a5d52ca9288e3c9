"""What a unit of an order costs by its supplier's price breaks, and whether ordering up to the next break pays.

What belongs here: the price of an order line, and the advice. What does not: reading price breaks
(`planning_settings/supplier_terms/price_breaks.py`). No quantity is changed.
Read more in docs/maths.md#price-breaks.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

import polars as pl

from pipelines.forecasting.history.demand_matrix import YEAR_DAYS
from pipelines.planning_settings.supplier_terms.price_breaks import PriceBreak, breaks_in, cost_of
from pipelines.replenishment.plan.plan_summary import in_money
from pipelines.storage.tables.declaration import UNIT_PRICE, type_of

_LEAST_SAVING: Final = 0.01
_COLUMNS: Final[dict[str, type_of]] = {
    "order_unit_cost": UNIT_PRICE, "price_break_quantity": pl.Float64, "price_break_saving": pl.Float64,
}  # fmt: skip


class BreakAdvice(NamedTuple):
    """To order so many units instead, and the money that it saves in all."""

    quantity: float
    saving: float


def with_order_price(plan: pl.DataFrame, *, longest_days: int) -> pl.DataFrame:
    """The plan with the unit cost and value of each order by its price breaks, and the next break that pays.

    `longest_days`: the extra units must be sold within so many days, or the break is not advised.
    """
    has_breaks = pl.col("price_breaks").is_not_null()
    plain = plan.filter(~has_breaks).with_columns(
        pl.lit(None, dtype=kind).alias(name)
        if name != "order_unit_cost"
        else pl.col("unit_cost").cast(kind).alias(name)
        for name, kind in _COLUMNS.items()
    )
    rows = plan.filter(has_breaks)
    found = [_priced(row, longest_days) for row in rows.iter_rows(named=True)]
    priced = rows.with_columns(pl.DataFrame(found, schema=_COLUMNS, orient="row")).with_columns(
        order_value=in_money(pl.col("order_quantity") * pl.col("order_unit_cost").cast(pl.Float64))
    )
    return pl.concat([plain, priced]).with_columns(in_money(pl.col("price_break_saving"))).sort("product_code")


def _priced(row: Mapping[str, Any], longest_days: int) -> tuple[Decimal | None, float | None, float | None]:
    breaks, usual = breaks_in(row["price_breaks"]), row["unit_cost"]
    price = price_of(row["order_quantity"], usual, breaks)
    advice = next_break(row, price, breaks, longest_days) if row["order_quantity"] > 0 and price else None
    return (price, *(advice or (None, None)))


def price_of(quantity: float, usual: Decimal | None, breaks: list[PriceBreak]) -> Decimal | None:
    """The price of a unit; the lowest break reached if the usual one is not known."""
    units = Decimal(str(quantity))
    if usual is not None and usual > 0:
        return cost_of(units, usual, breaks)
    return min((price.unit_cost for price in breaks if units >= price.quantity), default=usual)


def next_break(
    line: Mapping[str, Any], price: Decimal, breaks: list[PriceBreak], longest_days: int
) -> BreakAdvice | None:
    """The quantity above the order of a line that saves most money; None if none saves any.

    With Q the quantity at the break, in whole batches, e = Q - q more units, d the demand of a day and c the days of
    the coverage period, the saving is Q (p - p') less the cost of holding e units for c + e / 2d days each.
    """
    ordered, daily = line["order_quantity"], line["average_daily_demand"] or 0.0
    most = math.inf if line["maximum_shelf_level"] is None else line["maximum_shelf_level"] - line["stock_position"]
    covered = max(0, line["horizon_days"] - (line["expected_arrival_date"] - line["as_of_date"]).days)
    advice = []
    for quantity, lower in breaks:
        wanted = _whole_batches(float(quantity), line["batch_size"])
        more = wanted - ordered
        if more <= 0 or lower >= price or wanted > most or more > daily * longest_days:
            continue
        held_days = covered + more / (2 * daily)
        holding = more * float(lower) * line["holding_cost_rate"] * held_days / YEAR_DAYS
        advice.append(BreakAdvice(wanted, wanted * float(price - lower) - holding))
    return max((one for one in advice if one.saving >= _LEAST_SAVING), key=lambda one: one.saving, default=None)


def _whole_batches(quantity: float, batch_size: float) -> float:
    return round(math.ceil(round(quantity / batch_size, 6)) * batch_size, 4)
