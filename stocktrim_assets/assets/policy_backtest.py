"""The policy backtest: what our policy and its rivals would have done to the organisation's own last year.

Read more in docs/maths.md.
"""

from typing import Any, Final

import dagster as dg
import polars as pl

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.policy_backtest.frontier_picture import frontier_svg
from pipelines.policy_backtest.level_prices import OURS, price_list
from pipelines.policy_backtest.policy_comparison import (
    backtest_settings,
    models_in_words,
    products_in_words,
    run_backtest,
    settings_in_words,
)
from pipelines.policy_backtest.replay.organisation_past import PAST, past_of, what_is_kept
from pipelines.policy_backtest.report import at_equal_service, policies_by_class
from pipelines.replenishment.supplier_orders.money_rules import money_rules
from pipelines.storage import tables
from pipelines.storage.warehouse import read_table, replace_table
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import markdown_table, picture
from stocktrim_assets.specs import PURCHASING_TEAM, table_metadata, table_specs

SERVICE_LEVELS: Final = (0.9, 0.95, 0.98, 0.99)
_SHOWN: Final = (
    "policy", "service_level", "levels_kept", "orders_kept", "weeks_kept", "fill_rate_units", "fill_rate_money",
    "average_stock_value", "lost_margin_a_week", "orders", "order_lines", "supplier_orders",
)  # fmt: skip


@dg.multi_asset(
    name="policy_backtest",
    description="Backtest our policy, the textbook's and one like StockTrim's on the last year.",
    specs=table_specs([tables.POLICY_BACKTEST], deps=(*PAST, tables.PLANNING_SETTINGS), owner=PURCHASING_TEAM),
    partitions_def=organisations,
)
def policy_backtest(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> dg.MaterializeResult[Any]:
    """Run the backtest, keep its table, show the frontier."""
    with plain_failures(), organisation.warehouse() as warehouse:
        planning_settings = read_table(warehouse, tables.PLANNING_SETTINGS)
        history = past_of([read_table(warehouse, table) for table in PAST], money_rules(planning_settings))
        settings = backtest_settings(planning_settings, service_levels=SERVICE_LEVELS)
        limits = what_is_kept(history)
        context.log.info(f"{settings_in_words(settings)} {limits}".strip())
        tested = run_backtest(history, settings, progress=context.log.info)
        replace_table(warehouse, tables.POLICY_BACKTEST, tested.results.cast(tables.POLICY_BACKTEST.schema))
    return dg.MaterializeResult(
        metadata=table_metadata(tested.results.height, organisation.folder)
        | {"policy and service": settings_in_words(settings), "which products": products_in_words(tested)}
        | ({"limits": limits} if limits else {})
        | {"which models": models_in_words(tested)}
        | _shown(tested.results)
        | {"at equal service": _table(at_equal_service(tested.counts, OURS))}
    )


def _shown(results: pl.DataFrame) -> dict[str, Any]:
    of_all = results.filter(pl.col("demand_class") == "all").select(_SHOWN)
    return {
        "frontier": dg.MetadataValue.md(picture(frontier_svg(results), "stock against service")),
        "policies": _table(of_all),
        "weeks without stock-out and stock by demand pattern": _table(policies_by_class(results)),
        "price list": _table(price_list(results, OURS)),
    }


def _table(frame: pl.DataFrame) -> dg.MetadataValue[Any]:
    return markdown_table(frame, columns={name: name.replace("_", " ") for name in frame.columns})
