"""A quantity of the plan as its cell shows it, and the sentence after it was saved.

What belongs here: words and figures of the column Order. What does not: which quantity holds.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import polars as pl

from pipelines.organisations.order_decisions.typed_quantities import EditOutcome, Outcome
from pipelines.purchasing.drafts import planned_quantity
from pipelines.purchasing.kept_lines import as_the_plan_alone
from pipelines.purchasing.order_changes.planned_quantities import QuantityNow
from pipelines.purchasing.orders import Order
from planner.frame.formats import money
from planner.shown.plan_lines_shown import PlanLines
from planner.shown.plan_shown.plan_now import PlanNow

_NONE: Final = QuantityNow()


def cells_of(codes: Sequence[str], found: PlanLines) -> dict[str, dict[str, str]]:
    """What the rows of products show after an edit: quantity, value, and what the plan says if it differs."""
    of_products = found.view.order_plan.filter(pl.col("product_code").is_in(list(codes)))
    lines = as_the_plan_alone(of_products).select("product_code", "order_quantity", "order_value", "currency")
    by_code = {line["product_code"]: line for line in lines.iter_rows(named=True)}
    with_currency = len(found.currencies) > 1
    return {
        code: _cell(by_code[code], found.now.by_code.get(code), with_currency=with_currency)
        if code in by_code else {"quantity": "", "value": "", "cents": "0", "mark": "", "tip": ""}
        for code in codes
    }  # fmt: skip


def _cell(line: Mapping[str, Any], now: QuantityNow | None, *, with_currency: bool) -> dict[str, str]:
    quantity = now.quantity if now else planned_quantity(line["order_quantity"] or 0.0)
    value = now.value if now else line["order_value"] or Decimal(0)
    mark, tip = mark_of(line["order_quantity"] or 0.0, now)
    return {
        "quantity": plain(quantity), "value": money(value, line["currency"] if with_currency else None),
        "cents": str(int(value * 100)), "mark": mark, "tip": tip,
    }  # fmt: skip


def plain(quantity: Decimal | float) -> str:
    """A quantity as it stands in a field: no separators, no trailing zeros.

    >>> plain(1200.0), plain(Decimal("0.50")), plain(0.0)
    ('1200', '0.5', '0')
    """
    text = f"{planned_quantity(float(quantity)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def mark_of(planned: float, now: QuantityNow | None) -> tuple[str, str]:
    """What stands beside a quantity that is not the plan's, and the sentence on it; nothing for one that is."""
    if now is None or now.quantity == planned_quantity(planned):
        return "", ""
    plan = f"plan: {plain(planned)}"
    if now.drafts:
        return plan, f"The plan orders {plain(planned)}. {_numbers(now)} with {plain(now.quantity)} stays as it is."
    if now.taken_out_of is not None:
        number = now.taken_out_of.purchase_order_number
        return plan, f"The plan orders {plain(planned)}. It was taken off {number}, so none is ordered."
    return "ordered", f"{', '.join(now.approved_since)} has it, approved since the plan was made."


def _numbers(now: QuantityNow) -> str:
    numbers = " and ".join(order.purchase_order_number for order in now.drafts)
    return f"The draft {numbers}" if len(now.drafts) == 1 else f"The drafts {numbers}"


def saved_words(outcomes: Sequence[EditOutcome], now: PlanNow, orders: Sequence[Order]) -> str:
    """What happened, in the past tense; the first sentence of what did not."""
    saved = [one for one in outcomes if one.outcome is Outcome.SAVED]
    failed = [one for one in outcomes if one.outcome is not Outcome.SAVED]
    parts = []
    if len(saved) == 1:
        parts.append(_one_saved(saved[0], now, orders))
    elif saved:
        parts.append(f"Saved {len(saved):,} quantities.")
    if failed:
        more = f" and {len(failed) - 1:,} more were" if len(failed) > 1 else " was"
        parts.append(f"{failed[0].edit.product_code}{more} not saved: {failed[0].sentence}")
    return " ".join(parts)


def _one_saved(one: EditOutcome, now: PlanNow, orders: Sequence[Order]) -> str:
    code = one.edit.product_code
    held = now.by_code.get(code, _NONE)
    ids = {order.order_id for order in held.drafts} | {order.order_id for order in filter(None, [held.taken_out_of])}
    draft = next((order for order in orders if order.order_id in ids), None)
    if draft is None:
        return f"Saved. {code}: {one.edit.typed.strip()}."
    worth = f"{money(draft.value, draft.currency)}"
    return (
        f"Saved. {code}: {plain(held.quantity)}. The draft {draft.purchase_order_number} to {draft.supplier_name} "
        f"comes to {worth}."
    )
