"""The archive of answers: the bytes of each load as Xero sent them, to continue or replay the load.

What belongs here: a folder per load, a compressed file per answer, and a line of the journal for each.
What does not: the content of an answer (`pages.py`). The journal names a file only after it was written, and the file
has a checksum, so a crash leaves a whole answer or none.
Read more in docs/loading.md.
"""

import re
import shutil
import threading
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from pipelines.errors import DataError

FOLDER: Final = "pages"
KEPT_FOR: Final = timedelta(days=30)
CONTINUED_FOR: Final = timedelta(hours=24)
"""An interrupted load is continued for so long after its start; later its lists have changed too much."""
_NAME: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_JOURNAL: Final = "journal.jsonl"
_LANDED: Final = "landed"
_REFUSED: Final = "refused"
_LEVEL: Final = 1


_TAIL_BYTES: Final = 8192


class DamagedLoadError(DataError):
    """A stored answer of a load cannot be read."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the journal has it, and the place of its answer in the list.

    `is_pass` separates the pages of a pass through the list, which can be continued, from its catch-up.
    """

    number: int
    list_name: str
    page: int
    page_size: int
    page_count: int
    modified_since: datetime | None
    status: str | None
    is_pass: bool
    asked_at: datetime
    body_bytes: int

    @property
    def is_full(self) -> bool:
        """Whether the answer is part of the whole list."""
        return self.modified_since is None and self.status is None


