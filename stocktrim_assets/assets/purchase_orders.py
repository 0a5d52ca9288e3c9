"""Purchase orders: drafts made from the plan, and approved ones sent to Xero.

Read more in docs/operations.md.
"""

from collections import Counter
from typing import Any

import dagster as dg

from pipelines import tables
from pipelines.organisation import OpenOrganisation
from pipelines.purchasing.drafts import drafted_orders, drafts_frame, terms_of
from pipelines.purchasing.ledger import counted_orders
from pipelines.purchasing.orders import State
from pipelines.purchasing.push import push_orders
from pipelines.replenishment.freshness import is_stale
from pipelines.replenishment.parameters import global_settings, with_defaults
from pipelines.store.planning_settings import explicit_settings
from pipelines.warehouse import read_table, replace_table
from stocktrim_assets.failures import told_plainly
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import markdown_table, table_metadata


@dg.asset(
    key=["purchase_orders", "purchase_order_drafts"],
    deps=[["plan", "order_plan"]],
    partitions_def=organisations,
    group_name="purchase_orders",
    kinds={"python", "duckdb"},
    owners=["team:purchasing"],
    description="One draft per supplier, made from the plan; drafts that nobody touched are replaced by the new ones.",
)
def purchase_order_drafts(organisation: dg.ResourceParam[OpenOrganisation]) -> dg.MaterializeResult[Any]:
    """Draft what the plan suggests."""
    with told_plainly(), organisation.warehouse() as warehouse:
        order_plan = read_table(warehouse, tables.ORDER_PLAN)
        as_of = read_table(warehouse, tables.AS_OF)["as_of_date"][0]
        plan_id = order_plan["plan_id"][0] if order_plan.height else ""
        loaded_at = read_table(warehouse, tables.DATA_FRESHNESS)["loaded_at"].to_list()
        change = organisation.ledger.redraft(
            order_plan, plan_id=plan_id, as_of=as_of, at=organisation.now(),
            data_loaded_at=loaded_at[0] if loaded_at else None,
            terms=terms_of(read_table(warehouse, tables.PLANNING_SETTINGS), organisation.ledger.orders()),
            counted=counted_orders(read_table(warehouse, tables.LEDGER_ORDER_LINES)),
        )  # fmt: skip
        orders = organisation.ledger.orders(State.DRAFT)
        lines = drafts_frame(orders)
        replace_table(warehouse, tables.PURCHASE_ORDER_DRAFTS, lines)
    drafted = drafted_orders(orders)
    return dg.MaterializeResult(
        metadata={
            **table_metadata(tables.PURCHASE_ORDER_DRAFTS, lines.height),
            "orders": drafted.height,
            "below_minimum": sum(order.is_below_minimum for order in orders),
            "replaced": len(change.superseded),
            "drafts": markdown_table(drafted, columns={name: name.replace("_", " ") for name in drafted.columns}),
        }
    )


@dg.asset(
    key=["purchase_orders", "sent_orders"],
    partitions_def=organisations,
    group_name="purchase_orders",
    kinds={"xero"},
    owners=["team:purchasing"],
    description="Sends to Xero, each exactly once, the orders that a person has approved.",
)
def sent_orders(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> dg.MaterializeResult[Any]:
    """Send what is approved; what Xero refuses waits for a person."""
    with told_plainly():
        settings = global_settings(with_defaults(explicit_settings(organisation.store, organisation.key)))
        outcomes = push_orders(
            organisation.ledger.orders(State.APPROVED, State.SENDING),
            gateway=organisation.client(),
            ledger=organisation.ledger,
            tenant_id=organisation.record.tenant_id,
            push_status=settings.push_status,
            is_stale=lambda order: is_stale(order.data_loaded_at, at=organisation.now(), settings=settings),
            by="stocktrim",
            now=organisation.now,
        )
    for outcome in outcomes:
        context.log.info(outcome.sentence)
    counts = Counter(outcome.outcome.value for outcome in outcomes)
    return dg.MaterializeResult(metadata={"orders": len(outcomes), **counts})
