"""The loads of the last weeks, for whoever asks what was read and what came of it; without the warehouse.

What belongs here: what is recorded of a landed load beside its answers, and reading it. What does not: the answers
(`page_archive.py`) and the table of every load (`load_log.py`).
Read more in docs/loading.md.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from pipelines.landing.changes import LoadChanges
from pipelines.landing.page_archive import KeptLoad, kept_loads


class LoadState(StrEnum):
    """What became of a load."""

    LANDED = "landed"
    REFUSED = "refused"
    UNFINISHED = "unfinished"


class ListLoaded(msgspec.Struct, frozen=True):
    """A list of Xero that a load has read: in which way, and how many records came in how many calls."""

    list: str
    kind: str
    records: int
    calls: int
    quarantined: int
    day_calls_left: int | None = None


class LoadSummary(msgspec.Struct, frozen=True):
    """What is recorded of a landed load."""

    lists: tuple[ListLoaded, ...] = ()
    changes: dict[str, Any] = {}


class PastLoad(msgspec.Struct, frozen=True):
    """A load: when it began, what became of it and, if it was refused, why."""

    load_id: str
    began_at: datetime
    state: LoadState
    refusal: str
    lists: Sequence[ListLoaded]
    changes: Mapping[str, Any]


def summary_of(loads: pl.DataFrame, changes: LoadChanges) -> bytes:
    """What is recorded of a load: its rows of `raw.loads` and what it changed, without each product's stock."""
    lists = msgspec.convert(loads.to_dicts(), tuple[ListLoaded, ...])
    return msgspec.json.encode(LoadSummary(lists, {**changes.as_json, "stock_moves": []}))


def past_loads(folder: Path, *, most: int) -> list[PastLoad]:
    """The newest loads of an organisation whose answers are kept, the newest first."""
    return [_past_load(kept) for kept in reversed(kept_loads(folder)[-most:])]


def reading_now(folder: Path) -> tuple[str, int, int] | None:
    """The list that the load at work has read from last, the page and how many there are; None if none is at work."""
    last = next(iter(reversed(kept_loads(folder))), None)
    request = last.last_request if last is not None and not last.is_over else None
    return (request.list_name, request.page, request.page_count) if request else None


def _past_load(kept: KeptLoad) -> PastLoad:
    state = LoadState.LANDED if kept.is_landed else LoadState.REFUSED if kept.is_refused else LoadState.UNFINISHED
    summary = _read(kept.summary)
    return PastLoad(kept.load_id, kept.started_at, state, kept.refusal, summary.lists, summary.changes)


def _read(recorded: bytes) -> LoadSummary:
    """The summary; an empty one of a load that an earlier version has landed."""
    try:
        return msgspec.json.decode(recorded, type=LoadSummary)
    except msgspec.DecodeError:
        return LoadSummary()
