"""One product's order as steps that add up, from demand to the order quantity.

What belongs here: the steps of the bridge. What does not: why (`sentences.py`), the stock that follows
(`projected_stock.py`), printing them.
Read more in docs/maths.md.
"""

from collections.abc import Sequence
from typing import Final

from pipelines.purchasing.kept_lines import KEPT
from pipelines.replenishment.explain.records import BridgeStep, PlanLine
from pipelines.replenishment.plan.assembly import ASSEMBLE
from pipelines.replenishment.units_in_words import in_units

NET_REQUIREMENT: Final = "needed (net requirement)"
LEAST_UNITS: Final = 0.05
"""A step below this many units changes nothing that a person would see."""


def bridge(line: PlanLine) -> list[BridgeStep]:
    """The steps from demand to the order quantity; those up to the net requirement add up to it."""
    before = f"expected to sell in the {line.days_to_arrival} days until an order arrives"
    if line.ends_before_arrival:
        before = f"expected to sell in the {line.horizon_days} days of the forecast period"
    covered = f"expected to sell in the {line.covered_days} days that the order then covers"
    safety = f"safety stock for a service level of {in_units(line.service_level * 100)}%"
    return [
        BridgeStep("+", before, line.demand_before_arrival),
        BridgeStep("+", covered, line.demand_in_cover),
        BridgeStep("+", safety, line.safety_stock),
        BridgeStep("-", "stock on hand", line.stock_on_hand),
        BridgeStep("+", "sold already, but still counted in stock (allocated)", line.stock_committed),
        *_assemblies(line),
        BridgeStep("-", "on order and arriving in time", line.stock_on_order_in_time),
        BridgeStep("-", "sales expected to be lost before an order arrives", line.demand_lost_before_arrival),
        _timing(line.timing_adjustment),
        BridgeStep("", NET_REQUIREMENT, line.needed_quantity),
        BridgeStep("", _after_minimums(line), line.quantity_after_minimum),
        BridgeStep("", _after_batches(line.batch_size), line.quantity_after_batch),
        BridgeStep("", _after_maximum(line.maximum_shelf_level), line.quantity_after_cap),
        BridgeStep("", _of_whole_order(line), line.quantity_after_supplier_minimum),
        BridgeStep("", "after the spend cap of the plan", line.quantity_after_budget),
        BridgeStep("", *_result(line)),
    ]


def steps_that_matter(bridge: Sequence[BridgeStep]) -> tuple[list[BridgeStep], list[BridgeStep]]:
    """The steps that change the quantity with the net requirement and the result, and those that change nothing.

    >>> steps = [BridgeStep("+", "sells", 30.0), BridgeStep("-", "on order", 0.0)]
    >>> steps += [BridgeStep("", label, 30.0) for label in (NET_REQUIREMENT, "in whole units", "to order")]
    >>> [[step.label for step in part] for part in steps_that_matter(steps)]
    [['sells', 'needed (net requirement)', 'to order'], ['on order', 'in whole units']]
    """
    matter: list[BridgeStep] = []
    idle: list[BridgeStep] = []
    reached = 0.0
    for step in bridge:
        is_kept = step.label == NET_REQUIREMENT or step is bridge[-1]
        change = step.quantity if step.sign else step.quantity - reached
        (matter if is_kept or abs(change) >= LEAST_UNITS else idle).append(step)
        reached = reached if step.sign else step.quantity
    return matter, idle


def _timing(adjustment: float) -> BridgeStep:
    """What falls otherwise than on average; the sign says whether more or less is needed."""
    why = (
        "fewer needed, as more is lost if demand is high or deliveries differ (timing adjustment)" if adjustment < 0
        else "more needed, as arrivals come after they are needed or deliveries differ (timing adjustment)"
    )  # fmt: skip
    return BridgeStep("-" if adjustment < 0 else "+", why if adjustment else "timing adjustment", abs(adjustment))


def _after_minimums(line: PlanLine) -> str:
    if not (line.minimum_order_quantity or line.minimum_shelf_level):
        return "no minimum for the order or the shelf"
    return (
        f"at least {in_units(line.minimum_order_quantity)} an order and {in_units(line.minimum_shelf_level)} on the "
        "shelf (minimums)"
    )


def _after_batches(batch_size: float) -> str:
    return "in whole units" if batch_size == 1 else f"in whole batches of {in_units(batch_size)}"


def _assemblies(line: PlanLine) -> list[BridgeStep]:
    """What assemblies take of a part beyond the demand through its bundles, or what of that demand takes no parts."""
    required = line.assembly_requirement
    if required == 0:
        return []
    if required > 0:
        return [BridgeStep("+", "taken by assemblies, beyond what their bundles sell", required)]
    served = "sold in bundles that are finished already, or that are assembled no more"
    return [BridgeStep("-", served, -required)]


def _of_whole_order(line: PlanLine) -> str:
    if line.binding_rule == KEPT:
        return "on drafts that people changed or made, which the plan leaves as they are"
    return "after the supplier's minimum for the whole order"


def _result(line: PlanLine) -> tuple[str, float]:
    """What to do in the end, and how many units."""
    if line.order_action == ASSEMBLE:
        return "to assemble", line.assembly_quantity
    return "to order", line.order_quantity


def _after_maximum(maximum_shelf_level: float | None) -> str:
    if maximum_shelf_level is None:
        return "no maximum for the shelf"
    return f"at most {in_units(maximum_shelf_level)} on the shelf (maximum)"
