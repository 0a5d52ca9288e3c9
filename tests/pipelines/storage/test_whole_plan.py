"""The tables of a plan and of its forecast are those of one plan, wherever the writing of the next one stops."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.storage import tables
from pipelines.storage.tables import Table
from pipelines.storage.warehouse import open_warehouse, put_tables, read_table, transaction
from pipelines.storage.whole_plan import (
    CHOICE,
    FORECAST,
    OF_THE_PLAN,
    PARAMETERS,
    keep_plan,
    keep_waiting,
    set_aside,
    set_aside_unchanged,
    to_forecast_with,
    to_plan_with,
)
from stocktrim_assets.assets import exceptions, plan, suppliers

REPLACED = (tables.ORDER_PLAN, tables.LEAD_TIME_ADVICE)
ADDED = (tables.PLAN_SUMMARY, tables.PLAN_HISTORY, tables.KPI_DAILY)
DAY = date(2026, 3, 2)


class StoppedError(Exception):
    """The process ends here."""


class Stopping:
    """A connection whose process ends at its nth statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, at: int) -> None:
        self._connection = connection
        self.left = at

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        return self._counted(found) if name in {"begin", "execute", "commit", "register"} else found

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise StoppedError
            return call(*arguments)

        return counted


def of_plan(name: str, table: Table) -> pl.DataFrame:
    """One row that bears the plan's name in every text, and the day in every date."""
    values = {pl.String: name, pl.Date: DAY, pl.Boolean: False, tables.INSTANT: datetime(2026, 3, 2, tzinfo=UTC)}
    return pl.DataFrame({column: [values.get(type_)] for column, type_ in table.columns.items()}, schema=table.schema)


def frames(name: str, made: tuple[Table, ...]) -> dict[Table, pl.DataFrame]:
    return {table: of_plan(name, table) for table in made}


def write(connection: Any, name: str) -> None:
    """What a plan's run writes, step by step."""
    for step in (PARAMETERS, CHOICE, FORECAST):
        with transaction(connection):
            set_aside(connection, frames(name, step), step=step)
    with transaction(connection):
        keep_plan(connection, frames(name, (*REPLACED, *ADDED)))


def name_in(connection: Any, table: Table) -> str:
    """The plan whose name a table bears."""
    return str(read_table(connection, table).select(pl.col(pl.String).first()).item(0, 0))


def names(folder: Path) -> set[str]:
    """The plans that the tables of a plan are of, whatever waits beside them."""
    with open_warehouse(folder) as connection:
        found = {table: read_table(connection, table) for table in (*PARAMETERS, *CHOICE, *FORECAST, *REPLACED)}
        history = {read_table(connection, table)["plan_id"].to_list()[-1] for table in ADDED}
    return history | {frame.select(pl.col(pl.String).first()).row(0)[0] for frame in found.values()}


