"""The planning parameters: settings in force, lead times and protection intervals, made once for forecast and plan.

What belongs here: putting the tables of the stage `parameters` together. What does not: what a setting means
(`pipelines/planning_settings`), how lead times are estimated (`lead_times.py`).
Read more in docs/adr/0010-planning-parameters-are-made-once.md.
"""

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pipelines.forecasting.calendar_intervals import calendar_intervals
from pipelines.planning_settings.registry import settings_of_products, wide_settings
from pipelines.planning_settings.supplier_terms.supplier_calendar import calendars_in
from pipelines.product_groups.group_settings import group_conflicts
from pipelines.replenishment.lead_time_advice import observed_lead_times
from pipelines.replenishment.lead_times import (
    count_receipts,
    known_receipts,
    learn_lead_times,
    summarise_lengths,
    waiting_orders,
)
from pipelines.storage.tables import GROUP_CONFLICTS, LEAD_TIME_ESTIMATES, PRODUCT_GROUPS, empty


@dataclass(frozen=True)
class PlanningParameters:
    """The tables of the stage `parameters`."""

    plan_settings: pl.DataFrame
    lead_times: pl.DataFrame
    lead_time_estimates: pl.DataFrame
    supplier_calendars: pl.DataFrame
    protection_intervals: pl.DataFrame
    product_groups: pl.DataFrame = field(default_factory=lambda: empty(PRODUCT_GROUPS))
    group_conflicts: pl.DataFrame = field(default_factory=lambda: empty(GROUP_CONFLICTS))


def planning_parameters(
    products: pl.DataFrame,
    planning_settings: pl.DataFrame,
    purchase_receipts: pl.DataFrame,
    stock_on_order: pl.DataFrame,
    group_members: pl.DataFrame | None = None,
    *,
    as_of: date,
) -> PlanningParameters:
    """The parameters of every product on a day; each frame has the shape of its table."""
    groups = empty(PRODUCT_GROUPS) if group_members is None else group_members
    groups = groups.join(products.select("product_code"), on="product_code", how="semi", maintain_order="left")
    in_force = settings_of_products(products, planning_settings, groups)
    settings = wide_settings(in_force).join(products.select("product_code", "supplier_id"), on="product_code")
    calendars = calendars_in(planning_settings)
    assembled = settings.filter("is_assembled").select("product_code")
    settings, bought = (_without_supplier(frame, assembled) for frame in (settings, products))
    receipts = known_receipts(purchase_receipts, as_of=as_of).join(assembled, on="product_code", how="anti")
    waiting = waiting_orders(stock_on_order, receipts, as_of=as_of).join(assembled, on="product_code", how="anti")
    lengths = learn_lead_times(settings, receipts, waiting)
    return PlanningParameters(
        plan_settings=in_force,
        lead_times=lengths,
        lead_time_estimates=_estimates(bought, receipts, lengths),
        protection_intervals=calendar_intervals(settings, lengths, calendars, as_of=as_of),
        supplier_calendars=calendars,
        product_groups=groups,
        group_conflicts=group_conflicts(in_force, planning_settings, groups),
    )


def _without_supplier(products: pl.DataFrame, assembled: pl.DataFrame) -> pl.DataFrame:
    """The products, those that are assembled here without a supplier: no calendar and no receipts apply to them."""
    is_assembled = pl.col("product_code").is_in(assembled["product_code"].implode())
    return products.with_columns(supplier_id=pl.when(~is_assembled).then("supplier_id"))


def _estimates(products: pl.DataFrame, receipts: pl.DataFrame, lengths: pl.DataFrame) -> pl.DataFrame:
    """`parameters.lead_time_estimates`: mean and deviation of each product's lead time, and what its receipts show."""
    return (
        count_receipts(products.select("product_code", "supplier_id"), receipts)
        .join(summarise_lengths(lengths), on="product_code", how="left")
        .join(observed_lead_times(products, receipts), on="product_code", how="left")
        .sort("product_code")
        .select(list(LEAD_TIME_ESTIMATES.columns))
        .cast(LEAD_TIME_ESTIMATES.schema)
    )
