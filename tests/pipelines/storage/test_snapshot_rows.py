"""Of a snapshot's table only the rows and columns that are wanted are read, and they are those of the whole table."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.storage.snapshots import DamagedSnapshotError, column_meanings, read_snapshot
from pipelines.storage.tables import DEMAND_DAILY

CODES = ["A", "Bé", "C/1", "D"]


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    rows = [(code, date(2026, 3, day), float(day), False) for code in CODES for day in (1, 2)]
    pl.DataFrame(rows, schema=DEMAND_DAILY.schema, orient="row").write_parquet(tmp_path / "demand_daily.parquet")
    return tmp_path


def test_rows_of_some_products_are_those_of_the_whole_table(snapshot: Path) -> None:
    whole = read_snapshot(snapshot, DEMAND_DAILY)
    for wanted in ([], ["A"], ["A", "D"], ["Bé", "C/1"], ["nobody", "D"]):
        assert read_snapshot(snapshot, DEMAND_DAILY, product_codes=wanted).equals(
            whole.filter(pl.col("product_code").is_in(wanted))
        )


def test_conditions_and_columns_narrow_further(snapshot: Path) -> None:
    late = pl.col("demand_date") > date(2026, 3, 1)
    found = read_snapshot(snapshot, DEMAND_DAILY, late, product_codes=["A"], columns=["quantity"])
    assert found.to_dict(as_series=False) == {"quantity": [2.0]}


def test_a_table_that_an_earlier_version_did_not_have_is_empty(tmp_path: Path) -> None:
    assert read_snapshot(tmp_path, DEMAND_DAILY, product_codes=["A"]).schema == DEMAND_DAILY.schema
    assert column_meanings(tmp_path, DEMAND_DAILY) == {}


def test_a_damaged_file_is_a_sentence(snapshot: Path) -> None:
    (snapshot / "demand_daily.parquet").write_bytes(b"PAR1 not really PAR1")
    (snapshot / "stocktrim.duckdb").write_bytes(b"no database")
    with pytest.raises(DamagedSnapshotError, match="publishes a new snapshot"):
        read_snapshot(snapshot, DEMAND_DAILY, product_codes=["A"])
    with pytest.raises(DamagedSnapshotError, match="publishes a new snapshot"):
        column_meanings(snapshot, DEMAND_DAILY)
