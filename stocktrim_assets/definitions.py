"""Everything Dagster loads, joined in one place.

What belongs here: the list. What does not: anything that reads a store, a file or Xero: definitions load without any.
Read more in docs/operations.md.
"""

import warnings
from typing import Final

from pipelines.heavy_imports import without_collection

with without_collection():
    import dagster as dg

    from stocktrim_assets.announced_steps import announced_steps
    from stocktrim_assets.assets import (
        exceptions,
        explained,
        forecast,
        marts,
        parameters,
        plan,
        policy_backtest,
        published,
        purchase_orders,
        raw,
        suppliers,
    )
    from stocktrim_assets.jobs import JOBS
    from stocktrim_assets.resources import RESOURCES
    from stocktrim_assets.schedules import daily_load_and_plan, weekly_backtest
    from stocktrim_assets.sensors import approved_orders

ASSETS: Final[list[dg.AssetsDefinition | dg.AssetSpec]] = [
    *raw.SOURCES,
    raw.load_from_xero,
    raw.decisions,
    marts.warehouse_models,
    parameters.parameters,
    forecast.model_choice,
    forecast.demand,
    plan.order_plan,
    suppliers.alternatives,
    exceptions.exceptions,
    explained.explained_product,
    policy_backtest.policy_backtest,
    purchase_orders.purchase_order_drafts,
    purchase_orders.sent_orders,
    published.published_snapshot,
]
with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)
    _LINKED: Final = dg.with_source_code_references(ASSETS)
defs: Final = dg.Definitions(
    assets=_LINKED,
    asset_checks=[marts.nothing_needs_a_look],
    jobs=JOBS,
    schedules=[daily_load_and_plan, weekly_backtest],
    sensors=[approved_orders],
    resources=RESOURCES,
    loggers={"console": dg.colored_console_logger, "terminal": announced_steps},
    executor=dg.in_process_executor,
)
