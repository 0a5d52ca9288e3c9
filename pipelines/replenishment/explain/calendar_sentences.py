"""What a supplier's calendar does to an order, in sentences.

What belongs here: order days and shutdowns of a line of the plan and of its open orders. What does not: other sentences
(`sentences.py`), the calendar (`planning_settings/supplier_terms`).
Read more in docs/buyer/supplier-terms.md.
"""

from collections.abc import Iterable
from datetime import date

import numpy as np

from pipelines.forecasting.calendar_intervals import Calendars
from pipelines.planning_settings.supplier_terms.supplier_calendar import calendar_of
from pipelines.replenishment.explain.records import OpenOrderLine, PlanLine
from pipelines.replenishment.plan.reasons import EXCLUDING


def about_calendar(line: PlanLine) -> list[str]:
    """When the next orders can be placed, and how long this one must last, if a calendar decides it; else nothing."""
    arrival, following = line.expected_arrival_date, line.next_order_date
    is_usual = not (line.is_ordered_later or line.calendar_days_added or line.shut_days)
    if arrival is None or following is None or is_usual or line.reason in EXCLUDING:
        return []
    order = "this order" if line.order_quantity > 0 else "an order"
    then = f"can be placed on {in_words(following)}{_shut(line)}{_must_last(line, order)}."
    if not line.is_ordered_later:
        return [f"The next order {then}"]
    first = (
        f"The supplier takes no order today: {order} can be placed on {in_words(line.order_on_date)} and is expected "
        f"on {in_words(arrival)}."
    )
    return [first, f"The order after it {then}"]


def in_words(day: date) -> str:
    """A day as a buyer reads it.

    >>> in_words(date(2026, 12, 14))
    'Mon 14 Dec'
    """
    return f"{day:%a} {_date(day)}"


def placed(line: PlanLine) -> str:
    """When the order of a line is placed: "placed today", or on which day."""
    return f"placed on {in_words(line.order_on_date)}" if line.is_ordered_later else "placed today"


def orders_behind_shutdowns(orders: Iterable[OpenOrderLine], calendars: Calendars, *, as_of: date) -> list[str]:
    """A sentence for each counted open order that was promised for a day on which its supplier is shut."""
    found = {}
    for order in orders:
        calendar = calendar_of(order.supplier_id, calendars)
        promised, expected = order.expected_arrival_date, order.estimated_arrival_date
        if calendar is None or promised is None or expected is None or promised < as_of:
            continue
        day = (promised - as_of).days
        period = calendar.shutdown_within(day, day + 1)
        if period and calendar.next_open_day(np.array([day]))[0] > day:
            found[order.purchase_order_number] = (
                f"{order.purchase_order_number}, promised for {in_words(promised)}, is expected on "
                f"{in_words(expected)}: its supplier is shut from {_date(period[0])} to {_date(period[1])}."
            )
    return list(found.values())


def _shut(line: PlanLine) -> str:
    if line.shut_from_date is None or line.shut_until_date is None:
        return ""
    days = (line.shut_until_date - line.shut_from_date).days + 1
    further = (line.shut_days or 0) - days
    more = f" and on {further} more days" if further > 0 else ""
    return f"; the supplier is shut from {_date(line.shut_from_date)} to {_date(line.shut_until_date)}{more}"


def _must_last(line: PlanLine, order: str) -> str:
    added = line.calendar_days_added or 0
    if not added:
        return ""
    return f", so {order} must last {line.horizon_days} days instead of {line.horizon_days - added}"


def _date(day: date) -> str:
    return f"{day.day} {day:%b}"
