"""What a supplier's calendar does not allow about an order's dates.

What belongs here: the sentences about one order. What does not: the calendar (`planning_settings/supplier_terms`), and
an order's other remarks (`purchasing/remarks.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from pipelines.planning_settings.supplier_terms.supplier_calendar import SupplierCalendar, calendar_of
from pipelines.purchasing.orders import Order
from pipelines.replenishment.explain.calendar_sentences import in_words


def calendar_remarks(order: Order, calendars: Mapping[str, SupplierCalendar]) -> list[str]:
    """Clauses on an order date that is no order day, and on products expected while the supplier is shut.

    `calendars` are by supplier id.
    """
    calendar = calendar_of(order.supplier_id, calendars)
    if calendar is None:
        return []
    arrivals = {order.arrival_of(line) for line in order.lines} or {order.expected_arrival_date}
    return [*_ordering(order.order_date, calendar), *_arriving(arrivals, calendar)]


def _ordering(day: date, calendar: SupplierCalendar) -> list[str]:
    place = (day - calendar.as_of).days
    allowed = int(calendar.next_order_day(np.array([place]))[0])
    if allowed == place:
        return []
    following = in_words(calendar.as_of + timedelta(days=allowed))
    return [f"its supplier takes no order on {in_words(day)}, its date; the next order day is {following}"]


def _arriving(arrivals: set[date], calendar: SupplierCalendar) -> list[str]:
    """A clause for each shutdown in which something is expected, by date."""
    days = [(day - calendar.as_of).days for day in sorted(arrivals)]
    shut = [calendar.shutdown_within(day, day + 1) for day in days]
    return [
        f"it is expected while its supplier is shut, from {in_words(period[0])} to {in_words(period[1])}"
        for period in dict.fromkeys(filter(None, shut))
    ]
