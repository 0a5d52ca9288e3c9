"""What the same order would cost from another supplier, and what its arrival would save: one product, two suppliers.

What belongs here: the money. What does not: lead times and lost demand (`alternatives.py`).
Read more in docs/maths.md#other-suppliers.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import polars as pl

from pipelines.forecasting.history.demand_matrix import YEAR_DAYS
from pipelines.planning_settings.supplier_terms.price_breaks import breaks_in
from pipelines.replenishment.plan.order_price import price_of
from pipelines.replenishment.suppliers.alternative_words import CHEAPER, NEITHER, QUICKER

_CENT: Final = 0.01
LEAST_UNITS: Final = 0.5
_COSTS: Final = ("cost_per_order", "cost_per_order_line", "minimum_order_value")


@dataclass(frozen=True)
class CostsOfOrdering:
    """What one more order and line cost by supplier, its minimum order value, and the value that the plan orders."""

    settings: Mapping[tuple[str, str], float]
    ordered_values: Mapping[tuple[str, str], float]

    @staticmethod
    def of(order_plan: pl.DataFrame, planning_settings: pl.DataFrame) -> "CostsOfOrdering":
        """The costs that people set, and the orders of a plan by supplier and currency."""
        chosen = planning_settings.filter(
            pl.col("name").is_in(_COSTS) & pl.col("level").is_in(["global", "supplier"]) & (pl.col("value") != "")
        )
        values = order_plan.filter(pl.col("order_quantity") > 0).group_by("supplier_id", "currency").agg(
            pl.col("order_value").cast(pl.Float64).sum()
        )  # fmt: skip
        return CostsOfOrdering(
            {(row["subject"], row["name"]): float(row["value"]) for row in chosen.iter_rows(named=True)},
            {(supplier or "", currency or ""): value for supplier, currency, value in values.iter_rows()},
        )

    def cost(self, supplier: str, name: str) -> float:
        """A cost of a supplier, else that of all suppliers."""
        return self.settings.get((supplier, name), self.settings.get(("", name), 0.0))

    @cached_property
    def ordered_from(self) -> frozenset[str]:
        """The suppliers that the plan orders from."""
        return frozenset(supplier for (supplier, _), value in self.ordered_values.items() if value > 0)


def compared(row: Mapping[str, Any], costs: CostsOfOrdering, *, as_of: date) -> dict[str, Any]:
    """A row of `plan.supplier_alternatives`, without its currency; money in base currency, empty if unknown."""
    ordered, other = row["order_quantity"], _other_quantity(row)
    usual = _in_base(row["order_unit_cost"] or row["unit_cost"], row["currency_rate"])
    own_price = price_of(other or ordered, row["other_unit_cost"], breaks_in(row["other_price_breaks"] or ""))
    price = _in_base(own_price, row["other_rate"])
    arrives = as_of + timedelta(days=row["other_arrival_day"])
    found: dict[str, Any] = {
        **row,
        "other_quantity": other,
        "unit_cost_in_base": usual,
        "other_unit_cost_in_base": price,
        "lead_time_days": row["expected_lead_time_days"],
        "other_arrival_date": arrives,
        "days_sooner": (row["expected_arrival_date"] - arrives).days,
        "minimum_order_value": costs.settings.get((row["other_supplier_id"], "minimum_order_value")),
        "is_below_minimum": _is_below_minimum(row, other, own_price, costs),
        "price_saving": None, "shortage_avoided_quantity": None, "shortage_avoided_value": None, "order_cost": None,
        "money_saved": None, "advice": NEITHER,
    }  # fmt: skip
    if ordered <= 0 or usual is None or price is None or other < ordered:
        return found
    return found | _money(row, found, costs)


def _money(row: Mapping[str, Any], found: Mapping[str, Any], costs: CostsOfOrdering) -> dict[str, Any]:
    """What the other supplier saves, by cause, and the advice that follows."""
    usual, price = found["unit_cost_in_base"], found["other_unit_cost_in_base"]
    saving = row["order_quantity"] * (usual - price) - _holding(row, found["other_quantity"], price)
    order_cost = _order_cost(row, costs)
    before, after = row["lost_before_arrival_day"], row["lost_before_other_arrival_day"]
    avoided = None if before is None or after is None else before - after
    margin = None if row["sales_unit_price"] in {None, 0} else max(0.0, float(row["sales_unit_price"]) - usual)
    avoided_value = None if avoided is None or margin is None else avoided * margin
    is_later = found["days_sooner"] < 0
    is_known = avoided_value is not None or not is_later
    total = saving - order_cost + (avoided_value or 0.0) if is_known else None
    money = {
        "price_saving": saving, "shortage_avoided_quantity": avoided, "shortage_avoided_value": avoided_value,
        "order_cost": order_cost, "money_saved": total,
    }  # fmt: skip
    return money | {"advice": _advice(money, is_below_minimum=found["is_below_minimum"])}


def _advice(money: Mapping[str, float | None], *, is_below_minimum: bool) -> str:
    total, avoided = money["money_saved"], money["shortage_avoided_quantity"] or 0.0
    if is_below_minimum or total is None or total < _CENT:
        return NEITHER
    gained = money["shortage_avoided_value"] or 0.0
    saving = (money["price_saving"] or 0.0) - (money["order_cost"] or 0.0)
    return QUICKER if avoided >= LEAST_UNITS and gained > saving else CHEAPER if saving >= _CENT else NEITHER


def _other_quantity(row: Mapping[str, Any]) -> float:
    """The order by the other supplier's minimum and batch, within the maximum shelf level; 0 if nothing is ordered."""
    if row["order_quantity"] <= 0:
        return 0.0
    batch = row["other_batch_size"]
    wanted = max(row["order_quantity"], row["other_minimum_order_quantity"])
    quantity = math.ceil(round(wanted / batch, 6)) * batch
    most = row["maximum_shelf_level"]
    if most is not None and quantity > most - row["stock_position"]:
        quantity = math.floor(round(max(0.0, most - row["stock_position"]) / batch, 6)) * batch
    return float(round(quantity, 4))


def _in_base(price: Decimal | None, rate: Decimal | None) -> float | None:
    return None if not price or not rate else float(price) / float(rate)


def _holding(row: Mapping[str, Any], quantity: float, price: float) -> float:
    """What the units beyond the needed order cost until they are sold; endless without demand."""
    more, daily = quantity - row["order_quantity"], row["average_daily_demand"] or 0.0
    if more <= 0:
        return 0.0
    held_days = more / (2 * daily) if daily > 0 else math.inf
    return float(min(more * price * row["holding_cost_rate"] * held_days / YEAR_DAYS, 1e12))


def _order_cost(row: Mapping[str, Any], costs: CostsOfOrdering) -> float:
    """What the other line costs more than this one, and an order of its own if the plan has none for it."""
    other, used = row["other_supplier_id"], row["supplier_id"]
    line = costs.cost(other, "cost_per_order_line") - costs.cost(used, "cost_per_order_line")
    return line + (0.0 if other in costs.ordered_from else costs.cost(other, "cost_per_order"))


def _is_below_minimum(row: Mapping[str, Any], quantity: float, price: Decimal | None, costs: CostsOfOrdering) -> bool:
    """Whether an order from the other supplier, with what the plan orders there, is below its minimum order value."""
    supplier = row["other_supplier_id"]
    value = costs.ordered_values.get((supplier, row["other_currency"]), 0.0) + quantity * float(price or 0)
    return value < costs.settings.get((supplier, "minimum_order_value"), 0.0)
