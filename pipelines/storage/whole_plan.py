"""Whole plans: a plan's parameters, its forecast and its own tables change in one transaction, or none does.

What belongs here: the schema in which parameters and forecast wait for their plan, and replacing the former plan by all
of them. What does not: making them, and publishing (`snapshots.py`).
Parameters and forecast are made minutes before the plan, and every snapshot must hold a single plan. So they wait in
the schema `unfinished`, which is never published. A run that ends before its plan leaves the former plan as it was; the
next run goes on with the waiting tables if what they were made from is unchanged, else it overwrites them.
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import duckdb
import polars as pl

from pipelines.storage import tables
from pipelines.storage.tables import Table
from pipelines.storage.warehouse import (
    insert_rows,
    put_rows,
    put_table,
    select_declared,
    table_exists,
)

Step = tuple[Table, ...]
PARAMETERS: Final[Step] = (
    tables.PLAN_SETTINGS, tables.LEAD_TIMES, tables.LEAD_TIME_ESTIMATES, tables.SUPPLIER_CALENDARS,
    tables.PROTECTION_INTERVALS, tables.PRODUCT_GROUPS, tables.GROUP_CONFLICTS,
)  # fmt: skip
CHOICE: Final[Step] = (tables.MODEL_CHOICE, tables.MODEL_SCORES, tables.FORECAST_CALIBRATION)
FORECAST: Final[Step] = (
    tables.DEMAND_FORECAST, tables.DEMAND_QUANTILES, tables.DEMAND_HORIZONS, tables.ONE_OFF_ORDERS,
    tables.ANSWERED_ONE_OFFS, tables.PRODUCT_EVENTS, tables.EVENT_RESULTS,
)  # fmt: skip
# Made from a plan by later stages, and of no use beside another one.
OF_THE_PLAN: Final[Step] = (tables.EXCEPTIONS, tables.SUPPLIER_ALTERNATIVES)
_STEPS: Final = (PARAMETERS, CHOICE, FORECAST)
UNFINISHED: Final = "unfinished"


def set_aside(connection: duckdb.DuckDBPyConnection, frames: Mapping[Table, pl.DataFrame], *, step: Step) -> None:
    """Let the tables of a step wait for the plan, in the caller's transaction.

    Waiting tables of later steps are dropped, since older tables had led to them.
    """
    connection.execute(f"create schema if not exists {UNFINISHED}")
    for table in (table for later in _STEPS[_STEPS.index(step) + 1 :] for table in later):
        connection.execute(f"drop table if exists {_aside(table).path}")
    for table in step:
        connection.execute(f"create or replace table {_aside(table).path} as select * from {table.path} limit 0")
        insert_rows(connection, _aside(table).path, frames[table].select(list(table.columns)))


def set_aside_unchanged(connection: duckdb.DuckDBPyConnection, *, step: Step) -> None:
    """Let the stored tables of a skipped step wait beside the earlier steps that wait, in the caller's transaction.

    A plan is made from waiting tables only if those of every step wait.
    """
    earlier = [table for before in _STEPS[: _STEPS.index(step)] for table in before]
    if any(_is_waiting(connection, table) for table in earlier):
        for table in (table for table in step if not _is_waiting(connection, table)):
            connection.execute(f"create table {_aside(table).path} as from {table.path}")


def to_forecast_with(connection: duckdb.DuckDBPyConnection, table: Table) -> Table:
    """Where to read a table to forecast with: the waiting table, else that of the stored plan."""
    return _aside(table) if _is_waiting(connection, table) else table


def to_plan_with(connection: duckdb.DuckDBPyConnection, table: Table) -> Table:
    """Where to read a table to plan with: the waiting table if a whole forecast waits, else that of the stored plan."""
    return _aside(table) if table in _waiting(connection) else table


def keep_plan(connection: duckdb.DuckDBPyConnection, frames: Mapping[Table, pl.DataFrame]) -> None:
    """Replace the stored plan by a new plan and its waiting tables, in the caller's transaction.

    Tables that keep earlier plans (`_KEYS`) lose only the rows with the same key; the others are replaced whole.
    What was made from the former plan after it is emptied, so that no snapshot has it beside the new one: drafts that
    nobody edited, exceptions, other suppliers. Later stages of the run make them again; the exceptions' history stays.
    """
    keep_waiting(connection)
    for table, frame in frames.items():
        if table in _KEYS:
            put_rows(connection, table, frame, key=_KEYS[table])
        else:
            put_table(connection, table, frame)
    connection.execute(f"delete from {tables.PURCHASE_ORDER_DRAFTS.path} where not is_edited")
    for table in OF_THE_PLAN:
        connection.execute(f"delete from {table.path}")


def keep_waiting(connection: duckdb.DuckDBPyConnection) -> None:
    """Replace the stored parameters and forecast by those that wait, in the caller's transaction."""
    for table in _waiting(connection):
        connection.execute(f"delete from {table.path}")
        connection.execute(f"insert into {table.path} by name {select_declared(connection, _aside(table))}")
    connection.execute(f"drop schema if exists {UNFINISHED} cascade")


_KEYS: Final = {tables.PLAN_SUMMARY: "plan_id", tables.PLAN_HISTORY: "plan_id", tables.KPI_DAILY: "as_of_date"}


def _aside(table: Table) -> Table:
    return replace(table, stage=UNFINISHED)


def _is_waiting(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    return table_exists(connection, _aside(table))


def _waiting(connection: duckdb.DuckDBPyConnection) -> Step:
    """The tables that wait for a plan; none until a whole forecast waits."""
    found = connection.execute(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = ?",
        [UNFINISHED],
    ).fetchall()
    names = {name for (name,) in found}
    there = tuple(table for step in _STEPS for table in step if table.name in names)
    return there if set(FORECAST) <= set(there) else ()
