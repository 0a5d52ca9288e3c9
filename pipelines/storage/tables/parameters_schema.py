"""Tables of the schema `parameters`: what products are planned with, made once for forecast and plan.

Read more in docs/interfaces.md.
"""

import polars as pl

from pipelines.storage.tables.declaration import INSTANT, published_table, table

# fmt: off
PLAN_SETTINGS = published_table(
    "parameters", "plan_settings", "One row per product and setting: the value in force and the level it comes from.",
    product_code=pl.String, name=pl.String, value=pl.String, origin=pl.String,
)
LEAD_TIMES = published_table(
    "parameters", "lead_times", "One row per product and possible lead time.",
    product_code=pl.String, lead_time_days=pl.Int64, weight=pl.Float64,
)
LEAD_TIME_ESTIMATES = table(
    "parameters", "lead_time_estimates", "One row per product: its estimated lead time, and the receipts that show it.",
    product_code=pl.String, expected_lead_time_days=pl.Int64, lead_time_deviation_days=pl.Float64,
    product_receipts=pl.Int64, supplier_receipts=pl.Int64, observed_lead_time_days=pl.Float64,
    observed_low_days=pl.Float64, observed_high_days=pl.Float64, receipts=pl.Int64, receipts_of=pl.String,
)
PROTECTION_INTERVALS = published_table(
    "parameters", "protection_intervals",
    "One row per product and possible lead time: when the next order arrives, and how long it must last.",
    product_code=pl.String, arrival_day=pl.Int64, horizon_days=pl.Int64, weight=pl.Float64, order_day=pl.Int64,
    next_order_day=pl.Int64, expected_arrival_day=pl.Int64, expected_horizon_days=pl.Int64,
    expected_lead_time_days=pl.Int64,
)
SUPPLIER_CALENDARS = published_table(
    "parameters", "supplier_calendars",
    "One row per supplier with order days or shutdowns; the row without an id holds for all others.",
    supplier_id=pl.String, order_days=pl.String, order_days_level=pl.String, shutdowns=pl.String,
)
PRODUCT_GROUPS = published_table(
    "parameters", "product_groups", "One row per product and group that it is in, with how it got there.",
    product_code=pl.String, group_id=pl.String, group_kind=pl.String, group_name=pl.String, group_order=pl.Int64,
    joined_by=pl.String, group_rule=pl.String, set_by=pl.String, set_at=INSTANT,
)
GROUP_CONFLICTS = published_table(
    "parameters", "group_conflicts",
    "One row per product and setting that two of its groups set differently, if the setting of a group is in force.",
    product_code=pl.String, name=pl.String, value=pl.String, group_id=pl.String, group_name=pl.String,
    other_values=pl.String,
)
