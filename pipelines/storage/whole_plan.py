"""Whole plans: a plan's parameters, its forecast and its own tables change in one transaction, or none does.

What belongs here: the schema in which parameters and forecast wait for their plan, and replacing the former plan by all
of them. What does not: making them, and publishing (`snapshots.py`).
Parameters and forecast are made minutes before the plan, and every snapshot must hold a single plan. So they wait in
the schema `unfinished`, which is never published. A run that ends before its plan leaves the former plan as it was; the
next run overwrites the waiting tables.
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
    read_table,
    select_declared,
    table_exists,
    transaction,
)

Step = tuple[Table, ...]
PARAMETERS: Final[Step] = (
    tables.PLAN_SETTINGS, tables.LEAD_TIMES, tables.LEAD_TIME_ESTIMATES, tables.PROTECTION_INTERVALS,
)  # fmt: skip
CHOICE: Final[Step] = (tables.MODEL_CHOICE, tables.MODEL_SCORES, tables.FORECAST_CALIBRATION)
FORECAST: Final[Step] = (
    tables.DEMAND_FORECAST, tables.DEMAND_QUANTILES, tables.DEMAND_HORIZONS, tables.ONE_OFF_ORDERS,
)  # fmt: skip
_STEPS: Final = (PARAMETERS, CHOICE, FORECAST)
UNFINISHED: Final = "unfinished"


def set_aside(connection: duckdb.DuckDBPyConnection, step: Step, frames: Mapping[Table, pl.DataFrame]) -> None:
    """Let the tables of a step wait for the plan; drop waiting tables of later steps, which older ones had led to."""
    with transaction(connection):
        connection.execute(f"create schema if not exists {UNFINISHED}")
        for table in (table for later in _STEPS[_STEPS.index(step) + 1 :] for table in later):
            connection.execute(f"drop table if exists {_aside(table).path}")
        for table in step:
            connection.execute(f"create or replace table {_aside(table).path} as select * from {table.path} limit 0")
            insert_rows(connection, _aside(table).path, frames[table].select(list(table.columns)))


def read_for_forecast(connection: duckdb.DuckDBPyConnection, table: Table) -> pl.DataFrame:
    """A table of `PARAMETERS` or `CHOICE` to forecast with: the waiting table, else that of the stored plan."""
    return read_table(connection, _aside(table) if table_exists(connection, _aside(table)) else table)


def read_for_plan(connection: duckdb.DuckDBPyConnection, table: Table) -> pl.DataFrame:
    """A table of any step to plan with: the waiting table if a whole forecast waits, else that of the stored plan."""
    return read_table(connection, _aside(table) if table in _waiting(connection) else table)


def keep_plan(
    connection: duckdb.DuckDBPyConnection, replaced: Mapping[Table, pl.DataFrame], added: Mapping[Table, pl.DataFrame]
) -> None:
    """Replace the stored plan by a new plan and its waiting tables: all of it or nothing.

    Tables in `replaced` are replaced whole. Tables in `added` keep earlier plans: only rows with the same key (`_KEYS`)
    are replaced. Drafts of the former plan that nobody edited are deleted.
    """
    with transaction(connection):
        for table in _waiting(connection):
            connection.execute(f"delete from {table.path}")
            connection.execute(f"insert into {table.path} by name {select_declared(connection, _aside(table))}")
        connection.execute(f"drop schema if exists {UNFINISHED} cascade")
        for table, frame in replaced.items():
            put_table(connection, table, frame)
        for table, frame in added.items():
            put_rows(connection, table, frame, key=_KEYS[table])
        connection.execute(f"delete from {tables.PURCHASE_ORDER_DRAFTS.path} where not is_edited")


_KEYS: Final = {tables.PLAN_SUMMARY: "plan_id", tables.PLAN_HISTORY: "plan_id", tables.KPI_DAILY: "as_of_date"}


def _aside(table: Table) -> Table:
    return replace(table, stage=UNFINISHED)


def _waiting(connection: duckdb.DuckDBPyConnection) -> Step:
    """The tables that wait for a plan; none until a whole forecast waits."""
    there = tuple(table for step in _STEPS for table in step if table_exists(connection, _aside(table)))
    return there if set(FORECAST) <= set(there) else ()
