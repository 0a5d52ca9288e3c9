"""Every order of any state, and everything that happened to it, as tables that each run makes before it publishes.

What belongs here: the stage. What does not: its step (`published.py`) and its rows (`organisations/ledger_tables.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Iterator
from typing import Final

import dagster as dg
import polars as pl

from pipelines.exceptions.refused_orders import with_refused_now
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.organisations.order_decisions.ledger_tables import purchase_order_events_table, purchase_orders_table
from pipelines.organisations.order_decisions.order_desk import OrderDesk
from pipelines.purchasing.drafts import drafts_frame
from pipelines.purchasing.orders import OrderState
from pipelines.purchasing.sending.push import waits_as_stale
from pipelines.storage import tables
from pipelines.storage.warehouse import put_tables
from stocktrim_assets.assets.stage_run import Stage, StageResult, StageRun, stage_run

STAGE: Final = Stage(
    "order_history", "Orders",
    reads=(tables.PRODUCTS, tables.PRODUCT_SUPPLIERS, tables.XERO_READINESS, tables.XERO_PURCHASE_ORDERS),
    makes=(tables.PURCHASE_ORDERS, tables.PURCHASE_ORDER_EVENTS), keep=put_tables,
)  # fmt: skip


def list_orders(context: dg.AssetExecutionContext, organisation: OpenOrganisation) -> Iterator[StageResult]:
    """Make the tables of orders and their events, as the ledger has them now.

    The drafts, which the plan's step makes, are written anew with them, so that no order is a draft in one table and
    sent in the other; so are the exceptions, with what Xero has refused since.
    """
    with stage_run(STAGE, context, organisation) as run:
        desk = OrderDesk(organisation, run.read)
        run.depends_on(**_beside_tables(run, desk))
        if not run.is_unchanged:
            orders = purchase_orders_table(desk)
            run.keep({
                tables.PURCHASE_ORDERS: orders,
                tables.EXCEPTIONS: with_refused_now(run.read_as_it_is(tables.EXCEPTIONS), orders),
                tables.PURCHASE_ORDER_EVENTS: purchase_order_events_table(desk.histories),
                tables.PURCHASE_ORDER_DRAFTS: _drafts_now(run, desk),
            })  # fmt: skip
        yield from run.results()


def _drafts_now(run: StageRun, desk: OrderDesk) -> pl.DataFrame:
    """The drafts as they are now, without those of an earlier plan that nobody touched: a stopped run left them."""
    order_plan = run.read_as_it_is(tables.ORDER_PLAN)
    of_plan = set(order_plan["plan_id"])
    drafts = [desk.with_minimum(order) for order in desk.recorded.values() if order.state is OrderState.DRAFT]
    return drafts_frame([order for order in drafts if order.is_edited or order.plan_id in of_plan], order_plan)


def _beside_tables(run: StageRun, desk: OrderDesk) -> dict[str, object]:
    """What the orders and their remarks depend on beside tables."""
    organisation = run.organisation
    return {
        "ledger": organisation.ledger.fingerprint(),
        "base_currency": organisation.record.base_currency,
        "identities": [desk.known.codes, desk.known.contacts],
        "settings": desk.settings.rows(),
        "is_stale": sorted(order.order_id for order in desk.orders if waits_as_stale(order, desk.is_stale)),
    }