class KeptLoad:
    """One load's folder; its id sorts by time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.Lock()
        self._to_continue: list[Request] = []

    @cached_property
    def requests(self) -> list[Request]:
        """The requests that were answered, in order."""
        return _read_journal(self.folder / _JOURNAL)

    @property
    def load_id(self) -> str:
        """The load's name."""
        return self.folder.name

    @property
    def started_at(self) -> datetime:
        """The start of the load, by its name."""
        return datetime.strptime(self.load_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    @property
    def is_landed(self) -> bool:
        """Whether its rows are landed."""
        return (self.folder / _LANDED).exists()

    @property
    def is_refused(self) -> bool:
        """Whether a check refused it."""
        return (self.folder / _REFUSED).exists()

    @property
    def is_over(self) -> bool:
        """Whether it was landed, or refused by a check."""
        return self.is_landed or self.is_refused

    @property
    def last_request(self) -> Request | None:
        """The last request that was answered, also while the load is at work: nothing is changed by looking."""
        path = self.folder / _JOURNAL
        if not path.exists():
            return None
        with path.open("rb") as journal:
            journal.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            lines = journal.read().split(b"\n")[:-1]
        try:
            return msgspec.json.decode(lines[-1], type=Request) if lines else None
        except msgspec.MsgspecError:
            return None

    def resume(self) -> None:
        """Offer the pages that were read before the interruption."""
        self._to_continue = list(self.requests)

    def keep(self, body: bytes, **fields: object) -> None:
        """Store an answer, then its line in the journal."""
        compressed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(body)
        with self._guard:
            number = self.requests[-1].number + 1 if self.requests else 1
            request = msgspec.convert({**fields, "number": number, "body_bytes": len(body)}, Request)
            self._path(request).write_bytes(compressed)
            with (self.folder / _JOURNAL).open("ab") as journal:
                journal.write(msgspec.json.encode(request) + b"\n")
            self.requests.append(request)

    def body(self, request: Request) -> bytes | None:
        """An answer's bytes; None if the file is damaged or gone."""
        try:
            body = zstandard.ZstdDecompressor().decompress(self._path(request).read_bytes())
        except (OSError, zstandard.ZstdError):
            return None
        return body if len(body) == request.body_bytes else None

    def take_pages_of(self, list_name: str, modified_since: datetime | None, *, page_size: int) -> list[Request]:
        """The first pages of an interrupted pass, without a gap; each is given once."""
        wanted = (list_name, modified_since, None, page_size)
        pages: list[Request] = []
        for request in self._to_continue:
            key = (request.list_name, request.modified_since, request.status, request.page_size)
            if request.is_pass and key == wanted:
                pages = [request] if request.page == 1 else [*pages, request] if request.page == len(pages) + 1 else []
        self._to_continue = [request for request in self._to_continue if request.list_name != list_name]
        return pages

    def drop(self, request: Request) -> None:
        """Delete an answer that is no longer needed; its line in the journal stays."""
        self._path(request).unlink(missing_ok=True)

    def mark_landed(self, summary: bytes = b"") -> None:
        """Record that its rows are landed, and what a person may want to know of it (`past_loads.py`)."""
        (self.folder / _LANDED).write_bytes(summary)

    @property
    def summary(self) -> bytes:
        """What was recorded when its rows were landed; empty if nothing was."""
        marker = self.folder / _LANDED
        return marker.read_bytes() if marker.exists() else b""

    @property
    def refusal(self) -> str:
        """The reason for which a check refused it; empty if none did."""
        marker = self.folder / _REFUSED
        return marker.read_text(encoding="utf-8") if marker.exists() else ""

    def mark_refused(self, why: str) -> None:
        """Record that a check refused it: it is neither continued nor replayed."""
        (self.folder / _REFUSED).write_text(why, encoding="utf-8")

    def _path(self, request: Request) -> Path:
        return self.folder / f"{request.number:05}-{request.list_name}.json.zst"


def begin_load(folder: Path, *, at: datetime) -> KeptLoad:
    """The last load if it was interrupted, else a new one.

    Names sort by age: if a clock ahead of ours named the last load, the new name is a second later than it.
    """
    pages = folder / FOLDER
    last = next(iter(reversed(kept_loads(folder))), None)  # journals are read only when needed
    if last is not None and not last.is_over and abs(at - last.started_at) < CONTINUED_FOR:
        last.resume()
        return last
    if last is not None:
        at = max(at, last.started_at + timedelta(seconds=1))
    new = pages / f"{at:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
    new.mkdir(parents=True)
    return KeptLoad(new)


def kept_loads(folder: Path) -> list[KeptLoad]:
    """The stored loads of an organisation, the oldest first; other folders there are ignored."""
    pages = folder / FOLDER
    found = sorted(pages.iterdir()) if pages.is_dir() else []
    return [KeptLoad(path) for path in found if path.is_dir() and _NAME.fullmatch(path.name)]


def prune(folder: Path, *, at: datetime) -> None:
    """Delete the answers that no replay of a recent load needs.

    Recent loads stay. Of an old load, nothing stays if it was not landed; otherwise the answers stay that no later old
    load has replaced by reading the whole of their list.
    """
    loads = kept_loads(folder)
    old = [load for load in loads if at - load.started_at > KEPT_FOR]
    whole_since: dict[str, str] = {}
    for load in old:
        whole_since |= {
            request.list_name: load.load_id for request in load.requests if request.is_full and load.is_landed
        }
    for load in old:
        if not load.is_landed:
            shutil.rmtree(load.folder)
            continue
        needed = [request for request in load.requests if load.load_id >= whole_since.get(request.list_name, "")]
        for request in load.requests:
            if request not in needed:
                load.drop(request)
        if not needed:
            shutil.rmtree(load.folder)


def answers_behind(loads: Sequence[KeptLoad], list_name: str) -> Iterator[tuple[KeptLoad, Request]]:
    """The answers that make up a list as it was after the last of these loads, in the order in which they came."""
    first = max((n for n, load in enumerate(loads) if _is_whole(load, list_name)), default=None)
    if first is None:
        return
    for load in loads[first:]:
        for request in load.requests:
            if request.list_name == list_name:
                yield load, request


def _is_whole(load: KeptLoad, list_name: str) -> bool:
    """Whether a load read the whole of a list, to its last page."""
    pages = [
        request for request in load.requests if request.list_name == list_name and request.is_full and request.is_pass
    ]
    return any(request.page >= request.page_count for request in pages)


def _read_journal(path: Path) -> list[Request]:
    """The lines that were written whole; an incomplete line, which a crash left, is cut off."""
    written = path.read_bytes() if path.exists() else b""
    whole = written[: written.rfind(b"\n") + 1]
    if whole != written:
        path.write_bytes(whole)
    try:
        return [msgspec.json.decode(line, type=Request) for line in whole.splitlines()]
    except msgspec.MsgspecError as trouble:
        raise DamagedLoadError(
            f"{path} is damaged ({trouble}), so the answers of this load cannot be read: delete the folder "
            f"{path.parent}, and replay another load or import everything again with `stocktrim load --refresh`."
        ) from trouble
