"""The sensor: approved orders ask to be sent.

What belongs here: asking the ledger, and asking Dagster for a run. What does not: sending (`assets/purchase_orders`).
A run key is no promise that a run will come: a key whose run failed is never run again by Dagster. So the key counts
the tries, and the ledger alone says what still must be sent.
Read more in docs/operations.md.
"""

import math
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.purchasing.orders import Order, OrderState, push_key
from pipelines.purchasing.sending.push import waits_as_stale
from pipelines.settings import Settings, read_settings
from pipelines.store.engine import open_store
from stocktrim_assets.jobs import send_approved_orders
from stocktrim_assets.partitions import workable

PUSH_TAG: Final = "stocktrim/push"
TICK_SECONDS: Final = 15
LONGEST_PAUSE_SECONDS: Final = 3600
_STALE: Final = (
    "{} approved orders of {} are not sent, because their data are old: approve them again with --even-if-stale, or "
    "reject them and plan again."
)
_RENAMED: Final = (
    "{} approved orders of {} are not sent, because Xero calls an item of them otherwise by now: approve them again."
)
_ENDED: Final = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dg.sensor(
    job=send_approved_orders,
    minimum_interval_seconds=TICK_SECONDS,
    description="Looks every few seconds for approved orders and asks for one run an organisation that sends them all.",
)
def approved_orders(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One run an organisation with orders to send, unless one is on its way or has just failed."""
    keys, skipped = workable(context.instance)
    requests: list[dg.RunRequest] = []
    settings = read_settings()
    for key in keys:
        orders, stale, renamed = _waiting(settings, key)
        requests += _request(context.instance, key, push_key(orders)) if orders else ()
        skipped += [_STALE.format(len(stale), key)] if stale else []
        skipped += [_RENAMED.format(len(renamed), key)] if renamed else []
    # Dagster takes a reason only where nothing is asked for.
    return dg.SensorResult(run_requests=requests, skip_reason=None if requests else " ".join(skipped) or None)


def _waiting(settings: Settings, key: str) -> tuple[list[Order], list[Order], list[Order]]:
    """The orders that a run would send, and those that it would not: their data are old, or their products renamed."""
    with closing(open_store(settings.database_url)) as store:
        organisation = OpenOrganisation(key, settings, store)
        orders = organisation.ledger.orders(OrderState.APPROVED, OrderState.SENDING)
        is_stale, is_renamed = organisation.stale_order(), organisation.renamed_order()
    stale = [order for order in orders if waits_as_stale(order, is_stale)]
    renamed = [order for order in orders if order not in stale and is_renamed(order)]
    return [order for order in orders if order not in stale and order not in renamed], stale, renamed


def _request(instance: dg.DagsterInstance, key: str, push: str) -> Iterator[dg.RunRequest]:
    tags = {"organisation": key, PUSH_TAG: push}
    tries = instance.get_run_records(dg.RunsFilter(tags=tags))
    if any(attempt.dagster_run.status not in _ENDED for attempt in tries):
        return
    if tries and _age_seconds(tries[0]) < pause_seconds(len(tries)):
        return
    yield dg.RunRequest(run_key=f"{push}:{len(tries)}", partition_key=key, tags=tags)


def pause_seconds(tries: int) -> int:
    """How long to wait after so many tries that sent nothing: half a minute, doubled each time, an hour at most.

    >>> [pause_seconds(tries) for tries in (1, 2, 3, 20)]
    [30, 60, 120, 3600]
    """
    return min(LONGEST_PAUSE_SECONDS, 30 << min(tries - 1, 10))


def _age_seconds(record: dg.RunRecord) -> float:
    """How long ago a run ended; one that ended later than now, by a clock that was ahead, is of no moment."""
    age = datetime.now(UTC).timestamp() - (record.end_time or record.create_timestamp.timestamp())
    return age if age >= 0 else math.inf
