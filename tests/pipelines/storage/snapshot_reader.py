"""Reads what is published over and over, as BI does: `python -m tests.pipelines.storage.snapshot_reader FOLDER LAST`.

It says the mark of each snapshot when it first sees it, or what was not right, and ends once it has seen LAST.
"""

import sys
from pathlib import Path

import duckdb
import polars as pl

from pipelines.storage.tables import KPI_DAILY, ORDER_PLAN, PLAN_SUMMARY

MARKED = (KPI_DAILY, PLAN_SUMMARY, ORDER_PLAN)
ROWS = 200


def look(folder: Path) -> str:
    """The mark that every row of every table carries, in the DuckDB file and in Parquet, of one snapshot."""
    snapshot = (folder / "published").resolve()
    seen = set()
    with duckdb.connect(str(snapshot / "stocktrim.duckdb"), read_only=True) as connection:
        for table in MARKED:
            seen |= set(connection.execute(f"select plan_id, count(*) from {table.name} group by all").fetchall())
    for table in MARKED:
        seen |= set(pl.read_parquet(snapshot / f"{table.name}.parquet").group_by("plan_id").len().rows())
    (mark, rows), *different = seen
    return f"not whole: {sorted(seen)}" if different or rows != ROWS else str(mark)


def main(folder: Path, last: str) -> None:
    reported = ""
    while reported != last:
        try:
            seen = look(folder)
        except Exception as trouble:  # noqa: BLE001, every error of a reader is reported
            seen = repr(trouble)
        if seen != reported:
            sys.stdout.write(f"{seen}\n")
            sys.stdout.flush()
            reported = seen


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
