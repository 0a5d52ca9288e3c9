"""Purchase orders: drafts made from the plan, and approved ones sent to Xero.

Read more in docs/operations.md.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import dagster as dg

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.planning_settings.registry import global_settings, with_defaults
from pipelines.purchasing.drafts import drafted_orders, drafts_frame, terms_of
from pipelines.purchasing.orders import OrderState
from pipelines.purchasing.push import NotSentError, PushOutcome, PushResult, push_orders
from pipelines.storage import tables
from pipelines.storage.warehouse import read_as_of, read_table, replace_table
from pipelines.store.identity_history import identities_of
from pipelines.store.order_ledger import counted_orders
from pipelines.store.setting_changes import explicit_settings
from pipelines.xero.xero_errors import RateLimitError, UnreadableAnswerError
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import escaped, markdown_table
from stocktrim_assets.specs import PURCHASING_TEAM, key_of, table_metadata, table_specs


@dg.multi_asset(
    name="purchase_order_drafts",
    description="Draft one order per supplier from the plan; drafts that nobody edited are replaced.",
    specs=table_specs(
        [tables.PURCHASE_ORDER_DRAFTS],
        deps=(
            tables.ORDER_PLAN,
            tables.AS_OF,
            tables.DATA_FRESHNESS,
            tables.PLANNING_SETTINGS,
            tables.LEDGER_ORDER_LINES,
        ),
        owner=PURCHASING_TEAM,
    ),
    partitions_def=organisations,
)
def purchase_order_drafts(organisation: dg.ResourceParam[OpenOrganisation]) -> dg.MaterializeResult[Any]:
    """Draft what the plan suggests."""
    with plain_failures(), organisation.warehouse() as warehouse:
        order_plan = read_table(warehouse, tables.ORDER_PLAN)
        as_of = read_as_of(warehouse)
        plan_id = order_plan["plan_id"][0] if order_plan.height else ""
        loaded_at = read_table(warehouse, tables.DATA_FRESHNESS)["loaded_at"].to_list()
        known = identities_of(organisation.store, organisation.key)
        change = organisation.ledger.redraft(
            order_plan, plan_id=plan_id, as_of=as_of, at=organisation.now(),
            data_loaded_at=loaded_at[0] if loaded_at else None,
            terms=terms_of(read_table(warehouse, tables.PLANNING_SETTINGS), organisation.ledger.orders()),
            counted=counted_orders(read_table(warehouse, tables.LEDGER_ORDER_LINES)), known=known,
        )  # fmt: skip
        orders = organisation.ledger.orders(OrderState.DRAFT)
        lines = drafts_frame(orders)
        replace_table(warehouse, tables.PURCHASE_ORDER_DRAFTS, lines)
    drafted = drafted_orders(orders, known)
    return dg.MaterializeResult(
        metadata={
            **table_metadata(lines.height, organisation.folder),
            "orders": drafted.height,
            "below_minimum": sum(order.is_below_minimum for order in orders),
            "replaced": len(change.superseded),
            "drafts": markdown_table(drafted, columns={name: name.replace("_", " ") for name in drafted.columns}),
        }
    )


SENT_ORDERS: Final = ["purchase_orders", "sent_orders"]
EVERY_OUTCOME_KNOWN: Final = "every_outcome_is_known"
KNOWN: Final = "Of each order it is known whether Xero accepted it."
with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.PreviewWarning)
    _CHECK: Final = dg.AssetCheckSpec(
        EVERY_OUTCOME_KNOWN, asset=SENT_ORDERS, description=KNOWN, partitions_def=organisations
    )


@dg.asset(
    key=SENT_ORDERS,
    deps=[key_of(tables.PURCHASE_ORDER_DRAFTS)],
    partitions_def=organisations,
    group_name="purchase_orders",
    kinds={"xero"},
    owners=[PURCHASING_TEAM],
    description="The orders that a person approved among the drafts, each sent to Xero exactly once.",
    check_specs=[_CHECK],
)
def sent_orders(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """Send what is approved; what Xero refuses waits for a person."""
    with plain_failures(), _in_words_of_orders():
        settings = global_settings(with_defaults(explicit_settings(organisation.store, organisation.key)))
        orders = organisation.ledger.orders()
        outcomes = push_orders(
            [order for order in orders if order.state in {OrderState.APPROVED, OrderState.SENDING}],
            gateway=organisation.client(),
            ledger=organisation.ledger,
            tenant_id=organisation.record.tenant_id,
            push_status=settings.push_status,
            is_stale=organisation.stale_order(),
            is_renamed=organisation.renamed_order(),
            by="stocktrim",
            now=organisation.now,
            others=orders,
        )
    for outcome in outcomes:
        context.log.info(outcome.sentence)
    yield from _results(outcomes)


def _results(outcomes: Sequence[PushOutcome]) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """How many orders ended in each way, and every sentence that a person should read."""
    counts = Counter(outcome.result.value for outcome in outcomes)
    unknown = [outcome.sentence for outcome in outcomes if outcome.result is PushResult.UNKNOWN]
    sentences = [escaped(outcome.sentence) for outcome in outcomes if outcome.result is not PushResult.SENT]
    shown = {"said": dg.MetadataValue.md("\n".join(f"- {sentence}" for sentence in sentences))} if sentences else {}
    yield dg.MaterializeResult(asset_key=SENT_ORDERS, metadata={"orders": len(outcomes), **counts, **shown})
    yield dg.AssetCheckResult(
        asset_key=SENT_ORDERS, check_name=EVERY_OUTCOME_KNOWN, passed=not unknown,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"sentence": " ".join(unknown) or KNOWN, "count": len(unknown)},
    )  # fmt: skip


@contextmanager
def _in_words_of_orders() -> Iterator[None]:
    """What stops the sending, in words of orders, not of the load that reads the same Xero."""
    try:
        yield
    except RateLimitError as limit:
        minutes = -(-limit.retry_after_seconds // 60)
        raise NotSentError(
            f"Xero accepts no more calls for now, so what was not sent yet stays as it was; the next run in "
            f"{minutes} minutes or later sends it."
        ) from limit
    except UnreadableAnswerError as broken:
        raise NotSentError(
            "Xero's answer about an order cannot be read, so what was not sent yet stays as it was; send again in a "
            "few minutes."
        ) from broken