@contextmanager
def stopped_at(folder: Path, statement: int) -> Iterator[Stopping]:
    """A warehouse whose process ends at a statement."""
    connection = duckdb.connect(str(folder / "warehouse.duckdb"))
    try:
        yield Stopping(connection, statement)
    finally:
        connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A warehouse with a plan and its drafts."""
    with open_warehouse(tmp_path) as connection:
        write(connection, "before")
    return tmp_path


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.soak)])
def test_wherever_a_plan_stops_its_tables_are_of_one_plan(folder: Path, step: int) -> None:
    """Stopped at each seventh of its statements, and by `make soak` at every one."""
    statement, is_over, seen = 0, False, set()
    while not is_over:
        statement += step
        with stopped_at(folder, statement) as connection:
            try:
                write(connection, "after")
                is_over = True
            except StoppedError:
                pass
        (name,) = names(folder)
        seen.add(name)
        assert (name == "after") is is_over, statement
    assert statement > 50
    assert seen == {"before", "after"}


def test_a_forecast_by_other_models_is_not_planned_with(folder: Path) -> None:
    """Models that wait without a forecast by them change nothing, and what an interrupted run forecast goes."""
    with open_warehouse(folder) as connection:
        set_aside(connection, frames("first", CHOICE), step=CHOICE)
        set_aside(connection, frames("first", FORECAST), step=FORECAST)
        set_aside(connection, frames("second", CHOICE), step=CHOICE)
        assert name_in(connection, to_forecast_with(connection, tables.MODEL_CHOICE)) == "second"
        for table in (*FORECAST, tables.MODEL_CHOICE):
            assert name_in(connection, to_plan_with(connection, table)) == "before"
        keep_plan(connection, frames("third", (*REPLACED, *ADDED)))
        assert read_table(connection, tables.MODEL_CHOICE)["model"].to_list() == ["before"]


def test_a_skipped_forecast_is_planned_with_beside_the_parameters_that_were_made_again(folder: Path) -> None:
    with open_warehouse(folder) as connection:
        set_aside(connection, frames("after", PARAMETERS), step=PARAMETERS)
        assert name_in(connection, to_plan_with(connection, tables.PLAN_SETTINGS)) == "before"
        set_aside_unchanged(connection, step=CHOICE)
        assert name_in(connection, to_plan_with(connection, tables.PLAN_SETTINGS)) == "before"
        set_aside_unchanged(connection, step=FORECAST)
        found = {table: name_in(connection, to_plan_with(connection, table)) for table in (*PARAMETERS, *FORECAST)}
        assert found == dict.fromkeys(PARAMETERS, "after") | dict.fromkeys(FORECAST, "before")
        keep_waiting(connection)
        assert name_in(connection, tables.PLAN_SETTINGS) == "after"
        set_aside_unchanged(connection, step=FORECAST)
        assert to_plan_with(connection, tables.DEMAND_FORECAST) is tables.DEMAND_FORECAST


def test_drafts_of_the_plan_before_go_with_it_but_for_those_that_a_person_edited(folder: Path) -> None:
    drafts = pl.concat([of_plan(name, tables.PURCHASE_ORDER_DRAFTS) for name in ("untouched", "edited")])
    drafts = drafts.with_columns(is_edited=pl.col("order_id") == "edited")
    with open_warehouse(folder) as connection:
        connection.register("drafted", drafts.to_arrow())
        connection.execute(f"insert into {tables.PURCHASE_ORDER_DRAFTS.path} by name from drafted")
        keep_plan(connection, frames("after", (*REPLACED, *ADDED)))
        assert read_table(connection, tables.PURCHASE_ORDER_DRAFTS)["order_id"].to_list() == ["edited"]


def test_what_was_made_from_the_plan_before_goes_with_it(folder: Path) -> None:
    """A run that ends after its plan leaves no exception and no other supplier of the former one to be published."""
    made = (*OF_THE_PLAN, tables.EXCEPTION_HISTORY)
    with open_warehouse(folder) as connection:
        with transaction(connection):
            put_tables(connection, frames("before", made))
        with transaction(connection):
            keep_plan(connection, frames("after", (*REPLACED, *ADDED)))
        assert {table.name: read_table(connection, table).height for table in made} == {
            "exceptions": 0, "supplier_alternatives": 0, "exception_history": 1,
        }  # fmt: skip


def test_every_table_that_a_later_stage_makes_from_a_plan_goes_with_it() -> None:
    """What a stage of the folder `plan` makes is of `keep_plan` or emptied by it; histories are of many plans."""
    later = {table for stage in (exceptions.STAGE, suppliers.STAGE) for table in stage.makes}
    of_plan_folder = {table for table in tables.PUBLISHED if table.stage == "plan"}
    assert of_plan_folder - set(plan.TABLES) - {tables.EXCEPTION_HISTORY} == set(OF_THE_PLAN)
    assert later - {tables.EXCEPTION_HISTORY} == set(OF_THE_PLAN)
