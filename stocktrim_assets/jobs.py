"""The jobs: which stages run together.

What belongs here: selections. What does not: assets. Each job runs in one process, since DuckDB has one writer.
Read more in docs/interfaces.md.
"""

from typing import Final

import dagster as dg

from stocktrim_assets import listed_orders
from stocktrim_assets.assets import explained, marts, published, purchase_orders, raw
from stocktrim_assets.specs import key_of

_FROM_XERO = dg.AssetSelection.assets(raw.load_from_xero)
_MODELLED = dg.AssetSelection.assets(raw.decisions, marts.warehouse_models)
_ORDERS = dg.AssetSelection.assets(*(key_of(table) for table in listed_orders.STAGE.makes))
_PUBLISHED = _ORDERS | dg.AssetSelection.assets(published.SNAPSHOT)
_PLAN_PUBLISHED = _PUBLISHED | dg.AssetSelection.assets(published.PLAN_SNAPSHOT)
_ORDERS_PUBLISHED = _ORDERS | dg.AssetSelection.assets(published.ORDERS_SNAPSHOT)
_BACKTEST_PUBLISHED = dg.AssetSelection.assets(published.BACKTEST_SNAPSHOT)
_DRAFTS = dg.AssetSelection.assets(["purchase_orders", "purchase_order_drafts"])
_EXPLAINED = dg.AssetSelection.assets(explained.explained_product)
_PLANNED = (dg.AssetSelection.groups("parameters", "forecast", "plan") - _EXPLAINED) | _DRAFTS

load: Final = dg.define_asset_job(
    "load",
    selection=_FROM_XERO | _MODELLED | _PUBLISHED,
    executor_def=dg.in_process_executor,
    description="Read from Xero what changed, rebuild the warehouse, publish it.",
)
plan: Final = dg.define_asset_job(
    "plan",
    selection=_MODELLED | _PLANNED | _PLAN_PUBLISHED,
    executor_def=dg.in_process_executor,
    description="Forecast, decide what to order, draft the orders, publish.",
)
load_and_plan: Final = dg.define_asset_job(
    "load_and_plan",
    selection=_FROM_XERO | _MODELLED | _PLANNED | _PLAN_PUBLISHED,
    executor_def=dg.in_process_executor,
    description="Load, then plan: what the daily schedule does.",
)
explain: Final = dg.define_asset_job(
    "explain",
    selection=_EXPLAINED,
    executor_def=dg.in_process_executor,
    description="Explain one product of the newest plan, whose code is given in the launchpad; nothing is planned.",
)
send_approved_orders: Final = dg.define_asset_job(
    "send_approved_orders",
    selection=dg.AssetSelection.assets(purchase_orders.SENT_ORDERS) | _ORDERS_PUBLISHED,
    executor_def=dg.in_process_executor,
    description="Send to Xero the orders that a person has approved, each exactly once; publish what became of them.",
)
backtest: Final = dg.define_asset_job(
    "backtest",
    selection=dg.AssetSelection.groups("backtest") | _BACKTEST_PUBLISHED,
    executor_def=dg.in_process_executor,
    description="Replay the last year for our rule and its rivals, publish.",
)
JOBS: Final = (load, plan, explain, load_and_plan, backtest, send_approved_orders)
