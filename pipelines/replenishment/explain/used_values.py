"""What a plan uses of a product where that is not the value of its setting, and where it comes from.

What belongs here: a sentence for each such setting. What does not: the settings in force (`planning_settings`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Sequence
from typing import Final

from pipelines.forecasting.model_names import OVERRIDDEN
from pipelines.planning_settings.registry import ASSEMBLED
from pipelines.replenishment.explain.records import PlanLine, SettingInForce
from pipelines.replenishment.units_in_words import in_units

LIMITS: Final = (
    "service_level", "minimum_order_quantity", "batch_size", "minimum_shelf_level", "maximum_shelf_level",
)  # fmt: skip
"""Settings of which a line of the plan has the number that it used."""


def used_values(line: PlanLine, settings: Sequence[SettingInForce]) -> dict[str, str]:
    """What the plan uses of each setting whose value is another, or that has none, in words."""
    values = {setting.name: setting.value for setting in settings}
    used = {
        "lead_time_days": _lead_time(line),
        "order_frequency_days": _covered(line),
        "unit_cost": _unit_cost(line, values.get("unit_cost", "")),
        "preferred_supplier": _supplier(line, values.get("preferred_supplier", "")),
        "overridden_demand": _demand(line, values.get("overridden_demand", "")),
        **{name: _limit(line, name, values[name]) for name in LIMITS if values.get(name)},
    }
    return {name: words for name, words in used.items() if words and name in values}


def _lead_time(line: PlanLine) -> str:
    if line.lead_time_origin == ASSEMBLED:
        return f"{_days(line.manufacturing_time_days)}: it is assembled here"
    if line.expected_lead_time_days == line.lead_time_days + line.manufacturing_time_days:
        return ""
    made = f", with {line.manufacturing_time_days} for manufacturing" if line.manufacturing_time_days else ""
    return f"{_days(line.expected_lead_time_days)}, estimated from {_receipts(line)}{made}"


def _receipts(line: PlanLine) -> str:
    if not line.supplier_receipts:
        return f"{_count(line.product_receipts, 'receipt')} of it" if line.product_receipts else "orders under way"
    own = f"{_count(line.product_receipts, 'receipt')} of it and " if line.product_receipts else ""
    return f"{own}{line.supplier_receipts if own else _count(line.supplier_receipts, 'receipt')} of its supplier"


def _covered(line: PlanLine) -> str:
    """How long an order must last if the order frequency does not say so alone."""
    if line.forecast_period_days is not None:
        return f"an order covers {_days(line.forecast_period_days)} from today: the forecast period"
    added = line.calendar_days_added or 0
    if not added:
        return ""
    more = f"{_days(abs(added))} {'more' if added > 0 else 'fewer'}"
    return f"an order must last {more}: order days and shutdowns"


def _unit_cost(line: PlanLine, value: str) -> str:
    if line.unit_cost is None or line.unit_cost <= 0:
        return ""
    if not value:
        return f"{in_units(float(line.unit_cost))} {line.currency}, from Xero"
    if line.order_unit_cost is None or line.order_quantity <= 0 or line.order_unit_cost == line.unit_cost:
        return ""
    return f"{in_units(float(line.order_unit_cost))} {line.currency} at the quantity of this order, by its price breaks"


def _supplier(line: PlanLine, value: str) -> str:
    return f"{line.supplier_name}, from the orders and bills in Xero" if not value and line.supplier_name else ""


def _demand(line: PlanLine, value: str) -> str:
    return "the forecast: the days of the override are over or not yet there" if _is_unused(line, value) else ""


def _is_unused(line: PlanLine, overridden_demand: str) -> bool:
    return bool(overridden_demand) and line.model != OVERRIDDEN


def _limit(line: PlanLine, name: str, value: str) -> str:
    used: float | None = getattr(line, name)
    if used is None or used == float(value):
        return ""
    return f"{in_units(used * 100)}%" if name == "service_level" else f"{in_units(used)} units"


def _days(number: int) -> str:
    return _count(number, "day")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
