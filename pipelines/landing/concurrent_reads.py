"""One pass over Xero's lists: what is read beside what, and when the picture is whole.

What belongs here: the order of the lists, the rule between items and documents, and comparing counts.
What does not: reading one list (`extract.py`) and landing (`land.py`).
Items say what is on hand at one instant, documents what moved: a document that changed after the items were read
would be counted twice or not at all, so both are read again until nothing moved in between.
Read more in docs/loading.md.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipelines.call_limits import CALLS_AT_ONCE
from pipelines.landing.endpoints import Endpoint
from pipelines.landing.extract import DAY_CALLS_LEFT, ListRead, LoadStoppedError, Reader, Reading
from pipelines.xero import wire
from pipelines.xero.client import XeroAnswer
from pipelines.xero.organisation_record import read_organisation

log = logging.getLogger(__name__)

ROUNDS: Final = 3
_MOVING_STOCK: Final = {"Invoices", "CreditNotes"}


@dataclass(frozen=True)
class LoadPlan:
    """What a load reads: its lists, the organisation's record once a day, and the lists whose count is compared."""

    readings: tuple[Reading, ...]
    is_organisation_due: bool = False
    counted: tuple[Endpoint, ...] = ()


@dataclass(frozen=True)
class OrganisationRead:
    """The organisation's own record and what asking for it took."""

    record: wire.OrganisationRecord
    megabytes: float
    day_calls_left: int | None


@dataclass(frozen=True)
class Gathered:
    """All that a pass has read; `counts` are the lists whose number of records was asked for."""

    organisation: OrganisationRead | None
    lists: tuple[ListRead, ...]
    counts: tuple[ListRead, ...]
    is_quiescent: bool


def gather(
    reader: Reader, plan: LoadPlan, *, known: Callable[[Endpoint], int], at_once: int = CALLS_AT_ONCE
) -> Gathered:
    """Read what is planned: items first, then documents, each list by itself and the lists beside each other.

    `known` says how many records of a list there will be once this pass is landed.
    """
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="xero") as threads:
        try:
            return _gather(reader, plan, threads, known=known)
        finally:
            reader.is_stopped.set()


def _gather(
    reader: Reader, plan: LoadPlan, threads: ThreadPoolExecutor, *, known: Callable[[Endpoint], int]
) -> Gathered:
    items = [one for one in plan.readings if not one.endpoint.is_paged]
    documents = [one for one in plan.readings if one.endpoint.lines is not None]
    others = [one for one in plan.readings if one not in items and one not in documents]
    organisation = threads.submit(_read_organisation, reader) if plan.is_organisation_due else None
    first = [threads.submit(_read_all, reader, items)]
    beside = [threads.submit(_read_all, reader, others)] if others else []
    _results(first + ([organisation] if organisation else []))
    reads = _read_beside(reader, documents, threads)
    lists = [one for done in _results(first + beside) for one in done] + reads
    counts: list[ListRead] = []
    for endpoint in plan.counted:
        counts.append(reader.count(endpoint))
        if counts[-1].expected != known(endpoint):
            log.warning("%s: the count differs from Xero's; reading everything.", endpoint.name)
            lists.append(reader.read(Reading(endpoint)))
    later, is_quiescent = _until_quiet(reader, lists, documents, threads)
    return Gathered(
        organisation=organisation.result() if organisation else None,
        lists=(*lists, *later),
        counts=tuple(counts),
        is_quiescent=is_quiescent,
    )


def _until_quiet(
    reader: Reader, lists: Sequence[ListRead], documents: Sequence[Reading], threads: ThreadPoolExecutor
) -> tuple[list[ListRead], bool]:
    """Read items and documents again while documents that move stock changed after the items were read."""
    items = next((one for one in lists if not one.reading.endpoint.is_paged), None)
    if items is None:
        return [], True
    again: list[ListRead] = []
    latest, rounds = list(lists), 0
    endpoints = list(dict.fromkeys(one.endpoint for one in documents))
    while _has_moved(latest, since=items.started_at):
        if rounds == ROUNDS:
            log.warning("Stock moved in Xero all the while; the quantities may be a few minutes apart from the sales.")
            return again, False
        rounds += 1
        since = items.started_at
        log.info("Stock moved while it was read; reading the changes again (%d of %d).", rounds, ROUNDS)
        items = reader.read(items.reading)
        latest = [items, *_read_beside(reader, [Reading(one, since) for one in endpoints], threads)]
        again += latest
    return again, True


def _has_moved(reads: Sequence[ListRead], *, since: datetime) -> bool:
    return any(one.latest_change >= since for one in reads if one.reading.endpoint.name in _MOVING_STOCK)


def _read_beside(reader: Reader, readings: Sequence[Reading], threads: ThreadPoolExecutor) -> list[ListRead]:
    """Lists beside each other; the readings of one list one after the other."""
    by_list: dict[str, list[Reading]] = {}
    for one in readings:
        by_list.setdefault(one.endpoint.name, []).append(one)
    running = [threads.submit(_read_all, reader, of_list) for of_list in by_list.values()]
    return [one for done in _results(running) for one in done]


def _read_all(reader: Reader, readings: Sequence[Reading]) -> list[ListRead]:
    return [reader.read(one) for one in readings]


def _results(running: Sequence[Future[Any]]) -> list[Any]:
    """What the threads found; the first failure stops all of them."""
    done, _ = wait(running, return_when=FIRST_EXCEPTION)
    failed = [one for one in running if one in done and one.exception() is not None]
    for one in failed:
        if not isinstance(one.exception(), LoadStoppedError):
            one.result()
    return [one.result() for one in running]


def _read_organisation(reader: Reader) -> OrganisationRead:
    answer: XeroAnswer = reader.client.organisation()
    left = answer.headers.get(DAY_CALLS_LEFT, "")
    return OrganisationRead(read_organisation(answer), len(answer.body) / 1e6, int(left) if left.isdecimal() else None)
