"""The days of an order in the plan: when it can be placed, when it arrives, what of that is the supplier's calendar.

What belongs here: columns of the plan that follow from calendars. What does not: protection intervals
(`forecasting/calendar_intervals.py`), the calendar of one supplier (`planning_settings/supplier_terms`).
Read more in docs/maths.md#supplier-calendars.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecasting.calendar_intervals import Calendars, calendar_id
from pipelines.planning_settings.supplier_terms.supplier_calendar import SupplierCalendar

_DAYS: Final = ("order_day", "next_order_day", "expected_arrival_day")
_SHUT: Final = pl.Schema({"shut_from_date": pl.Date, "shut_until_date": pl.Date, "shut_days": pl.Int64})
Rows = tuple[SupplierCalendar, pl.DataFrame]


def with_order_days(products: pl.DataFrame, intervals: pl.DataFrame, calendars: Calendars, as_of: date) -> pl.DataFrame:
    """The products with the dates of their next two orders, the arrival of the first, and shutdowns in the interval.

    `products` has `supplier_id`, `horizon_days`, `expected_lead_time_days`, `order_frequency_days` and
    `forecast_period_days`; `intervals` has the shape of its table.
    """
    of_product = intervals.group_by("product_code").agg(pl.col(_DAYS).first())
    usual = pl.col("expected_lead_time_days") + pl.col("order_frequency_days")
    dated = products.join(of_product, on="product_code", how="left", maintain_order="left").with_columns(
        order_on_date=_day(as_of, pl.col("order_day").fill_null(0)),
        next_order_date=_day(as_of, pl.col("next_order_day")),
        expected_arrival_date=_day(as_of, pl.col("expected_arrival_day")),
        calendar_days_added=pl.when(pl.col("forecast_period_days").is_null())
        .then(pl.col("horizon_days") - usual)
        .otherwise(0),
    )
    return _by_calendar(dated, calendars, _shutdowns, otherwise={"shut_days": 0}, schema=_SHUT)


def last_order_day(plan: pl.DataFrame, calendars: Calendars) -> pl.DataFrame:
    """The plan with `last_order_day`: that of the last order that arrives while stock lasts; null without a calendar.

    `plan` has `stock_lasts_days`. It is never before the next but one order, since the next one is decided now.
    """
    schema = pl.Schema({"last_order_day": pl.Int64})
    return _by_calendar(plan, calendars, _last_order_days, otherwise={}, schema=schema)


def _by_calendar(
    frame: pl.DataFrame,
    calendars: Calendars,
    values: Callable[[SupplierCalendar, pl.DataFrame], Iterable[Sequence[Any]]],
    *,
    otherwise: dict[str, Any],
    schema: pl.Schema,
) -> pl.DataFrame:
    """The frame with columns that a function gives for the rows of each calendar; `otherwise` for all other rows."""
    if not calendars:
        return frame.with_columns(pl.lit(otherwise.get(name), dtype=kind).alias(name) for name, kind in schema.items())
    numbered = frame.with_row_index("_row").with_columns(_key=calendar_id("supplier_id", calendars))
    parts = [
        part.with_columns(pl.DataFrame(list(values(calendars[str(key)], part)), schema=schema, orient="row"))
        for (key,), part in numbered.drop_nulls("_key").group_by("_key", maintain_order=True)
    ]
    rest = numbered.filter(pl.col("_key").is_null()).with_columns(
        pl.lit(otherwise.get(name), dtype=kind).alias(name) for name, kind in schema.items()
    )
    return pl.concat([rest, *parts]).sort("_row").drop("_row", "_key")


def _shutdowns(calendar: SupplierCalendar, rows: pl.DataFrame) -> Iterable[Sequence[Any]]:
    horizons = rows["horizon_days"].fill_null(0).to_list()
    shut = {days: (calendar.shutdown_within(0, days), calendar.shut_days(*_from_today(days))) for days in set(horizons)}
    for days in horizons:
        period, count = shut[days]
        yield (*(period or (None, None)), int(count[0]))


def _last_order_days(calendar: SupplierCalendar, rows: pl.DataFrame) -> Iterable[Sequence[Any]]:
    lasts = rows["stock_lasts_days"].fill_nan(None).fill_null(0.0).clip(0.0, 1e5).to_numpy()
    length = rows["expected_lead_time_days"].fill_null(0).to_numpy().astype(np.int64)
    found = calendar.latest_order_day(np.floor(lasts).astype(np.int64), length)
    return ((int(day),) for day in np.maximum(found, rows["next_order_day"].fill_null(0).to_numpy()))


def _from_today(days: int) -> tuple[Any, Any]:
    return np.array([0]), np.array([days])


def _day(as_of: date, days: pl.Expr) -> pl.Expr:
    return pl.lit(as_of) + pl.duration(days=days)
