"""The log of loads: the calls and records of each, in `raw.loads`.

What belongs here: the rows, and what a later load learns from them. What does not: reading and landing.
Read more in docs/loading.md.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import duckdb
import polars as pl

from pipelines.landing.concurrent_reads import Gathered
from pipelines.landing.extract import ListRead
from pipelines.storage.tables import LOADS

COUNTED_EVERY: Final = timedelta(days=7)
ORGANISATION: Final = "Organisation"


def rows_of_loads(load_id: str, read: Gathered, *, day: date, extent: str | None = None) -> pl.DataFrame:
    """The rows of `raw.loads`, one per list and extent; `extent`, if given, replaces that of the readings."""
    loaded_at = min(list_read.started_at for list_read in read.lists)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for name, own_extent, list_read in _extents(read):
        row = rows.setdefault((name, extent or own_extent), {
            "load_id": load_id, "loaded_at": loaded_at, "organisation_date": day, "list": name,
            "kind": extent or own_extent,
            "records": 0, "calls": 0, "megabytes": 0.0, "quarantined": 0, "day_calls_left": None,
            "is_quiescent": read.is_quiescent,
        })  # fmt: skip
        row["records"] = max(row["records"], list_read.distinct)
        row["calls"] += list_read.calls
        row["megabytes"] += list_read.megabytes
        row["quarantined"] = max(row["quarantined"], len(list_read.unreadable))
        left = [number for number in (row["day_calls_left"], list_read.day_calls_left) if number is not None]
        row["day_calls_left"] = min(left, default=None)
    if read.organisation is not None:
        rows[ORGANISATION, "everything"] = {
            "load_id": load_id, "loaded_at": loaded_at, "organisation_date": day, "list": ORGANISATION,
            "kind": "everything", "records": 1, "calls": 1, "megabytes": read.organisation.megabytes,
            "quarantined": 0, "day_calls_left": read.organisation.day_calls_left, "is_quiescent": read.is_quiescent,
        }  # fmt: skip
    return pl.DataFrame(list(rows.values()), schema=LOADS.schema)


def _extents(read: Gathered) -> Iterator[tuple[str, str, ListRead]]:
    for list_read in read.lists:
        yield list_read.reading.endpoint.name, list_read.reading.extent, list_read
    for list_read in read.counts:
        yield list_read.reading.endpoint.name, "count", list_read


def last_days(connection: duckdb.DuckDBPyConnection, *, day: date) -> dict[tuple[str, str], date]:
    """The organisation's last day of each list and extent; a day after `day` comes from a wrong clock."""
    rows = connection.execute(
        f"select list, kind, max(organisation_date) from {LOADS.path} "
        "where kind <> 'replayed' and organisation_date <= ? group by all",
        [day],
    ).fetchall()
    return {(name, extent): day for name, extent, day in rows}


def day_calls_left(rows: pl.DataFrame) -> int | None:
    """The calls that were left of the day's limit at the end of a load; None if Xero did not say."""
    left = rows["day_calls_left"].min()
    return left if isinstance(left, int) else None
