"""The bytes of each load as Xero sent them, so that a load can go on where it was stopped, and be replayed.

What belongs here: a folder a load, a compressed file an answer, one line of its journal for each of them.
What does not: what an answer says (`pages.py`). A file is named in the journal only after it was written, and has a
checksum, so whatever a crash leaves is either a whole answer or none.
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
GOES_ON_FOR: Final = timedelta(hours=24)
"""How long after its start an interrupted load is gone on with; after that its list has moved too much."""
_NAME: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_JOURNAL: Final = "journal.jsonl"
_LANDED: Final = "landed"
_REFUSED: Final = "refused"
_LEVEL: Final = 1


class DamagedLoadError(DataError):
    """What a load has kept cannot be read any more."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, and where the answer stood in its list.

    `is_pass` tells the pages of a pass through the list, which can be gone on with, from its catch-up.
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
        self._to_go_on_with: list[Request] = []

    @cached_property
    def requests(self) -> list[Request]:
        """What was asked for and answered, in order."""
        return _read_journal(self.folder / _JOURNAL)

    @property
    def load_id(self) -> str:
        """The load's name."""
        return self.folder.name

    @property
    def started_at(self) -> datetime:
        """When it began, by its name."""
        return datetime.strptime(self.load_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    @property
    def is_landed(self) -> bool:
        """Whether what it read was stored."""
        return (self.folder / _LANDED).exists()

    @property
    def is_refused(self) -> bool:
        """Whether a check refused what it read."""
        return (self.folder / _REFUSED).exists()

    @property
    def is_over(self) -> bool:
        """Whether it was landed, or refused by a check."""
        return self.is_landed or self.is_refused

    def go_on(self) -> None:
        """Offer what was read before the interruption."""
        self._to_go_on_with = list(self.requests)

    def keep(self, body: bytes, **said: object) -> None:
        """Keep an answer; its place in the journal says that it is whole."""
        compressed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(body)
        with self._guard:
            number = self.requests[-1].number + 1 if self.requests else 1
            request = msgspec.convert({**said, "number": number, "body_bytes": len(body)}, Request)
            self._path(request).write_bytes(compressed)
            with (self.folder / _JOURNAL).open("ab") as journal:
                journal.write(msgspec.json.encode(request) + b"\n")
            self.requests.append(request)

    def body(self, request: Request) -> bytes | None:
        """An answer's bytes, None where the file is damaged or gone."""
        try:
            body = zstandard.ZstdDecompressor().decompress(self._path(request).read_bytes())
        except (OSError, zstandard.ZstdError):
            return None
        return body if len(body) == request.body_bytes else None

    def take_pages_of(self, list_name: str, modified_since: datetime | None, *, page_size: int) -> list[Request]:
        """The first pages of a pass that was interrupted, without a gap; each is given once."""
        asked = (list_name, modified_since, None, page_size)
        pages: list[Request] = []
        for one in self._to_go_on_with:
            if one.is_pass and (one.list_name, one.modified_since, one.status, one.page_size) == asked:
                pages = [one] if one.page == 1 else [*pages, one] if one.page == len(pages) + 1 else []
        self._to_go_on_with = [one for one in self._to_go_on_with if one.list_name != list_name]
        return pages

    def drop(self, request: Request) -> None:
        """Delete an answer that nobody needs any more; its line in the journal stays."""
        self._path(request).unlink(missing_ok=True)

    def mark_landed(self) -> None:
        """What it read is stored."""
        (self.folder / _LANDED).touch()

    @property
    def refusal(self) -> str:
        """Why a check refused it; empty if none did."""
        marker = self.folder / _REFUSED
        return marker.read_text(encoding="utf-8") if marker.exists() else ""

    def mark_refused(self, why: str) -> None:
        """A check refused it: it is neither gone on with nor replayed."""
        (self.folder / _REFUSED).write_text(why, encoding="utf-8")

    def _path(self, request: Request) -> Path:
        return self.folder / f"{request.number:05}-{request.list_name}.json.zst"


def begin_load(folder: Path, *, at: datetime) -> KeptLoad:
    """The load to go on with where the last one was interrupted, else a new one.

    Names sort by age: where the last one was named by a clock that was ahead, the new one's is a second later.
    """
    pages = folder / FOLDER
    last = next(iter(reversed(kept_loads(folder))), None)  # journals are read only when asked for
    if last is not None and not last.is_over and abs(at - last.started_at) < GOES_ON_FOR:
        last.go_on()
        return last
    if last is not None:
        at = max(at, last.started_at + timedelta(seconds=1))
    new = pages / f"{at:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
    new.mkdir(parents=True)
    return KeptLoad(new)


def kept_loads(folder: Path) -> list[KeptLoad]:
    """Every load of an organisation that is kept, the oldest first; what else lies there is nobody's load."""
    pages = folder / FOLDER
    found = sorted(pages.iterdir()) if pages.is_dir() else []
    return [KeptLoad(path) for path in found if path.is_dir() and _NAME.fullmatch(path.name)]


def prune(folder: Path, *, at: datetime) -> None:
    """Delete what no replay of a load of the last days needs.

    A load that was not landed goes after that time, and so does an answer once the whole of its list was read again,
    also before that time.
    """
    loads = kept_loads(folder)
    old = [load for load in loads if at - load.started_at > KEPT_FOR]
    whole_since: dict[str, str] = {}
    for load in old:
        whole_since |= {one.list_name: load.load_id for one in load.requests if one.is_full and load.is_landed}
    for load in old:
        if not load.is_landed:
            shutil.rmtree(load.folder)
            continue
        needed = [one for one in load.requests if load.load_id >= whole_since.get(one.list_name, "")]
        for request in load.requests:
            if request not in needed:
                load.drop(request)
        if not needed:
            shutil.rmtree(load.folder)


def answers_behind(loads: Sequence[KeptLoad], list_name: str) -> Iterator[tuple[KeptLoad, Request]]:
    """The answers that make up a list as the last of these loads left it, in the order in which they came."""
    first = max((n for n, load in enumerate(loads) if _is_whole(load, list_name)), default=None)
    if first is None:
        return
    for load in loads[first:]:
        for request in load.requests:
            if request.list_name == list_name:
                yield load, request


def _is_whole(load: KeptLoad, list_name: str) -> bool:
    """Whether a load read the whole of a list, to its last page."""
    last = [one for one in load.requests if one.list_name == list_name and one.is_full and one.is_pass]
    return any(one.page >= one.page_count for one in last)


def _read_journal(path: Path) -> list[Request]:
    """The lines that were written whole; what a crash left of another one is cut off."""
    written = path.read_bytes() if path.exists() else b""
    whole = written[: written.rfind(b"\n") + 1]
    if whole != written:
        path.write_bytes(whole)
    try:
        return [msgspec.json.decode(line, type=Request) for line in whole.splitlines()]
    except msgspec.MsgspecError as trouble:
        raise DamagedLoadError(
            f"{path} is damaged ({trouble}), so what this load kept cannot be read: delete the folder {path.parent}, "
            f"and replay another load or import everything again with `stocktrim load --refresh`."
        ) from trouble
