"""The columns of the plan on a screen: headings, how each kind of value is written, and which are shown at first.

What belongs here: headings and kinds. What does not: what a column means (dbt's words, which every snapshot holds).
A column that a plan gains is offered here by its name, without a change to this file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.storage.tables import MONEY, ORDER_PLAN, UNIT_PRICE

# Shown in every row, before the chosen columns.
ALWAYS: Final = ("product_code", "product_name")
FIRST_SHOWN: Final = (
    "status", "supplier_name", "sales", "stock_on_hand", "stock_on_order", "days_to_stock_out", "order_quantity",
    "order_value",
)  # fmt: skip
HEADINGS: Final = {
    "product_code": "Product", "product_name": "Name", "supplier_name": "Supplier", "status": "Status", "reason": "Why",
    "sales": "Sales and forecast", "stock_on_hand": "Stock", "stock_on_order": "On order",
    "stock_committed": "Allocated", "days_to_stock_out": "Days left", "order_quantity": "Order",
    "order_value": "Value", "order_by_date": "Order by", "unit_cost": "Unit cost",
    "average_daily_demand": "Sells a day", "horizon_demand": "Demand in protection interval",
    "horizon_days": "Protection interval, days", "expected_lead_time_days": "Lead time, days",
    "lead_time_days": "Lead time set, days", "order_frequency_days": "Order frequency, days",
    "demand_class": "Demand pattern", "stock_on_order_late": "Late on order", "service_level": "Service level",
    "understock_margin_lost": "Margin at risk", "overstock_holding_cost": "Holding cost a year",
    "shortage_chance_before_arrival": "Stock-out risk before arrival", "is_uncertain": "Check the forecast",
    "is_too_late_to_help": "Too late to prevent", "last_sale_date": "Last sale", "last_purchase_date": "Last purchase",
}  # fmt: skip
# Where the published text says more than a heading needs.
_MEANINGS: Final = {
    "product_code": "", "product_name": "", "supplier_name": "",
    "status": "Order now: too little, and ordered. Order later: on the supplier's next order day. Assemble now: too "
    "little, and enough parts. Short: too little, and not ordered. Enough. Too much: more than the service level "
    "needs. Not planned: see why. In a draft: a person put it on a draft that waits for approval. Ordered: approved "
    "since the plan was made. Taken off: a person took it off the draft.",
    "reason": "Why this quantity, or why none.",
}  # fmt: skip
_HIDDEN: Final = frozenset({"supplier_id", "plan_id", "as_of_date", "organisation", "organisation_key"})
CURRENCY: Final = "currency"
_SALES: Final = "sales"
_SHARES: Final = frozenset({"service_level", "shortage_chance_before_arrival"})
_DEMAND: Final = frozenset({
    "average_daily_demand", "horizon_demand", "demand_before_arrival", "demand_in_cover", "safety_stock",
    "demand_lost_before_arrival", "timing_adjustment", "short_without_order", "lead_time_deviation_days",
    "observed_lead_time_days", "understock_quantity", "overstock_quantity", "needed_quantity",
})  # fmt: skip


@dataclass(frozen=True)
class PlanColumn:
    """A column: its name in the plan, its heading, and the kind of its values, which says how they are written."""

    name: str
    heading: str
    kind: str

    @property
    def is_number(self) -> bool:
        """Whether its values stand on the right."""
        return self.kind in {"quantity", "demand", "money", "price", "count", "share", "days_left"}

    @property
    def is_sortable(self) -> bool:
        """Whether lines can be sorted by it; a picture has no order."""
        return self.kind != "picture"


def _heading(name: str) -> str:
    return HEADINGS.get(name) or name.removeprefix("is_").replace("_", " ").capitalize()


def _kind(name: str, dtype: pl.DataType) -> str:
    special = {"status": "status", "reason": "reason", "days_to_stock_out": "days_left"}
    if name in special:
        return special[name]
    if name in _SHARES:
        return "share"
    if name in _DEMAND:
        return "demand"
    if isinstance(dtype, pl.Decimal):
        return {MONEY.scale: "money", UNIT_PRICE.scale: "price"}.get(dtype.scale, "text")
    kinds = {pl.Float64: "quantity", pl.Int64: "count", pl.Date: "day", pl.Boolean: "flag"}
    return kinds.get(type(dtype), "text")


COLUMNS: Final = {
    **{
        name: PlanColumn(name, _heading(name), _kind(name, dtype))
        for name, dtype in ORDER_PLAN.schema.items()
        if name not in _HIDDEN
    },
    _SALES: PlanColumn(_SALES, HEADINGS[_SALES], "picture"),
}


def meaning_of(column: PlanColumn, published: Mapping[str, str]) -> str:
    """What a column means in a sentence, by the texts of the snapshot; empty if its heading says it."""
    return _MEANINGS.get(column.name, published.get(column.name, ""))


def chosen_columns(names: Iterable[str], *, instead: Iterable[str] = FIRST_SHOWN) -> list[PlanColumn]:
    """The columns of these names, each once; unknown names are left out, and without any known one others instead.

    >>> [column.heading for column in chosen_columns(["order_value", "evil", "order_value"])]
    ['Value']
    """
    known = [name for name in dict.fromkeys(names) if name in COLUMNS and name not in ALWAYS]
    return [COLUMNS[name] for name in known or instead]
