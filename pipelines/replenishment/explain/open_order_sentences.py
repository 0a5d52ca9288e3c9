"""What open orders do to a quantity, in sentences: those that are late, and those that arrive after they are needed.

What belongs here: sentences about open orders of a line of the plan. What does not: advice on them
(`open_orders/advice.py`), those behind a shutdown (`calendar_sentences.py`).
Read more in docs/buyer/late-delivery.md.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from pipelines.replenishment.explain.records import OpenOrderLine, PlanLine
from pipelines.replenishment.units_in_words import in_units

LATE: Final = "late"
"""The rule of an open order that is past its day."""
MOST_NAMED: Final = 3


def late_sentence(line: PlanLine, orders: Iterable[OpenOrderLine]) -> list[str]:
    """What is on its way but late: it is no supply, so the quantity is as if it never came; which orders, since when.

    `orders` are the open orders of the line's product. Nothing if none is late.
    """
    late = line.stock_on_order_late
    if late <= 0:
        return []
    late_orders = sorted(
        (order for order in orders if order.rule == LATE), key=lambda order: due_date(order) or date.min
    )
    due = list(dict.fromkeys(map(_with_its_day, late_orders)))
    more = f"; {len(due) - MOST_NAMED} more" if len(due) > MOST_NAMED else ""
    named = f" ({'; '.join(due[:MOST_NAMED])}{more})" if due else ""
    are, them = ("unit is", "it") if late == 1 else ("units are", "them")
    return [f"{in_units(late)} {are} on the way but late{named}: the plan does not count on {them}."]


def about_open_orders(line: PlanLine) -> list[str]:
    """What is on order but arrives after the days that an order of today covers."""
    after_cover = line.stock_on_order_after_cover
    return [f"{in_units(after_cover)} units on order arrive after the coverage period."] if after_cover else []


def _with_its_day(order: OpenOrderLine) -> str:
    number, due = order.purchase_order_number, due_date(order)
    return f"{number}, due on {due}" if due else number


def due_date(order: OpenOrderLine) -> date | None:
    """The day on which an open order was due, as far as it is known."""
    return order.delivery_date or order.expected_arrival_date
