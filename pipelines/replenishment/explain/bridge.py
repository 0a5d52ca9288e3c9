"""One product's order as steps that add up, from demand to the order quantity.

What belongs here: the steps of the bridge. What does not: why (`sentences.py`), the stock that follows
(`projected_stock.py`), printing them.
Read more in docs/maths.md.
"""

from pipelines.purchasing.kept_lines import KEPT
from pipelines.replenishment.explain.records import BridgeStep, PlanLine
from pipelines.replenishment.plan.assembly import ASSEMBLE
from pipelines.replenishment.units_in_words import in_units


def bridge(line: PlanLine) -> list[BridgeStep]:
    """The steps from demand to the order quantity; those up to the net requirement add up to it."""
    before = f"expected demand in the {line.days_to_arrival} days until an order arrives"
    if line.ends_before_arrival:
        before = f"expected demand in the {line.horizon_days} days of the forecast period"
    covered = f"expected demand in the {line.covered_days} days of the coverage period"
    safety = f"safety stock for a service level of {in_units(line.service_level * 100)}%"
    minimums = (
        f"after the minimums (order {in_units(line.minimum_order_quantity)}, "
        f"shelf {in_units(line.minimum_shelf_level)})"
    )
    timing_sign = "-" if line.timing_adjustment < 0 else "+"
    return [
        BridgeStep("+", before, line.demand_before_arrival),
        BridgeStep("+", covered, line.demand_in_cover),
        BridgeStep("+", safety, line.safety_stock),
        BridgeStep("-", "stock on hand", line.stock_on_hand),
        BridgeStep("+", "allocated: sold, not yet taken out of stock", line.stock_committed),
        *_assemblies(line),
        BridgeStep("-", "on order, arriving in time", line.stock_on_order_in_time),
        BridgeStep("-", "demand lost before arrival", line.demand_lost_before_arrival),
        BridgeStep(
            timing_sign, "timing adjustment: when demand and arrivals fall, beyond these averages",
            abs(line.timing_adjustment),
        ),
        BridgeStep("", "net requirement", line.needed_quantity),
        BridgeStep("", minimums, line.quantity_after_minimum),
        BridgeStep("", f"after rounding to batches of {in_units(line.batch_size)}", line.quantity_after_batch),
        BridgeStep("", _after_maximum(line.maximum_shelf_level), line.quantity_after_cap),
        BridgeStep("", _of_whole_order(line), line.quantity_after_supplier_minimum),
        BridgeStep("", "after the spend cap of the plan", line.quantity_after_budget),
        BridgeStep("", *_result(line)),
    ]  # fmt: skip


def _assemblies(line: PlanLine) -> list[BridgeStep]:
    """What assemblies take of a part beyond the demand through its bundles, or what of that demand takes no parts."""
    required = line.assembly_requirement
    if required == 0:
        return []
    if required > 0:
        return [BridgeStep("+", "taken by assemblies beyond the demand through their bundles", required)]
    served = "demand through bundles that finished ones serve, or that comes after their last assembly"
    return [BridgeStep("-", served, -required)]


def _of_whole_order(line: PlanLine) -> str:
    if line.binding_rule == KEPT:
        return "on drafts that people changed or made, which the plan leaves as they are"
    return "after the supplier's minimum for the whole order"


def _result(line: PlanLine) -> tuple[str, float]:
    """What to do in the end, and how many units."""
    if line.order_action == ASSEMBLE:
        return "assemble", line.assembly_quantity
    return "order", line.order_quantity


def _after_maximum(maximum_shelf_level: float | None) -> str:
    if maximum_shelf_level is None:
        return "after the maximum shelf level (none set)"
    return f"after the maximum shelf level of {in_units(maximum_shelf_level)}"
