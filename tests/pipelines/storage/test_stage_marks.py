"""A stage's mark is believed only if it is whole, of this version and of this organisation."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.storage.fingerprints import MISSING, code_fingerprint, table_fingerprint
from pipelines.storage.stage_marks import SCHEMA, StageMark, changed, put_mark, read_marks, remove_mark
from pipelines.storage.warehouse import open_warehouse, transaction

OURS = "acme 7c9e"
MARK = StageMark(
    stage="demand", inputs={"marts.products": "1", "code": "2"}, outputs={"forecast.demand_forecast": "3"},
    made_at=datetime(2026, 11, 30, 8, 12, tzinfo=UTC), run_id="a run", report={"rows": 400, "warnings": ["Look."]},
)  # fmt: skip
COPIES = {
    "one value": "update copy set b = 'x' where a = 1",
    "one value gone": "update copy set b = null where a = 1",
    "a row more": "insert into copy values (3, 'c')",
    "a row twice": "insert into copy values (2, 'b')",
    "a row less": "delete from copy where a = 2",
    "values swapped between rows": "update copy set b = case a when 1 then 'b' else 'a' end",
    "a column more": "alter table copy add column c integer",
    "a column less": "alter table copy drop column b",
    "another name": "alter table copy rename column b to c",
    "another type": "alter table copy alter column a type bigint",
}


def marked(folder: Path, organisation: str = OURS) -> Path:
    with open_warehouse(folder) as warehouse:
        put_mark(warehouse, organisation, MARK)
    return folder


def marks_after(folder: Path, edit: str, organisation: str = OURS) -> dict[str, StageMark]:
    with open_warehouse(folder) as warehouse:
        warehouse.execute(edit)
        return read_marks(warehouse, organisation)


def stop_after_the_mark(warehouse: duckdb.DuckDBPyConnection) -> None:
    with transaction(warehouse):
        put_mark(warehouse, OURS, MARK)
        raise ZeroDivisionError


def test_a_mark_is_read_as_it_was_written_and_a_later_mark_replaces_it(tmp_path: Path) -> None:
    marked(marked(tmp_path))
    assert marks_after(tmp_path, "select 1") == {"demand": MARK}
    assert not changed(MARK, inputs=MARK.inputs, outputs=MARK.outputs)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (f"update {SCHEMA}.marks set body = replace(body, '400', '401')", "damaged"),
        (f"update {SCHEMA}.marks set body = body[:40]", "damaged"),
        (f"update {SCHEMA}.marks set checksum = null", "damaged"),
        (f"update {SCHEMA}.marks set stage = 'order_plan'", "damaged"),
        (f"update {SCHEMA}.marks set format = 0", "another version"),
        (f"alter table {SCHEMA}.marks drop column checksum", "another version"),
        (f"alter table {SCHEMA}.marks rename to stages", ""),
    ],
)
def test_marks_that_are_damaged_or_of_another_version_are_all_dropped_with_a_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, edit: str, reason: str
) -> None:
    with caplog.at_level(logging.WARNING, "pipelines"):
        assert marks_after(marked(tmp_path), edit) == {}
    assert reason in caplog.text
    marked(tmp_path)
    assert marks_after(tmp_path, "select 1") == {"demand": MARK}


def test_a_warehouse_copied_from_another_organisation_has_no_marks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    marked(tmp_path, "acme 0000")
    assert marks_after(tmp_path, "select 1") == {}
    assert "Everything is made again" in caplog.text
    assert "another organisation" in caplog.text


def test_a_mark_goes_with_the_outputs_that_were_not_written(tmp_path: Path) -> None:
    with open_warehouse(tmp_path) as warehouse:
        with pytest.raises(ZeroDivisionError):
            stop_after_the_mark(warehouse)
        assert read_marks(warehouse, OURS) == {}
        remove_mark(warehouse, "demand")
        put_mark(warehouse, OURS, MARK)
        remove_mark(warehouse, "demand")
        assert read_marks(warehouse, OURS) == {}


@pytest.mark.parametrize("edit", COPIES.values(), ids=COPIES.keys())
def test_every_edit_of_a_table_changes_its_fingerprint(edit: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table main.copy as select * from (values (1, 'a'), (2, 'b')) as rows (a, b)")
        before = table_fingerprint(connection, "main.copy")
        connection.execute(edit)
        assert table_fingerprint(connection, "main.copy") not in {before, MISSING}


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", "a", "b"])), max_size=6), st.randoms())
def test_equal_tables_have_equal_fingerprints_whatever_the_order_of_their_rows(
    rows: list[tuple[int, str]], random: Random
) -> None:
    shuffled = random.sample(rows, len(rows))
    with duckdb.connect() as connection:
        for name, content in (("first", rows), ("second", shuffled)):
            connection.execute(f"create table main.{name} (a integer, b varchar)")
            if content:
                connection.executemany(f"insert into main.{name} values (?, ?)", content)
        first, second = (table_fingerprint(connection, f"main.{name}") for name in ("first", "second"))
    assert first == second


def test_only_rows_that_meet_the_condition_count() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table main.copy as select * from (values (1, 'a'), (2, 'b')) as rows (a, b)")
        before = table_fingerprint(connection, "main.copy", where="a = 1")
        connection.execute("update main.copy set b = 'x' where a = 2")
        assert table_fingerprint(connection, "main.copy", where="a = 1") == before
        assert table_fingerprint(connection, "main.absent") == MISSING


def test_any_edited_renamed_or_new_source_file_is_another_version_of_the_code(tmp_path: Path) -> None:
    folder = tmp_path / "pipelines"
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "model.sql").write_text("select 1")
    seen = [code_fingerprint([folder])]
    (folder / "inside" / "model.sql").write_text("select 2")
    seen.append(code_fingerprint([folder]))
    (folder / "inside" / "model.sql").rename(folder / "inside" / "models.sql")
    seen.append(code_fingerprint([folder]))
    (folder / "new.py").write_text("")
    seen.append(code_fingerprint([folder]))
    assert len(set(seen)) == len(seen)
    (folder / "target").mkdir()
    (folder / "target" / "compiled.sql").write_text("select 1")
    (folder / "stocktrim.log").write_text("")
    assert code_fingerprint([folder]) == seen[-1]
