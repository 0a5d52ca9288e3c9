"""Reading Xero's lists page by page, so that an edit meanwhile loses no row.

What belongs here: the order of the calls of one list, and the count of what came. What does not: what a page holds
(`pages.py`), which lists are read beside each other (`concurrent_reads.py`), and where rows go (the `sink`).
A list is read with the latest changes first, one page after another. An edit meanwhile moves a row to the front, where
the catch-up finds it, and pushes unread rows to later pages, where they may come twice but are never missed. That holds
however much time passes between two pages, so an interrupted pass can be continued.
Read more in docs/loading.md.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from pipelines.landing.endpoints import Endpoint
from pipelines.landing.page_archive import KeptLoad, Request
from pipelines.landing.pages import Page, earliest_change, latest_change, read_page
from pipelines.landing.quarantine import Unreadable
from pipelines.xero.client import XeroAnswer, XeroClient
from pipelines.xero.xero_errors import UnreadableAnswerError

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 1000
CATCH_UP_SIZE: Final = 100
OVERLAP: Final = timedelta(seconds=300)
PASSES: Final = 3
ANSWER_ATTEMPTS: Final = 3
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
DAY_CALLS_LEFT: Final = "X-DayLimit-Remaining"

Sink = Callable[[Endpoint, Page], None]


@dataclass(frozen=True)
class Reading:
    """A request for a list: everything, or what changed since an instant of Xero's clock.

    With `status`, all orders of that status whatever their stamps: some changes leave the stamp as it is.
    """

    endpoint: Endpoint
    modified_since: datetime | None = None
    status: str | None = None

    @property
    def is_full(self) -> bool:
        """Whether the whole list replaces what was stored."""
        return not self.endpoint.is_paged or (self.modified_since is None and self.status is None)

    @property
    def extent(self) -> str:
        """Its name in `raw.loads`: open_orders, everything or changes."""
        if self.status is not None:
            return "open_orders"
        return "everything" if self.is_full else "changes"


@dataclass(frozen=True)
class ListRead:
    """The result of reading a list: the `distinct` records of the last pass, of the `expected` that Xero counts."""

    reading: Reading
    started_at: datetime
    expected: int
    distinct: int
    calls: int
    megabytes: float
    latest_change: datetime
    day_calls_left: int | None = None
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every record that Xero counts came, readable or not; always for a status, which orders may leave."""
        return self.reading.status is not None or self.distinct >= self.expected

    @property
    def next_modified_since(self) -> datetime:
        """The instant from which to read next: the start of this reading by Xero's clock, less an overlap."""
        return self.started_at.replace(microsecond=0) - OVERLAP


@dataclass
class _Tally:
    """The count of a list while it is read; `ids` and `expected` are those of the present pass."""

    ids: set[str] = field(default_factory=set)
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    expected: int = 0
    calls: int = 0
    size: int = 0
    day_calls_left: int | None = None
    started_at: datetime | None = None
    latest_change: datetime = EARLIEST

    def note_call(self, answer: XeroAnswer) -> None:
        """Count a call and the bytes of its answer."""
        self.calls, self.size = self.calls + 1, self.size + len(answer.body)
        left = answer.headers.get(DAY_CALLS_LEFT, "")
        self.day_calls_left = int(left) if left.isdecimal() else self.day_calls_left

    def begin_pass(self) -> None:
        """Start counting the records of a pass."""
        self.ids, self.expected = set(), 0

    def expect(self, count: int) -> None:
        """Record the list's length as a page states it; the largest counts.

        No record leaves these lists, but a page may come from one of Xero's copies that lags behind: it has fewer
        records, or not their new places, so that a page that comes after a newer one begins too far on. The newest
        copy knows every record that came. So as many ids as the largest stated length are all there are.
        """
        self.expected = max(self.expected, count)

    @property
    def is_short(self) -> bool:
        """Whether fewer records came in this pass than Xero counts."""
        return len(self.ids) < self.expected

    def note(self, page: Page, endpoint: Endpoint) -> set[str]:
        """Count a page's records; their ids."""
        self.started_at = self.started_at or page.server_time
        self.latest_change = max(self.latest_change, latest_change(page))
        unreadable = {record.record_id: record for record in page.unreadable}
        ids = {*page.records[endpoint.key].drop_nulls().to_list(), *unreadable}
        self.unreadable |= unreadable
        self.ids |= ids
        return ids


