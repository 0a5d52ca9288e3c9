"""Tables of the schema `backtest`: what policies would have kept over the last year.

Read more in docs/interfaces.md.
"""

import polars as pl

from pipelines.storage.tables.declaration import published_table

# fmt: off
POLICY_BACKTEST = published_table(
    "backtest", "policy_backtest", "One row per policy, service level and demand pattern, over the last year.",
    policy=pl.String, service_level=pl.Float64, demand_class=pl.String, products=pl.Int64, levels_kept=pl.Float64,
    orders_kept=pl.Float64, weeks_kept=pl.Float64, fill_rate_units=pl.Float64, fill_rate_money=pl.Float64,
    average_stock_value=pl.Float64, lost_margin_a_week=pl.Float64, order_lines=pl.Int64, orders=pl.Int64,
    weeks=pl.Int64, supplier_orders=pl.Float64, reviews=pl.Int64, model_comparisons=pl.Int64,
)
