"""What each load took, kept beside what it brought.

What belongs here: the rows of `raw.loads`, and what they tell a later load. What does not: reading and landing.
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


def rows_of_loads(load_id: str, read: Gathered, *, day: date, kind: str | None = None) -> pl.DataFrame:
    """One row a list and way of reading it; `kind` where it is not the readings' own."""
    loaded_at = min(one.started_at for one in read.lists)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for name, how, one in _readings(read):
        row = rows.setdefault((name, kind or how), {
            "load_id": load_id, "loaded_at": loaded_at, "organisation_date": day, "list": name, "kind": kind or how,
            "records": 0, "calls": 0, "megabytes": 0.0, "quarantined": 0, "day_calls_left": None,
            "is_quiescent": read.is_quiescent,
        })  # fmt: skip
        row["records"] = max(row["records"], one.distinct)
        row["calls"] += one.calls
        row["megabytes"] += one.megabytes
        row["quarantined"] = max(row["quarantined"], len(one.unreadable))
        left = [number for number in (row["day_calls_left"], one.day_calls_left) if number is not None]
        row["day_calls_left"] = min(left, default=None)
    if read.organisation is not None:
        rows[ORGANISATION, "everything"] = {
            "load_id": load_id, "loaded_at": loaded_at, "organisation_date": day, "list": ORGANISATION,
            "kind": "everything", "records": 1, "calls": 1, "megabytes": read.organisation.megabytes,
            "quarantined": 0, "day_calls_left": read.organisation.day_calls_left, "is_quiescent": read.is_quiescent,
        }  # fmt: skip
    return pl.DataFrame(list(rows.values()), schema=LOADS.schema)


def _readings(read: Gathered) -> Iterator[tuple[str, str, ListRead]]:
    for one in read.lists:
        yield one.reading.endpoint.name, one.reading.kind, one
    for one in read.counts:
        yield one.reading.endpoint.name, "count", one


def last_days(connection: duckdb.DuckDBPyConnection, *, day: date) -> dict[tuple[str, str], date]:
    """The organisation's day on which each list was last read in each way; days after `day` are a wrong clock's."""
    rows = connection.execute(
        f"select list, kind, max(organisation_date) from {LOADS.path} "
        "where kind <> 'replayed' and organisation_date <= ? group by all",
        [day],
    ).fetchall()
    return {(name, kind): day for name, kind, day in rows}


def day_calls_left(rows: pl.DataFrame) -> int | None:
    """What was left of the day's allowance at the end of a load."""
    left = rows["day_calls_left"].min()
    return left if isinstance(left, int) else None