class LoadStoppedError(Exception):
    """Another list failed, so this list is not read further; the failure itself is reported."""


@dataclass
class Reader:
    """Reads lists of an organisation: stores the bytes, hands the rows to `sink`."""

    client: XeroClient
    kept: KeptLoad
    sink: Sink
    page_size: int = PAGE_SIZE
    is_stopped: threading.Event = field(default_factory=threading.Event)

    def read(self, reading: Reading) -> ListRead:
        """Read a list, again if it changed so much that rows are missing."""
        tally = _Tally()
        if not reading.endpoint.is_paged:
            self._read_whole(reading, tally)
            return _list_read(reading, tally)
        read = self._read_until_whole(reading, tally)
        is_ahead = reading.modified_since is not None and read.started_at < reading.modified_since
        if not is_ahead and (read.is_complete or reading.is_full):
            return read
        why = "the last load is later than Xero's clock" if is_ahead else "the count of changes differs from Xero's"
        log.warning("%s: reading everything, since %s.", reading.endpoint.name, why)
        return self._read_until_whole(Reading(reading.endpoint), tally)

    def _read_until_whole(self, reading: Reading, tally: _Tally) -> ListRead:
        for _ in range(PASSES):
            if self._pass(reading, tally):
                self._catch_up(reading, tally)
            read = _list_read(reading, tally)
            if read.is_complete:
                break
            log.warning(
                "%s: %d of %d records came; reading again.", reading.endpoint.name, read.distinct, read.expected
            )
        return read

    def count(self, endpoint: Endpoint) -> ListRead:
        """The number of records of a list by Xero's count, from one small call."""
        tally = _Tally()
        answer, page = self._answered(endpoint, lambda: self.client.page(
            endpoint.name, number=1, size=1, modified_since=None
        ))  # fmt: skip
        tally.note_call(answer)
        tally.note(page, endpoint)
        tally.expected = page.pagination.item_count if page.pagination else 0
        return _list_read(Reading(endpoint), tally)

    def _read_whole(self, reading: Reading, tally: _Tally) -> None:
        endpoint = reading.endpoint
        answer, page = self._answered(endpoint, self.client.items)
        self._keep(answer, reading, number=1, size=self.page_size, page_count=1, is_pass=True)
        tally.note_call(answer)
        tally.expected = len(tally.note(page, endpoint))
        self.sink(endpoint, page)
        _log_page(endpoint, 1, 1, len(tally.ids))

    def _pass(self, reading: Reading, tally: _Tally) -> bool:
        """Read a list from its first page to its last; whether it changed meanwhile."""
        endpoint, number, pages = reading.endpoint, 0, 1
        has_moved, before = False, None
        tally.begin_pass()
        for page in self._pages_of_before(reading):
            number += 1
            if page.pagination is not None:
                pages = page.pagination.page_count
                tally.expect(page.pagination.item_count)
            tally.note(page, endpoint)
            has_moved = True
        while number < pages:
            number += 1
            seen = len(tally.ids)
            page = self._read_page(reading, number, tally)
            ids = tally.note(page, endpoint)
            has_moved |= len(tally.ids) < seen + len(ids)
            if page.pagination is None:
                pages = number + 1 if ids else number
            else:
                pages, count = page.pagination.page_count, page.pagination.item_count
                tally.expect(count)
                has_moved |= before not in {None, count}
                before = count
            _log_page(endpoint, number, max(pages, number), len(tally.ids))
        return has_moved or (tally.is_short and reading.status is None)

    def _pages_of_before(self, reading: Reading) -> Iterator[Page]:
        """The pages that an interrupted load stored; none if it stored one page only, which is read again instead."""
        pages = self.kept.take_pages_of(reading.endpoint.name, reading.modified_since, page_size=self.page_size)
        if reading.status is not None or not pages[1:]:
            return
        log.info("%s: continuing after page %d of %d.", reading.endpoint.name, len(pages), pages[-1].page_count)
        for request in pages:
            body = self.kept.body(request)
            if body is None:
                return
            page = read_page(body, reading.endpoint)
            self.sink(reading.endpoint, page)
            yield page

    def _catch_up(self, reading: Reading, tally: _Tally) -> None:
        """Read the front of the list again: the rows that moved there during this pass, and the length of the list now.

        Changes since an instant would be fewer bytes, but give no length: a new row could then hide a missed one. The
        catch-up goes back by the usual overlap, since a page may come from a replica of Xero's without the latest
        changes. If a small page does not reach back so far, pages of the usual size do.
        """
        since = _list_read(reading, tally).next_modified_since
        number, size = 1, min(CATCH_UP_SIZE, self.page_size)
        while True:
            page = self._read_page(reading, number, tally, catch_up_size=size)
            pages = number + 1 if tally.note(page, reading.endpoint) else number
            if page.pagination is not None:
                pages = page.pagination.page_count
                tally.expect(page.pagination.item_count)
            if number >= pages or earliest_change(page) < since:
                return
            number, size = (number + 1, size) if size == self.page_size else (1, self.page_size)

    def _read_page(self, reading: Reading, number: int, tally: _Tally, *, catch_up_size: int | None = None) -> Page:
        endpoint, size = reading.endpoint, catch_up_size or self.page_size
        answer, page = self._answered(endpoint, lambda: self.client.page(
            endpoint.name, number=number, size=size, modified_since=reading.modified_since, status=reading.status,
        ))  # fmt: skip
        pages = page.pagination.page_count if page.pagination else number
        self._keep(answer, reading, number=number, size=size, page_count=pages, is_pass=catch_up_size is None)
        tally.note_call(answer)
        self.sink(endpoint, page)
        return page

    def _answered(self, endpoint: Endpoint, request: Callable[[], XeroAnswer]) -> tuple[XeroAnswer, Page]:
        """An answer that can be read: an answer that is cut off or not JSON is requested again."""
        for attempt in range(1, ANSWER_ATTEMPTS + 1):
            if self.is_stopped.is_set():
                raise LoadStoppedError
            answer = request()
            try:
                return answer, read_page(answer.body, endpoint)
            except UnreadableAnswerError:
                if attempt == ANSWER_ATTEMPTS:
                    raise
                attempts = f"attempt {attempt + 1} of {ANSWER_ATTEMPTS}"
                log.warning("%s: the answer cannot be read; requesting it again (%s).", endpoint.name, attempts)
        raise AssertionError

    def _keep(
        self, answer: XeroAnswer, reading: Reading, *, number: int, size: int, page_count: int, is_pass: bool
    ) -> None:
        self.kept.keep(
            answer.body,
            list_name=reading.endpoint.name,
            page=number,
            page_size=size,
            page_count=page_count,
            modified_since=reading.modified_since if reading.endpoint.is_paged else None,
            status=reading.status,
            is_pass=is_pass,
            asked_at=datetime.now(UTC),
        )


