"""What a BI tool of an older client does: read every published table, in its DuckDB file and its Parquet files.

Run by a Python that has those clients and nothing of ours: `python reading_with_an_old_client.py FOLDER`.
"""

import json
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import parquet


def tables_of(folder: Path) -> dict[str, list[int]]:
    """Rows and columns of each table as both clients see them."""
    seen = {}
    with duckdb.connect(str(folder / "stocktrim.duckdb"), read_only=True) as connection:
        for (name,) in connection.execute("select table_name from duckdb_tables() order by table_name").fetchall():
            rows = connection.execute(f"select * from {name}")
            columns = [column[0] for column in rows.description]
            read = parquet.read_table(folder / f"{name}.parquet")
            assert read.column_names == columns, name
            assert read.num_rows == len(rows.fetchall()), name
            seen[name] = [read.num_rows, len(columns)]
    return seen


if __name__ == "__main__":
    clients = {"duckdb": duckdb.__version__, "pyarrow": pa.__version__}
    sys.stdout.write(json.dumps({"clients": clients, "tables": tables_of(Path(sys.argv[1]))}))
