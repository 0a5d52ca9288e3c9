"""BI tools without DuckDB read the folder of Parquet files."""

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from pipelines.storage.tables import PUBLISHED


def test_pyarrow_and_pandas_read_each_published_table_as_the_duckdb_file_has_it(planned_home: Path) -> None:
    snapshot = (planned_home / "organisations" / "demo" / "published").resolve()
    with duckdb.connect(str(snapshot / "stocktrim.duckdb"), read_only=True) as published:
        for table in PUBLISHED:
            rows = published.execute(f"select count(*) from {table.name}").fetchall()[0][0]
            read = pq.read_table(snapshot / f"{table.name}.parquet")
            assert (read.num_rows, read.column_names) == (rows, table.published_columns)
            assert len(pd.read_parquet(snapshot / f"{table.name}.parquet")) == rows