def read_kept(endpoint: Endpoint, answers: Iterator[tuple[KeptLoad, Request]], *, sink: Sink) -> ListRead:
    """A whole list from the stored answers of loads, as the last load left it."""
    tally, last_load, began = _Tally(), "", EARLIEST
    for load, request in answers:
        body = load.body(request)
        if body is None:
            raise UnreadableAnswerError(
                f"An answer that the load {load.load_id} stored is damaged ({endpoint.name}, page {request.page}); "
                f"replay another load, or import everything again with `stocktrim load --refresh`."
            )
        page = read_page(body, endpoint)
        if load.load_id != last_load:
            last_load, began = load.load_id, page.server_time
        tally.note(page, endpoint)
        sink(endpoint, page)
    tally.expected, tally.started_at = len(tally.ids), began
    return _list_read(Reading(endpoint), tally)


def _log_page(endpoint: Endpoint, number: int, pages: int, records: int) -> None:
    log.info(
        "%s: page %d of %d, %d read.", endpoint.name, number, pages, records,
        extra={"progress": (endpoint.name, "page", number, pages)},
    )  # fmt: skip


def _list_read(reading: Reading, tally: _Tally) -> ListRead:
    assert tally.started_at is not None  # noqa: S101, at least one page was read
    return ListRead(
        reading=reading,
        started_at=tally.started_at,
        expected=tally.expected,
        distinct=len(tally.ids),
        calls=tally.calls,
        megabytes=tally.size / 1e6,
        latest_change=tally.latest_change,
        day_calls_left=tally.day_calls_left,
        unreadable=tuple(tally.unreadable.values()),
    )
