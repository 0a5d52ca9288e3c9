"""What a supplier's minimum or the spend cap changed, in sentences: for an order, and for one of its products.

What belongs here: the sentences. What does not: the rows that they are made from (`order_tables.py`).
Read more in docs/buyer/minimums-and-budget.md.
"""

from collections.abc import Mapping
from typing import Any, Final

from pipelines.purchasing.kept_lines import KEPT
from pipelines.replenishment.plan.statuses import ADDED, BELOW, WAITS
from pipelines.replenishment.units_in_words import about_units, in_units

Row = Mapping[str, Any]
_AS_CHOSEN: Final = {"add": ", as below_minimum is add", "wait": ", as below_minimum is wait"}


def order_sentence(order: Row) -> str:
    """A row of `plan.supplier_orders` below its minimum as sentences; empty if its minimum changed nothing.

    >>> order_sentence({
    ...     "decision": "units_added", "natural_value": 180, "minimum_order_value": 250, "currency": "GBP",
    ...     "adding_units": 12.0, "adding_products": 2, "adding_value": 72, "adding_holding_cost": 3.1,
    ...     "adding_margin_saved": 1.2, "wait_until_date": "2026-03-09", "waiting_units_short": 2.0,
    ...     "waiting_margin_lost": 8.4, "waiting_holding_saved": 0.4, "below_minimum": "best",
    ... })
    'Needed: 180.00 of the minimum of 250.00 GBP. 12 units of 2 products are added for 72.00: they cost 3.10 to hold \
and save 1.20 of margin. Waiting until 2026-03-09 would lose 8.40 of margin (2 units short) and save 0.40 of holding.'
    """
    if order["decision"] not in {ADDED, WAITS, BELOW}:
        return ""
    needed = (
        f"Needed: {_money(order['natural_value'])} of the minimum of {_money(order['minimum_order_value'])} "
        f"{order['currency']}{_kept(order)}."
    )
    ways = {ADDED: (_adding(order, is_done=True), _waiting(order, is_done=False)),
            WAITS: (_waiting(order, is_done=True), _adding(order, is_done=False)),
            BELOW: (_stays_below(order), _adding(order, is_done=False), _waiting(order, is_done=False))}  # fmt: skip
    return " ".join([needed, *filter(None, [*ways[order["decision"]], _left_out(order)])])


def _kept(order: Row) -> str:
    """What of an order is on drafts that people keep.

    >>> _kept({"kept_value": 120, "kept_orders": "RP-1"}), _kept({"kept_value": 0})
    (', 120.00 of it on RP-1, which stays as people made it', '')
    """
    if not order.get("kept_value"):
        return ""
    orders = order["kept_orders"] or "drafts that people keep"
    stay = "stay as people made them" if ", " in orders or not order["kept_orders"] else "stays as people made it"
    return f", {_money(order['kept_value'])} of it on {orders}, which {stay}"


def _left_out(order: Row) -> str:
    """What the spend cap takes of the order after its minimum; empty if nothing.

    >>> _left_out({"left_out_value": 145, "order_value": 61, "currency": "GBP"})
    'Then the spend cap leaves out 145.00 of it: 61.00 GBP is ordered.'
    """
    if not order.get("left_out_value"):
        return ""
    ordered = f"{_money(order['order_value'])} {order['currency']} is ordered" if order["order_value"] else (
        "nothing is ordered"
    )  # fmt: skip
    return f"Then the spend cap leaves out {_money(order['left_out_value'])} of it: {ordered}."


def _adding(order: Row, *, is_done: bool) -> str:
    if order["adding_units"] is None:
        return "" if order["decision"] == BELOW else "Units cannot be added: there is no room for them."
    products = _counted(order["adding_products"], "product")
    what = f"{in_units(order['adding_units'])} units of {products}"
    if is_done:
        return (
            f"{what} are added for {_money(order['adding_value'])}: they cost {_money(order['adding_holding_cost'])} "
            f"to hold and save {_money(order['adding_margin_saved'])} of margin{_AS_CHOSEN.get(_below(order), '')}."
        )
    return (
        f"Adding {what} for {_money(order['adding_value'])} would cost {_money(order['adding_holding_cost'])} to hold "
        f"and save {_money(order['adding_margin_saved'])} of margin."
    )


def _waiting(order: Row, *, is_done: bool) -> str:
    if order["wait_until_date"] is None:
        return "" if order["decision"] == BELOW or order.get("kept_value") else (
            "Without added units it would not reach the minimum in 90 days."
        )  # fmt: skip
    lost, saved = _money(order["waiting_margin_lost"]), _money(order["waiting_holding_saved"])
    short = f"{about_units(order['waiting_units_short'])} units short"
    if is_done:
        return (
            f"It waits until {order['wait_until_date']}: that loses {lost} of margin ({short}) and saves {saved} of "
            f"holding{_AS_CHOSEN.get(_below(order), '')}."
        )
    return (
        f"Waiting until {order['wait_until_date']} would lose {lost} of margin ({short}) and save {saved} of holding."
    )


