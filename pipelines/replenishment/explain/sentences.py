"""Why a product has its order quantity, in sentences.

What belongs here: the sentences about a line of the plan and its model. What does not: the sentence of each reason code
(`plan/reasons.py`), numbers (`bridge.py`).
Read more in docs/interfaces.md.
"""

from typing import Final

from pipelines.forecasting.model_names import OVERRIDDEN
from pipelines.planning_settings.registry import ASSEMBLED
from pipelines.replenishment.explain.calendar_sentences import about_calendar, placed
from pipelines.replenishment.explain.open_order_sentences import about_open_orders
from pipelines.replenishment.explain.records import ModelChoice, PlanLine
from pipelines.replenishment.plan.assembly import ASSEMBLE
from pipelines.replenishment.plan.reasons import BINDING_RULES, NOTHING_BINDS, REASONS, UNCERTAIN_CAUSES
from pipelines.replenishment.service_allocation.allocation_words import WHY
from pipelines.replenishment.units_in_words import about_units, in_units

LEAST_CHANCE: Final = 0.005
LEAST_UNITS: Final = 0.05
_SET_AT: Final = {
    "product_supplier": "for this product from its supplier", "product": "for this product",
    "group": "for its group", "supplier": "for its supplier", "global": "for all products",
}  # fmt: skip
_NO_SALES: Final = "dead"
_PATTERNS: Final = {_NO_SALES: "no sales in 52 weeks", "new": "new, with less than 6 weeks of sales"}


def sentences(line: PlanLine) -> list[str]:
    """Why this quantity, which limit applied, what it costs, and what to check."""
    return [
        REASONS[line.reason],
        _about_levels(line),
        *_binding_rule(line),
        *_about_assembly(line),
        *_why_not_level_minus_stock(line),
        *about_calendar(line),
        *_about_arrival(line),
        *_about_allocation(line),
        *_about_whole_units(line),
        *_about_safety_stock(line),
        *_understocked(line),
        *_overstocked(line),
        *_about_price_breaks(line),
        *about_open_orders(line),
        *_about_demand(line),
        _lead_time(line),
    ]


def _about_levels(line: PlanLine) -> str:
    """What counts as stock beside the levels at which an order is due and to which it fills up."""
    in_time = line.available_stock + line.stock_on_order_in_time
    return (
        f"In stock or arriving in time: {in_units(in_time)} unit{'' if in_time == 1 else 's'}. An order is due below "
        f"{about_units(line.reorder_point)} (reorder point) and fills up to {about_units(line.order_up_to_level)} "
        "(order-up-to level)."
    )


def _binding_rule(line: PlanLine) -> list[str]:
    """Which limit decided the quantity, if there is one."""
    return [] if line.binding_rule == NOTHING_BINDS else [BINDING_RULES[line.binding_rule]]


def _about_assembly(line: PlanLine) -> list[str]:
    """How many of a bundle can be assembled now, and for which part the others wait."""
    if line.assembly_quantity <= 0:
        return []
    return [assembly_sentence(line.assembly_quantity, line.assemble_now_quantity, line.assembly_waits_for)]


def assembly_sentence(quantity: float, now: float, waits_for: str) -> str:
    """What to assemble, in words.

    >>> assembly_sentence(20, 12, "P-0007")
    'Assemble 12 now (parts for 12), 8 more when P-0007 arrives.'
    >>> assembly_sentence(20, 20, "")
    'Assemble 20: the parts are there.'
    """
    if not waits_for:
        return f"Assemble {in_units(quantity)}: the parts are there."
    rest = f"{in_units(quantity - now)} more when {waits_for} arrives"
    if now <= 0:
        return f"Assemble nothing yet: no part {waits_for} is free. {in_units(quantity)} when it arrives."
    return f"Assemble {in_units(now)} now (parts for {in_units(now)}), {rest}."


