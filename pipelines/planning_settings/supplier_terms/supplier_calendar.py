"""What a supplier's calendar means for an order: when it can be placed, when it arrives.

An order is placed on an order day outside shutdowns. Lead time counts the days outside shutdowns; nothing arrives in
one. Days are numbers relative to the day of the plan.
What belongs here: pure functions of days. What does not: how people write a calendar (`calendar_words.py`), protection
intervals (`forecasting/calendar_intervals.py`).
Read more in docs/maths.md#supplier-calendars.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.planning_settings.supplier_terms.calendar_words import (
    dates_in,
    joined_periods,
    periods_in,
    weekdays_in,
    written_periods,
)
from pipelines.storage.tables import SUPPLIER_CALENDARS

EVERYONE: Final = ""
"""Stands for the suppliers without a calendar of their own."""
# Orders placed before the first day are older than any lead time; no protection interval reaches the last.
_FIRST_DAY: Final = -1500
_LAST_DAY: Final = 6000
_WEEK: Final = 7
_NAMES: Final = ("order_days", "shutdowns")

Days = NDArray[np.int64]


@dataclass(frozen=True)
class SupplierCalendar:
    """A supplier's order days and shutdowns as stored texts, seen from a day.

    Functions take and give days relative to `as_of`; beyond the last known day they give that day.
    """

    order_days: str
    shutdowns: str
    as_of: date

    def next_order_day(self, day: Days) -> Days:
        """The first day on or after a day on which an order can be placed.

        >>> mondays = SupplierCalendar("mon", "2026-12-21..2027-01-02", date(2026, 12, 2))
        >>> mondays.next_order_day(np.array([0, 5, 13])).tolist()
        [5, 5, 33]
        """
        return self._next_order_days[self._place(day)]

    def last_order_day(self, day: Days) -> Days:
        """The last day on or before a day on which an order can be placed; the first known day if there is none."""
        return self._last_order_days[self._place(day)]

    def next_open_day(self, day: Days) -> Days:
        """The first day on or after a day outside shutdowns: when goods arrive that were due on that day."""
        return self._open_day(self._open_before[self._place(day)])

    def arrival(self, placed: Days, lead_time_days: Days) -> Days:
        """The day on which an order placed on a day arrives: an open day, with the lead time in open days before it.

        >>> shut = SupplierCalendar("", "2026-12-24..2027-01-02", date(2026, 12, 4))
        >>> shut.arrival(np.array([0, 7]), np.array([14, 14])).tolist()
        [14, 31]
        """
        return self._open_day(self._open_before[self._place(placed)] + lead_time_days)

    def arrives_after(self, lead_time_days: int) -> int:
        """The days until an order of `as_of` arrives."""
        return int(self.arrival(np.array([0]), np.array([lead_time_days]))[0])

    def latest_order_day(self, arrives_by: Days, lead_time_days: Days) -> Days:
        """The last day on which an order can be placed that arrives on a day or before."""
        rank = self._open_before[self._place(arrives_by + 1)] - 1 - lead_time_days
        return self.last_order_day(np.where(rank >= 0, self._open_day(np.maximum(rank, 0)), _FIRST_DAY))

    def shut_days(self, begin: Days, end: Days) -> Days:
        """The number of shutdown days from a day until the day before another."""
        first, last = self._place(begin), self._place(end)
        return np.maximum(0, (last - first) - (self._open_before[last] - self._open_before[first]))

    def shutdown_within(self, begin: int, end: int) -> tuple[date, date] | None:
        """The first shutdown with a day from a day until the day before another; none if there is none."""
        first, behind = self.as_of + timedelta(days=begin), self.as_of + timedelta(days=end)
        return next((period for period in self._periods if period[1] >= first and period[0] < behind), None)

    @cached_property
    def _periods(self) -> list[tuple[date, date]]:
        return joined_periods(periods_in(self.shutdowns))

    @cached_property
    def _days(self) -> Days:
        return np.arange(_FIRST_DAY, _LAST_DAY + 1)

    @cached_property
    def _is_open(self) -> NDArray[np.bool_]:
        is_open = np.ones(self._days.size, dtype=bool)
        for begin, until in self._periods:
            first, last = ((day - self.as_of).days - _FIRST_DAY for day in (begin, until))
            is_open[max(0, first) : max(0, last + 1)] = False
        return is_open

    @cached_property
    def _open_days(self) -> Days:
        return self._days[self._is_open]

    @cached_property
    def _open_before(self) -> Days:
        """For each day the number of open days before it."""
        return np.cumsum(self._is_open) - self._is_open

    @cached_property
    def _is_order_day(self) -> NDArray[np.bool_]:
        weekdays, dates = weekdays_in(self.order_days), dates_in(self.order_days)
        if weekdays:
            return np.asarray(self._is_open & np.isin((self._days + self.as_of.weekday()) % _WEEK, weekdays))
        if dates:
            return np.asarray(self._is_open & _is_one_of(np.datetime64(self.as_of) + self._days, dates))
        return self._is_open

    @cached_property
    def _next_order_days(self) -> Days:
        known = np.where(self._is_order_day, self._days, _LAST_DAY)
        return np.minimum.accumulate(known[::-1])[::-1]

    @cached_property
    def _last_order_days(self) -> Days:
        return np.maximum.accumulate(np.where(self._is_order_day, self._days, _FIRST_DAY))

    def _open_day(self, rank: Days) -> Days:
        days = np.append(self._open_days, _LAST_DAY)
        return days[np.minimum(rank, days.size - 1)]

    def _place(self, day: Days) -> Days:
        return np.clip(day, _FIRST_DAY, _LAST_DAY) - _FIRST_DAY


def _is_one_of(days: NDArray[np.datetime64], dates: list[int]) -> NDArray[np.bool_]:
    """Whether each day is a date of its month; the last day of a month stands for the dates that it lacks."""
    months = days.astype("datetime64[M]")
    begins, ends = (month.astype("datetime64[D]") for month in (months, months + 1))
    number, last = (days - begins).astype(np.int64) + 1, (ends - begins).astype(np.int64)
    return np.asarray(np.isin(number, dates) | ((number == last) & (max(dates) > last)))


def calendars_in(settings: pl.DataFrame) -> pl.DataFrame:
    """The calendars that people set: `parameters.supplier_calendars`; `settings` has the shape of its raw table.

    A supplier's order days replace the organisation's. Its shutdowns come on top of the organisation's, except if they
    are set to none. The row of `EVERYONE` holds for all other suppliers.
    """
    chosen = settings.filter(pl.col("name").is_in(_NAMES) & pl.col("level").is_in(["global", "supplier"]))
    values = {(row["subject"], row["name"]): row["value"] or "" for row in chosen.iter_rows(named=True)}
    subjects = sorted({subject for subject, _ in values} | ({EVERYONE} if values else set()))
    rows = [(subject, *_in_force(values, subject)) for subject in subjects]
    return pl.DataFrame(rows, schema=SUPPLIER_CALENDARS.schema, orient="row").filter(
        (pl.col("order_days") != "") | (pl.col("shutdowns") != "") | (pl.col("supplier_id") != EVERYONE)
    )


def _in_force(values: Mapping[tuple[str, str], str], supplier: str) -> tuple[str, str, str]:
    """Order days, the level at which they are set, and shutdowns of a supplier."""
    days = values.get((supplier, "order_days"), values.get((EVERYONE, "order_days"), ""))
    is_own = supplier != EVERYONE and (supplier, "order_days") in values
    level = ("supplier" if is_own else "global") if days else ""
    own, of_all = values.get((supplier, "shutdowns")), values.get((EVERYONE, "shutdowns"), "")
    periods = [] if own == "" else [*periods_in(own or ""), *periods_in(of_all)]
    return days, level, written_periods(joined_periods(periods))


def calendars_by_supplier(calendars: pl.DataFrame, *, as_of: date) -> dict[str, SupplierCalendar]:
    """The calendar of each supplier that has one, by id, from a table in the shape of `supplier_calendars`.

    The same calendar is one object, so that its days are worked out once.
    """
    made: dict[tuple[str, str], SupplierCalendar] = {}
    found: dict[str, SupplierCalendar] = {}
    for row in calendars.iter_rows(named=True):
        words = (row["order_days"], row["shutdowns"])
        found[row["supplier_id"]] = made.setdefault(words, SupplierCalendar(*words, as_of))
    return found


def calendar_of(supplier_id: str | None, by_supplier: Mapping[str, SupplierCalendar]) -> SupplierCalendar | None:
    """The calendar of a supplier: its own, else that of everyone, else None."""
    return by_supplier.get(supplier_id or EVERYONE, by_supplier.get(EVERYONE))