def _stays_below(order: Row) -> str:
    """Why an order stays below its minimum."""
    if _below(order) == "as_is":
        return "It stays below the minimum, as below_minimum is as_is."
    if order.get("kept_value") and _below(order) != "wait":
        return "It stays below the minimum: no other product of the supplier has room for more without overstock."
    if order.get("kept_value"):
        return "It stays below the minimum: below_minimum is wait, and what people keep on a draft does not wait."
    if order["adding_units"] is None and order["wait_until_date"] is None:
        return (
            "It stays below the minimum: no product has room for more without overstock, and without added units it "
            "would not reach the minimum in 90 days."
        )
    return f"It stays below the minimum: below_minimum is {_below(order)}, which is not possible."


def adjustment_sentence(adjustment: Row, order: Row | None) -> str:
    """A row of `plan.order_adjustments` as a sentence; `order` is the row of `plan.supplier_orders` that it is of."""
    units = abs(adjustment["quantity_after"] - adjustment["quantity_before"])
    money = {name: _money(abs(adjustment[name])) for name in ("margin_lost", "holding_cost")}
    short = f"{about_units(abs(adjustment['units_short']))} units"
    estimated = " (margin estimated: a price is missing)" if adjustment["is_margin_estimated"] else ""
    supplier = adjustment["supplier_name"] or "its supplier"
    if adjustment["cause"] == KEPT:
        return _on_kept_draft(
            adjustment, f"{short} are expected to be short, a margin of {money['margin_lost']}{estimated}"
        )
    if adjustment["cause"] == ADDED:
        minimum = f" of {_money(order['minimum_order_value'])}" if order else ""
        return (
            f"{in_units(units)} more than needed, so that the order of {supplier} reaches its minimum{minimum}: they "
            f"cost {money['holding_cost']} to hold and save {money['margin_lost']} of margin{estimated}."
        )
    if adjustment["cause"] == WAITS:
        until = f" until {order['wait_until_date']}" if order and order["wait_until_date"] else ""
        return (
            f"{in_units(units)} wait{until} with the order of {supplier}, which is below its minimum: {short} are "
            f"expected to be short until then, a margin of {money['margin_lost']}{estimated}."
        )
    cap = f" of {_money(order['spend_cap'])}" if order and order["spend_cap"] is not None else ""
    return (
        f"{in_units(units)} fewer than needed: the spend cap{cap} goes to products that lose more. Without them "
        f"{short} are expected to be short, a margin of {money['margin_lost']}{estimated}."
    )


def _on_kept_draft(adjustment: Row, risk: str) -> str:
    """What a kept draft orders of a product beside what the plan alone would."""
    after, before = (adjustment[name] for name in ("quantity_after", "quantity_before"))
    on = f"On drafts that people keep: {in_units(after)} units" if after else "A person took it out of a draft"
    alone = f"{on}; the plan alone would order {in_units(before) if before else 'none'}."
    if after > before:
        held, saved = (_money(abs(adjustment[name])) for name in ("holding_cost", "margin_lost"))
        return f"{alone} The {in_units(after - before)} more cost {held} to hold and save {saved} of margin."
    return f"{alone} Without the other {in_units(before - after)}, {risk}."


def cap_sentence(summary: Row) -> str:
    """What the spend cap of a plan left out, from a row of `plan.plan_summary`; empty without a cap.

    >>> cap_sentence({"spend_cap": 200, "kept_value": 250, "currency": "GBP", "products_left_out": 1,
    ...     "left_out_value": 40, "left_out_margin_lost": 9.5})
    'Drafts that people keep come to 250.00 GBP, 50.00 above the spend cap of 200.00 GBP: they stay as they are, and \
the plan spends nothing beside them. 40.00 of 1 product is left out: a margin of 9.50 is expected to be lost.'
    """
    if summary.get("spend_cap") is None:
        return ""
    cap, kept = f"the spend cap of {_money(summary['spend_cap'])} {summary['currency']}", summary.get("kept_value") or 0
    left_out = "" if not summary["products_left_out"] else (
        f"{_money(summary['left_out_value'])} of {_counted(summary['products_left_out'], 'product')} is left out: a "
        f"margin of {_money(summary['left_out_margin_lost'])} is expected to be lost."
    )  # fmt: skip
    if kept > summary["spend_cap"]:
        over = (
            f"Drafts that people keep come to {_money(kept)} {summary['currency']}, "
            f"{_money(kept - summary['spend_cap'])} above {cap}: they stay as they are, and the plan spends nothing "
            f"beside them."
        )
        return f"{over} {left_out}".strip()
    with_kept = f", {_money(kept)} of it on drafts that people keep" if kept else ""
    return f"To keep {cap}{with_kept}, {left_out}" if left_out else f"All orders together fit in {cap}{with_kept}."


def _below(order: Row) -> str:
    return str(order["below_minimum"])


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _money(amount: Any) -> str:
    return f"{amount:,.2f}"