def model_sentence(line: PlanLine, choice: ModelChoice) -> str:
    """The demand pattern of a product, its model and why it was chosen; or that a person set the demand."""
    pattern = f"Demand pattern: {_PATTERNS.get(choice.demand_class, choice.demand_class)}."
    if line.model == OVERRIDDEN:
        return f"{pattern} A person set the demand; without that the model is {choice.model}."
    if choice.demand_class == _NO_SALES:
        return f"{pattern} Not forecast."
    return f"{pattern} Model: {choice.model} ({choice.reason})."


def _why_not_level_minus_stock(line: PlanLine) -> list[str]:
    """Why the net requirement is not the order-up-to level minus stock, by the two steps that make the difference."""
    lost, timing = line.demand_lost_before_arrival, line.timing_adjustment
    gap = lost - timing
    if abs(gap) < 1:
        return []
    late = "more are needed, because stock on order arrives after it is needed or lead times differ"
    early = "fewer are needed, because more is lost if demand is high or lead times differ"
    causes = {
        f"{about_units(lost)} units of demand are expected to be lost before an order arrives": lost,
        f"{about_units(abs(timing))} {late if timing > 0 else early} (timing adjustment)": timing,
    }
    named = "; ".join(cause for cause, units in causes.items() if abs(units) >= LEAST_UNITS)
    size = f"{in_units(round(abs(gap)))} units {'fewer' if gap > 0 else 'more'}"
    return [f"The need is {size} than what fills up to the order-up-to level: {named}."]


def _about_arrival(line: PlanLine) -> list[str]:
    """A forecast period that ends before an order arrives, and a stock-out that no order can prevent."""
    days, order = line.days_to_arrival, f"an order {placed(line)}"
    shown = []
    if line.ends_before_arrival:
        shown.append(
            f"The forecast period of {line.horizon_days} days ends before {order} arrives, in {days} "
            "days: the order fills stock up for the demand of the period."
        )
    if line.order_action == ASSEMBLE:
        is_short = line.is_too_late_to_help and line.assemble_now_quantity > 0
        return [f"Stock may run out before what is assembled today is ready, in {days} days."] if is_short else []
    if line.is_too_late_to_help:
        chance = _percent(line.shortage_chance_before_arrival or 0.0)
        is_sold_out = line.days_to_stock_out == 0 and line.available_stock <= 0
        shown.append(
            f"Nothing is left to sell, and {order} arrives in {days} days: ask for faster delivery."
            if is_sold_out
            else f"The stock-out risk before {order} arrives is {chance}: ask for faster delivery."
        )
    return shown


def _about_allocation(line: PlanLine) -> list[str]:
    """Which service level was allocated to the product, or why none was."""
    why = WHY.get(line.service_level_reason or "")
    if why is None:
        return []
    level = f"{in_units(100 * line.service_level)}%"
    if line.set_service_level is None or abs(line.set_service_level - line.service_level) < LEAST_CHANCE / 10:
        return [f"The service level of this product is {level}: {why}."]
    return [
        f"The service level of this product is {level} instead of {in_units(100 * line.set_service_level)}%: {why}."
    ]


def _about_whole_units(line: PlanLine) -> list[str]:
    """That the level is a unit below the service level, and why; a level of an earlier version has no such share."""
    if line.level_kept is None or line.level_kept >= line.service_level - LEAST_CHANCE:
        return []
    level, more = in_units(line.order_up_to_level), in_units(line.order_up_to_level + 1)
    kept, wanted = (in_units(round(100 * share, 1)) for share in (line.level_kept, line.service_level))
    sentence = (
        f"An order-up-to level of {level} is enough in {kept}% of cases, one of {more} in more than {wanted}%. "
        "No whole number is just enough: of such products some hold a unit less, so that together they keep the "
        "service level."
    )
    return [sentence]


def _about_safety_stock(line: PlanLine) -> list[str]:
    sentence = (
        "Safety stock is negative: rare large sales raise the expected demand above the order-up-to level of this "
        "service level."
    )
    return [sentence] if line.safety_stock < 0 else []


