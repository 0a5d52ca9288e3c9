"""What is published is whole at every moment, for any number of readers."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.storage.snapshots import SNAPSHOTS_KEPT, publish, published_folder
from pipelines.storage.tables import empty
from pipelines.storage.warehouse import open_warehouse, replace_table
from tests.pipelines.storage.snapshot_reader import MARKED, ROWS, look

READERS = 8


def run(folder: Path, mark: str) -> None:
    """What a run does last, its every row marked."""
    planned(folder, mark)
    publish(folder, snapshot_id=mark)


def planned(folder: Path, mark: str) -> None:
    with open_warehouse(folder) as warehouse:
        for table in MARKED:
            rows = pl.DataFrame({"plan_id": [mark] * ROWS})
            replace_table(warehouse, table, pl.concat([empty(table), rows], how="diagonal"))


@contextmanager
def a_reader(folder: Path, last: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.pipelines.storage.snapshot_reader", str(folder), last]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:  # noqa: S603, our own
        try:
            yield reader
        finally:
            reader.kill()


def says(reader: subprocess.Popen[str]) -> str:
    assert reader.stdout is not None
    return reader.stdout.readline().strip()


@pytest.mark.parametrize("runs", [2, pytest.param(10, marks=pytest.mark.soak)])
def test_readers_see_whole_snapshots_while_runs_publish(tmp_path: Path, runs: int) -> None:
    """Each reader polls all the while; the next run comes when all have seen the last, as kept snapshots allow."""
    marks = [f"run-{number}" for number in range(runs + 1)]
    run(tmp_path, marks[0])
    with ExitStack() as stack:
        readers = [stack.enter_context(a_reader(tmp_path, marks[-1])) for _ in range(READERS)]
        assert [says(reader) for reader in readers] == [marks[0]] * READERS
        for mark in marks[1:]:
            run(tmp_path, mark)
            assert [says(reader) for reader in readers] == [mark] * READERS
        assert [reader.wait() for reader in readers] == [0] * READERS


def test_a_bi_tool_that_holds_the_published_file_stops_no_publish_and_keeps_what_it_opened(
    tmp_path: Path,
) -> None:
    run(tmp_path, "opened")
    held = duckdb.connect(str(published_folder(tmp_path) / "stocktrim.duckdb"), read_only=True)
    with held:
        for number in range(SNAPSHOTS_KEPT + 1):
            run(tmp_path, f"run-{number}")
        assert held.execute("select distinct plan_id from order_plan").fetchall() == [("opened",)]
    assert look(tmp_path) == f"run-{SNAPSHOTS_KEPT}"
