"""Purchase orders: drafts made from the plan, and approved ones sent to Xero.

Read more in docs/operations.md.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import dagster as dg

from pipelines.identities import Identities
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.planning_settings.registry import global_settings, with_defaults
from pipelines.purchasing.draft_totals import drafts_beside_cap, split_orders
from pipelines.purchasing.drafts import Redraft, Terms, drafted_orders, drafts_frame, terms_of, with_current_minimum
from pipelines.purchasing.order_changes.plan_differences import plan_differences
from pipelines.purchasing.order_history import difference_text
from pipelines.purchasing.orders import SUPPLY_STATES, Order, OrderState
from pipelines.purchasing.sending.push import NotSentError, PushOutcome, PushResult, push_orders
from pipelines.storage import tables
from pipelines.storage.warehouse import put_tables
from pipelines.store.identity_history import identities_of
from pipelines.store.order_ledger import counted_orders
from pipelines.store.setting_ledger.setting_changes import explicit_settings
from pipelines.xero.xero_errors import RateLimitError, UnreadableAnswerError
from stocktrim_assets.assets.stage_run import Stage, StageResult, StageRun, stage_run
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import escaped, markdown_table
from stocktrim_assets.specs import PURCHASING_TEAM, key_of, table_specs

STAGE: Final = Stage(
    "purchase_order_drafts", "Drafts",
    reads=(
        tables.ORDER_PLAN, tables.AS_OF, tables.DATA_FRESHNESS, tables.PLANNING_SETTINGS, tables.LEDGER_ORDER_LINES,
        tables.PLAN_SUMMARY,
    ),
    makes=(tables.PURCHASE_ORDER_DRAFTS,), keep=put_tables,
)  # fmt: skip


@dg.multi_asset(
    name=STAGE.name,
    description="Draft one order per supplier from the plan; drafts that nobody edited are replaced.",
    specs=table_specs(STAGE.makes, deps=STAGE.reads, owner=PURCHASING_TEAM),
    partitions_def=organisations,
)
def purchase_order_drafts(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[StageResult]:
    """Draft what the plan suggests."""
    known = identities_of(organisation.store, organisation.key)
    with plain_failures(), stage_run(STAGE, context, organisation) as run:
        run.depends_on(ledger=organisation.ledger.fingerprint(), identities=[known.codes, known.contacts])
        if not run.is_unchanged:
            terms = terms_of(run.read(tables.PLANNING_SETTINGS), organisation.ledger.orders())
            change = _redraft(run, terms, known)
            drafts = organisation.ledger.orders(OrderState.DRAFT)
            orders = [with_current_minimum(order, terms.minimum_order_values, known) for order in drafts]
            metadata = {tables.PURCHASE_ORDER_DRAFTS: _shown_drafts(run, orders, known, change)}
            frames = {tables.PURCHASE_ORDER_DRAFTS: drafts_frame(orders, run.read(tables.ORDER_PLAN))}
            run.keep(frames, metadata, ledger=change.ledger_fingerprint)
        yield from run.results()


def _redraft(run: StageRun, terms: Terms, known: Identities) -> Redraft:
    """Replace the drafts that nobody edited by those of the plan."""
    order_plan = run.read(tables.ORDER_PLAN)
    return run.organisation.ledger.redraft(
        order_plan, plan_id=str(order_plan["plan_id"].first() or ""), as_of=run.as_of(), at=run.now,
        data_loaded_at=run.loaded_at(), terms=terms,
        counted=counted_orders(run.read(tables.LEDGER_ORDER_LINES)), known=known,
    )  # fmt: skip


def _shown_drafts(run: StageRun, orders: Sequence[Order], known: Identities, change: Redraft) -> dict[str, Any]:
    """What Dagster shows of the drafts: how many there are, and what a person should know about each."""
    order_plan = run.read(tables.ORDER_PLAN)
    kept = {order.purchase_order_number: plan_differences(order, order_plan, orders) for order in orders}
    lines = [
        f"- {number}: {escaped(', '.join(map(difference_text, changes)))}"
        for number, changes in kept.items()
        if changes
    ]
    drafted = drafted_orders(orders, known, run.organisation.ledger.orders(OrderState.REJECTED, *SUPPLY_STATES))
    frame = drafts_frame(orders)
    summary = run.read(tables.PLAN_SUMMARY).filter(plan_id=str(order_plan["plan_id"].first() or ""))
    beside = drafts_beside_cap(frame, order_plan, next(summary.tail(1).iter_rows(named=True), {}))
    split = "\n".join(f"- {escaped(sentence)}" for sentence in split_orders(frame))
    return {
        "orders": drafted.height,
        "below_minimum": sum(order.is_below_minimum for order in orders),
        "replaced": len(change.superseded),
        "unchanged": len(change.confirmed),
        **({"kept, though the plan would change": dg.MetadataValue.md("\n".join(lines))} if lines else {}),
        **({"spend cap": beside} if beside else {}),
        **({"split over several drafts": dg.MetadataValue.md(split)} if split else {}),
        "drafts": markdown_table(drafted, columns={name: name.replace("_", " ") for name in drafted.columns}),
    }


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
