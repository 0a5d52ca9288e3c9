"""When the next orders to a supplier can be placed, and its coming shutdowns, by the calendar in force.

What belongs here: the days in words. What does not: the calendar (`planning_settings/supplier_terms`).
"""

from datetime import date, timedelta
from typing import Final

import numpy as np

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.registry import explicit_frame
from pipelines.planning_settings.supplier_terms.supplier_calendar import (
    SupplierCalendar,
    calendar_of,
    calendars_by_supplier,
    calendars_in,
)
from pipelines.replenishment.explain.calendar_sentences import in_words

NEXT_DAYS: Final = 4


def next_order_days(now: OrganisationSettings, supplier_id: str, *, today: date) -> list[str]:
    """The next days on which orders can be placed at a supplier; none if every day is one."""
    calendars = calendars_by_supplier(calendars_in(explicit_frame(now.explicit)), as_of=today)
    calendar = calendar_of(supplier_id, calendars)
    return [] if calendar is None else [in_words(day) for day in _next_days(calendar)]


def _next_days(calendar: SupplierCalendar) -> list[date]:
    days, place = [], 0
    for _ in range(NEXT_DAYS):
        place = int(calendar.next_order_day(np.array([place]))[0])
        days.append(calendar.as_of + timedelta(days=place))
        place += 1
    return days
