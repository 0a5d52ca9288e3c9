"""Concurrent reading of Xero's lists: which lists are read at the same time, and when the stock is consistent.

What belongs here: the order of the lists, the rule between items and documents, and comparing counts.
What does not: reading a single list (`extract.py`) and landing (`land.py`).
Items give the stock at an instant, documents its movements. A document that changed after the items were read would
count twice or not at all, so both are read again until nothing changed in between.
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
    """The requests of a load: lists, the organisation's record once a day, and the lists whose count is compared."""

    readings: tuple[Reading, ...]
    is_organisation_due: bool = False
    counted: tuple[Endpoint, ...] = ()


@dataclass(frozen=True)
class OrganisationRead:
    """The organisation's own record, and the cost of reading it."""

    record: wire.OrganisationRecord
    megabytes: float
    day_calls_left: int | None


@dataclass(frozen=True)
class Gathered:
    """Everything that a pass has read; `counts` are the lists whose number of records was requested."""

    organisation: OrganisationRead | None
    lists: tuple[ListRead, ...]
    counts: tuple[ListRead, ...]
    is_quiescent: bool


def gather(
    reader: Reader, plan: LoadPlan, *, known: Callable[[Endpoint], int], at_once: int = CALLS_AT_ONCE
) -> Gathered:
    """Everything of a plan, read: items first, then documents; different lists at the same time.

    `known` gives the number of records that a list will have once this pass is landed.
    """
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="xero") as threads:
        try:
            return _gather(reader, plan, threads, known=known)
        finally:
            reader.is_stopped.set()


def _gather(
    reader: Reader, plan: LoadPlan, threads: ThreadPoolExecutor, *, known: Callable[[Endpoint], int]
) -> Gathered:
    items = [reading for reading in plan.readings if not reading.endpoint.is_paged]
    documents = [reading for reading in plan.readings if reading.endpoint.lines is not None]
    contacts = [reading for reading in plan.readings if reading not in items and reading not in documents]
    organisation = threads.submit(_read_organisation, reader) if plan.is_organisation_due else None
    first = [threads.submit(_read_all, reader, items)]
    beside = [threads.submit(_read_all, reader, contacts)] if contacts else []
    _results(first + ([organisation] if organisation else []))
    reads = _read_beside(reader, documents, threads)
    lists = [read for done in _results(first + beside) for read in done] + reads
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
    """The items and documents read again until no document that moves stock changed after the items were read."""
    items = next((read for read in lists if not read.reading.endpoint.is_paged), None)
    if items is None:
        return [], True
    again: list[ListRead] = []
    latest, rounds = list(lists), 0
    endpoints = list(dict.fromkeys(reading.endpoint for reading in documents))
    while _has_moved(latest, since=items.started_at):
        if rounds == ROUNDS:
            log.warning("Stock kept changing in Xero; quantities and sales may be a few minutes apart.")
            return again, False
        rounds += 1
        since = items.started_at
        log.info("Stock changed while it was read; reading the changes again (%d of %d).", rounds, ROUNDS)
        items = reader.read(items.reading)
        latest = [items, *_read_beside(reader, [Reading(endpoint, since) for endpoint in endpoints], threads)]
        again += latest
    return again, True


def _has_moved(reads: Sequence[ListRead], *, since: datetime) -> bool:
    return any(read.latest_change >= since for read in reads if read.reading.endpoint.name in _MOVING_STOCK)


def _read_beside(reader: Reader, readings: Sequence[Reading], threads: ThreadPoolExecutor) -> list[ListRead]:
    """The lists, read at the same time; the readings of the same list one after another."""
    by_list: dict[str, list[Reading]] = {}
    for reading in readings:
        by_list.setdefault(reading.endpoint.name, []).append(reading)
    running = [threads.submit(_read_all, reader, of_list) for of_list in by_list.values()]
    return [read for done in _results(running) for read in done]


def _read_all(reader: Reader, readings: Sequence[Reading]) -> list[ListRead]:
    return [reader.read(reading) for reading in readings]


def _results(running: Sequence[Future[Any]]) -> list[Any]:
    """The results of the threads; the first failure stops all of them."""
    done, _ = wait(running, return_when=FIRST_EXCEPTION)
    failed = [future for future in running if future in done and future.exception() is not None]
    for future in failed:
        if not isinstance(future.exception(), LoadStoppedError):
            future.result()
    return [future.result() for future in running]


def _read_organisation(reader: Reader) -> OrganisationRead:
    answer: XeroAnswer = reader.client.organisation()
    left = answer.headers.get(DAY_CALLS_LEFT, "")
    return OrganisationRead(read_organisation(answer), len(answer.body) / 1e6, int(left) if left.isdecimal() else None)
