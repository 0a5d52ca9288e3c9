"""Read Xero's lists page after page, so that an edit in the middle loses no row.

What belongs here: the order of the calls and the count of what came. What does not: what a page holds (`pages.py`)
and where it goes (the `sink` that is passed in). A list is read with the latest changes first, strictly one page
after the other: an edit meanwhile moves a row to the front, where the catch-up finds it, and pushes the unread
ones into pages still to come, where they come twice but are never missed.
Read more in docs/operations.md.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from pipelines.landing.endpoints import Endpoint
from pipelines.landing.pages import Page, Unreadable, read_page
from pipelines.xero.client import XeroClient

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 1000
OVERLAP: Final = timedelta(seconds=300)
PULLS: Final = 3

Sink = Callable[[Endpoint, Page], None]


@dataclass(frozen=True)
class Reading:
    """What is asked of one list: everything, or what changed since an instant of Xero's clock."""

    endpoint: Endpoint
    modified_since: datetime | None = None

    @property
    def is_full(self) -> bool:
        """Whether the whole list replaces what was stored."""
        return self.modified_since is None or not self.endpoint.is_paged


@dataclass(frozen=True)
class ListRead:
    """How one list was read: `distinct` records of the `expected` that Xero says it holds."""

    reading: Reading
    started_at: datetime
    expected: int
    distinct: int
    calls: int
    megabytes: float
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every record that Xero counts came, readable or not."""
        return self.distinct + len(self.unreadable) >= self.expected

    @property
    def next_modified_since(self) -> datetime:
        """Where the next reading starts: at this one's start by Xero's clock, less an overlap."""
        return self.started_at - OVERLAP


@dataclass
class _Tally:
    """What came of one list so far."""

    ids: set[str] = field(default_factory=set)
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    expected: int = 0
    calls: int = 0
    size: int = 0
    started_at: datetime | None = None
    has_moved: bool = False


def read_list(client: XeroClient, reading: Reading, *, sink: Sink) -> ListRead:
    """Read one list into `sink`, again where it moved so much that rows are missing."""
    tally = _Tally()
    if not reading.endpoint.is_paged:
        _read_whole(client, reading.endpoint, tally, sink=sink)
        return _told(reading, tally)
    for _ in range(PULLS):
        _read_pages(client, reading, tally, sink=sink)
        if tally.has_moved:
            _catch_up(client, reading, tally, sink=sink)
        if len(tally.ids) + len(tally.unreadable) >= tally.expected:
            break
        log.warning("%s: %d of %d came; reading again.", reading.endpoint.name, len(tally.ids), tally.expected)
    return _told(reading, tally)


def _read_whole(client: XeroClient, endpoint: Endpoint, tally: _Tally, *, sink: Sink) -> None:
    answer = client.items()
    page = read_page(answer, endpoint)
    tally.calls, tally.size, tally.started_at = 1, len(answer.body), page.server_time
    _count(page, endpoint, tally)
    tally.expected = page.records.height + len(page.unreadable)
    sink(endpoint, page)
    log.info("%s: %d read.", endpoint.name, page.records.height)


def _read_pages(client: XeroClient, reading: Reading, tally: _Tally, *, sink: Sink) -> None:
    endpoint, number, pages, before = reading.endpoint, 1, 1, None
    while number <= pages:
        answer = client.page(endpoint.name, number=number, size=PAGE_SIZE, modified_since=reading.modified_since)
        page = read_page(answer, endpoint)
        tally.calls, tally.size = tally.calls + 1, tally.size + len(answer.body)
        tally.started_at = tally.started_at or page.server_time
        _count(page, endpoint, tally)
        sink(endpoint, page)
        if page.pagination is None:
            pages = number + 1 if page.records.height else number
        else:
            pages, tally.expected = page.pagination.page_count, page.pagination.item_count
            tally.has_moved |= before not in {None, tally.expected}
            before = tally.expected
        log.info("%s: page %d of %d, %d read.", endpoint.name, number, max(pages, number), len(tally.ids))
        number += 1


def _catch_up(client: XeroClient, reading: Reading, tally: _Tally, *, sink: Sink) -> None:
    """Read what changed since this pass began: the rows that moved to the front while it ran."""
    expected = tally.expected
    tally.has_moved = False
    _read_pages(client, replace(reading, modified_since=tally.started_at), tally, sink=sink)
    tally.expected, tally.has_moved = expected, False


def _count(page: Page, endpoint: Endpoint, tally: _Tally) -> None:
    ids = page.records[endpoint.key].drop_nulls().to_list()
    tally.has_moved |= not tally.ids.isdisjoint(ids)
    tally.ids.update(ids)
    tally.unreadable.update({record.record_id: record for record in page.unreadable})


def _told(reading: Reading, tally: _Tally) -> ListRead:
    assert tally.started_at is not None  # noqa: S101, at least one page was read
    return ListRead(
        reading=reading,
        started_at=tally.started_at,
        expected=tally.expected,
        distinct=len(tally.ids),
        calls=tally.calls,
        megabytes=tally.size / 1e6,
        unreadable=tuple(tally.unreadable.values()),
    )