def _understocked(line: PlanLine) -> list[str]:
    if line.understock_quantity <= 0:
        return []
    lost = (
        f"its margin is unknown, as the product has no {line.missing_price.replace(', ', ' and no ')}"
        if line.missing_price
        else f"a margin of {line.understock_margin_lost:,.2f} {line.currency}"
    )
    below, short = about_units(line.understock_quantity), about_units(line.short_without_order)
    sentence = (
        f"Understocked: the stock position is {below} units below the reorder point. Without an order now {short} "
        f"units are expected to be short until the next order could arrive: {lost}."
    )
    return [sentence]


def _overstocked(line: PlanLine) -> list[str]:
    if line.overstock_quantity <= 0:
        return []
    worth = (
        f"worth {line.overstock_value:,.2f} {line.currency}; holding them costs {line.overstock_holding_cost:,.2f} a "
        "year"
    ) if (line.unit_cost or 0) > 0 else (
        f"of unknown value, as the product has no {'exchange rate' if line.currency_rate is None else 'unit cost'}"
    )  # fmt: skip
    return [f"Overstocked: {about_units(line.overstock_quantity)} units, {worth}."]


def _about_price_breaks(line: PlanLine) -> list[str]:
    if line.price_breaks is None:
        return []
    shown = []
    if line.order_quantity > 0 and line.order_unit_cost is not None and line.order_unit_cost != line.unit_cost:
        price = f"{in_units(float(line.order_unit_cost))} {line.currency}"
        shown.append(f"At this quantity a unit costs {price} (price breaks: {line.price_breaks}).")
    if line.price_break_quantity is not None:
        more = in_units(line.price_break_quantity - line.order_quantity)
        shown.append(
            f"{more} more units, {in_units(line.price_break_quantity)} in all, would reach a lower price and cost "
            f"{line.price_break_saving:,.2f} {line.currency} less in total, holding them until they are sold included."
        )
    return shown


def _about_demand(line: PlanLine) -> list[str]:
    uncertain = [UNCERTAIN_CAUSES[line.uncertain_cause]] if line.uncertain_cause else []
    if line.model == OVERRIDDEN:
        return [*uncertain, "A person set the demand, which replaces the forecast; see the settings."]
    return uncertain


def _lead_time(line: PlanLine) -> str:
    """The lead time that the plan uses: set, estimated from receipts, or the default; and what receipts show."""
    if line.lead_time_origin == ASSEMBLED:
        return f"Assembly time: {line.manufacturing_time_days} days (manufacturing_time_days)."
    manufacturing = f", plus {line.manufacturing_time_days} for manufacturing" if line.manufacturing_time_days else ""
    planned = f"{line.expected_lead_time_days} ± {line.lead_time_deviation_days:.1f} days"
    set_at = _SET_AT.get(line.lead_time_origin)
    if line.observed_lead_time_days is None:
        where = f"set {set_at}" if set_at else "the default"
        return f"Lead time: {line.lead_time_days} days, {where}{manufacturing}; no receipts yet."
    counts = f"{line.product_receipts} receipts of this product, {line.supplier_receipts} of its supplier"
    median = in_units(line.observed_lead_time_days)
    if set_at and line.lead_time_rule == "as_set":
        return (
            f"Lead time: {line.lead_time_days} days, set {set_at}{manufacturing}; receipts show a median of {median} "
            f"days ({counts}). Planned with {planned}."
        )
    setting = f"The {line.lead_time_days} days set {set_at} are not used, as lead_time_rule is learned" if set_at else (
        f"The default of {line.lead_time_days} days is not used"
    )  # fmt: skip
    made = f"{line.manufacturing_time_days} of them for manufacturing; " if line.manufacturing_time_days else ""
    return f"Estimated lead time: {planned} ({made}median {median}; {counts}). {setting}."


def _percent(share: float) -> str:
    """A positive probability in whole per cent.

    >>> _percent(0.0004), _percent(0.126)
    ('less than 1%', '13%')
    """
    return "less than 1%" if share < LEAST_CHANCE else f"{100 * share:.0f}%"
