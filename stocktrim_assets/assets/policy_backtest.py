"""The policy's backtest: what our rule and its rivals would have done to the organisation's own last year.

Read more in docs/maths.md.
"""

import base64
from typing import Any, Final

import dagster as dg
import polars as pl

from pipelines import tables
from pipelines.organisation import OpenOrganisation
from pipelines.replenishment.parameters import global_settings
from pipelines.replenishment.replay.backtest import OURS, Asked, run_backtest
from pipelines.replenishment.replay.history import of_organisation
from pipelines.replenishment.replay.picture import frontier_svg
from pipelines.replenishment.replay.report import price_list
from pipelines.warehouse import read_table, replace_table
from stocktrim_assets.failures import told_plainly
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import markdown_table, table_metadata

SERVICE_LEVELS: Final = (0.9, 0.95, 0.98, 0.99)
REVIEW_DAYS: Final = 7
_SHOWN: Final = (
    "policy", "service_level", "orders_kept", "weeks_kept", "fill_rate_units", "average_stock_value",
    "lost_margin_a_week", "order_lines",
)  # fmt: skip


@dg.asset(
    key=[tables.POLICY_BACKTEST.stage, tables.POLICY_BACKTEST.name],
    description="Replay the last year for our rule, the textbook's and one like StockTrim's, in service and in money.",
    deps=[
        ["marts", "demand_daily"],
        ["marts", "products"],
        ["marts", "purchase_receipts"],
        *(["plan", name] for name in ("order_plan", "plan_settings", "lead_times")),
    ],
    group_name="backtest",
    kinds={"polars", "python"},
    owners=["team:purchasing"],
    partitions_def=organisations,
)
def policy_backtest(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> dg.MaterializeResult[Any]:
    """Replay, keep the table, show the frontier."""
    with told_plainly(), organisation.warehouse() as warehouse:
        names = (
            tables.DEMAND_DAILY,
            tables.PRODUCTS,
            tables.ORDER_PLAN,
            tables.PLAN_SETTINGS,
            tables.LEAD_TIMES,
            tables.PURCHASE_RECEIPTS,
        )
        history = of_organisation(*(read_table(warehouse, table) for table in names), lead_time_days=None)
        rule = global_settings(read_table(warehouse, tables.PLANNING_SETTINGS)).rule
        asked = Asked(order_frequency_days=REVIEW_DAYS, service_levels=SERVICE_LEVELS, rule=rule)
        told = run_backtest(history, asked, progress=context.log.info)
        replace_table(warehouse, tables.POLICY_BACKTEST, told.results.cast(tables.POLICY_BACKTEST.schema))
    return dg.MaterializeResult(
        metadata=table_metadata(tables.POLICY_BACKTEST, told.results.height) | _shown(told.results)
    )


def _shown(results: pl.DataFrame) -> dict[str, Any]:
    of_all = results.filter(pl.col("demand_class") == "all").select(_SHOWN)
    picture = base64.b64encode(frontier_svg(results).encode()).decode()
    prices = price_list(results, OURS)
    return {
        "frontier": dg.MetadataValue.md(f"![stock against service](data:image/svg+xml;base64,{picture})"),
        "policies": markdown_table(of_all, columns={name: name.replace("_", " ") for name in of_all.columns}),
        "price list": markdown_table(prices, columns={name: name.replace("_", " ") for name in prices.columns}),
    }
