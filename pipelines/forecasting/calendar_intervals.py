"""Protection intervals of products whose suppliers take orders on some days only, or are shut.

What belongs here: from lead times, review periods and calendars to days. What does not: the calendar of one supplier
(`planning_settings/supplier_terms/supplier_calendar.py`), intervals without one (`protection_intervals.py`).
Read more in docs/maths.md#supplier-calendars.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.protection_intervals import (
    LONGEST_HORIZON_DAYS,
    expected_intervals,
    in_whole_days,
    protection_intervals,
)
from pipelines.planning_settings.supplier_terms.supplier_calendar import (
    EVERYONE,
    SupplierCalendar,
    calendars_by_supplier,
)
from pipelines.storage.tables import PROTECTION_INTERVALS

# How near to the product a setting is; levels that are not listed are nearer than the supplier.
_NEARNESS: Final = {"default": 0, "global": 1, "supplier": 2}
_NEAREST: Final = 3
_LEVELS: Final = ("supplier_id", "order_days_level")

Days = NDArray[np.int64]
Calendars = Mapping[str, SupplierCalendar]
"""The calendars of suppliers by id."""
NO_CALENDARS: Final[Calendars] = {}


def calendar_intervals(
    settings: pl.DataFrame, lead_times: pl.DataFrame, calendars: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """`parameters.protection_intervals`: when the next order can be placed and arrives, and how long it must last.

    `settings` has `product_code`, `supplier_id`, `order_frequency_days`, `order_frequency_origin` and may have
    `forecast_period_days`; `calendars` has the shape of its table. Days count from `as_of`. A product whose supplier
    has no calendar can be ordered today, and has the intervals of `protection_intervals`.
    """
    usual = _with_expected(settings, protection_intervals(settings, lead_times))
    by_supplier = calendars_by_supplier(calendars, as_of=as_of)
    if not by_supplier:
        return usual
    keyed = settings.with_columns(calendar_id=calendar_id("supplier_id", by_supplier))
    changed = [
        _intervals(own, lead_times, by_supplier[str(key)], levels=dict(calendars.select(_LEVELS).rows()))
        for (key,), own in keyed.drop_nulls("calendar_id").group_by("calendar_id", maintain_order=True)
    ]
    codes = keyed.drop_nulls("calendar_id")["product_code"]
    others = usual.filter(~pl.col("product_code").is_in(codes.implode()))
    return pl.concat([others, *changed]).sort("product_code", "arrival_day")


def _with_expected(settings: pl.DataFrame, intervals: pl.DataFrame) -> pl.DataFrame:
    """Intervals of orders that can be placed today, with all columns of `parameters.protection_intervals`."""
    expected = expected_intervals(intervals).select(
        "product_code", expected_arrival_day="arrival_day", expected_horizon_days="horizon_days"
    )
    return (
        intervals.join(expected, on="product_code", how="left", maintain_order="left")
        .join(settings.select("product_code", next_order_day="order_frequency_days"), on="product_code", how="left",
              maintain_order="left")
        .with_columns(order_day=pl.lit(0), expected_lead_time_days="expected_arrival_day")
        .select(list(PROTECTION_INTERVALS.columns))
        .cast(PROTECTION_INTERVALS.schema)
    )  # fmt: skip


def calendar_id(column: str, by_supplier: Calendars) -> pl.Expr:
    """The supplier under whose id the calendar of a row's supplier is; null if it has none."""
    own = pl.when(pl.col(column).is_in(list(by_supplier))).then(pl.col(column))
    return pl.coalesce(own, pl.lit(EVERYONE)) if EVERYONE in by_supplier else own


def _intervals(
    settings: pl.DataFrame, lead_times: pl.DataFrame, calendar: SupplierCalendar, *, levels: Mapping[str, str]
) -> pl.DataFrame:
    """The intervals of the products of one calendar."""
    has_period = "forecast_period_days" in settings.columns
    period = pl.col("forecast_period_days") if has_period else pl.lit(None, dtype=pl.Int64)
    nearness = pl.col("order_frequency_origin").replace_strict(_NEARNESS, default=_NEAREST)
    level = _NEARNESS.get(levels[settings["calendar_id"][0]], 0)
    rows = (
        lead_times.join(settings, on="product_code", how="inner")
        .sort("product_code", "lead_time_days")
        .with_columns(
            period=period.cast(pl.Int64),
            frequency=pl.when(nearness >= level).then("order_frequency_days").otherwise(1),
            expected_lead_time_days=in_whole_days((pl.col("lead_time_days") * pl.col("weight")).sum()).over(
                "product_code"
            ),
        )
    )
    order_day = calendar.next_order_day(np.zeros(rows.height, dtype=np.int64))
    next_day = calendar.next_order_day(order_day + rows["frequency"].to_numpy())
    lengths = {"": rows["lead_time_days"].to_numpy(), "expected_": rows["expected_lead_time_days"].to_numpy()}
    days = {
        name: _within(calendar.arrival(placed, length))
        for before, length in lengths.items()
        for name, placed in ((f"{before}arrival_day", order_day), (f"{before}horizon_days", next_day))
    }
    return (
        rows.with_columns(
            pl.Series(name, values, dtype=pl.Int64)
            for name, values in (days | {"order_day": _within(order_day), "next_order_day": _within(next_day)}).items()
        )
        .with_columns(pl.coalesce("period", name).alias(name) for name in ("horizon_days", "expected_horizon_days"))
        .select(list(PROTECTION_INTERVALS.columns))
        .cast(PROTECTION_INTERVALS.schema)
    )


def _within(days: Days) -> Days:
    return np.minimum(days, LONGEST_HORIZON_DAYS)
